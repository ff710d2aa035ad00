"""Read a View, refusing in a sentence when the part that is asked for is missing."""

from __future__ import annotations

import numpy as np

from activeloop.errors import Needs
from activeloop.learn.types import Bools, Features, Floats, Ints, Targets, View


def probabilities(view: View) -> Floats:
    """Give the (n, C) probabilities.

    Raises:
        Needs: before a model exists.
    """
    if view.proba is None:
        raise Needs("This strategy needs a trained model, and there is none yet.")
    return view.proba


def members(view: View) -> Floats:
    """Give the (k, n, C) probabilities of the committee.

    Raises:
        Needs: without a committee.
    """
    if view.committee is None:
        raise Needs(
            "This strategy needs a committee, and the model has none; "
            "use a model recipe that trains one."
        )
    return view.committee


def targets(view: View) -> Features:
    """Give the (t, d) features of the uniform sample of the pool.

    Raises:
        Needs: when the view holds none.
    """
    if view.targets is None:
        raise Needs("This strategy needs a sample of the pool, and the view holds none.")
    return view.targets


def target_probabilities(view: View) -> Floats:
    """Give the (t, C) probabilities of that sample.

    Raises:
        Needs: when the view holds none.
    """
    if view.target_proba is None:
        raise Needs("This strategy needs a model's view of a sample of the pool; there is none.")
    return view.target_proba


def target_members(view: View) -> Floats:
    """Give the (k, t, C) probabilities of the committee there.

    Raises:
        Needs: when the view holds none.
    """
    if view.target_committee is None:
        raise Needs(
            "This strategy needs a committee's view of a sample of the pool; there is none."
        )
    return view.target_committee


def labels(view: View) -> tuple[Features, Ints]:
    """Give the (m, d) features and (m,) class indices of what is labelled, m at least 1.

    Raises:
        Needs: before anything is labelled.
    """
    X, y = _labelled(view)
    return X, np.asarray(y, np.int64)


def marks(view: View) -> tuple[Features, Bools]:
    """Give the (m, d) features and (m, C) marks of what is labelled, m at least 1.

    Raises:
        Needs: before anything is labelled.
    """
    X, y = _labelled(view)
    return X, np.asarray(y, np.bool_)


def _labelled(view: View) -> tuple[Features, Targets]:
    if view.labelled_X is None or view.labelled_y is None or len(view.labelled_y) == 0:
        raise Needs("This strategy needs labelled samples, and there are none yet.")
    return view.labelled_X, view.labelled_y
