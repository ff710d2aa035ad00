"""Read a View, refusing in a sentence when the part that is asked for is missing."""

from __future__ import annotations

from activeloop.errors import Needs
from activeloop.learn.types import Floats, View


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
