"""Ask for the label that is expected to leave the model surest of everything else."""

from __future__ import annotations

import numpy as np

from activeloop.errors import Needs
from activeloop.learn.diversity import Spread
from activeloop.learn.picking.expected_error import Known, expected_reduction
from activeloop.learn.pool import stacked
from activeloop.learn.projection import embed
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import labels, probabilities, target_probabilities, targets
from activeloop.learn.strategies.uncertainty import entropy
from activeloop.learn.types import Floats, Model, View


def _most_reducing(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    if model is None:
        raise Needs("This strategy needs a trained model, and there is none yet.")
    known, aim = labels(view)[0], targets(view)
    rows = embed(stacked([view.X, known, aim]), seed=int(view.rng.integers(2**31)))
    n, m = view.X.shape[0], known.shape[0]
    found = expected_reduction(
        Known(rows[:n], probabilities(view)),
        Known(rows[n : n + m], np.asarray(model.predict_proba(known))),
        Known(rows[n + m :], target_probabilities(view)),
    )
    best = np.argsort(-found, kind="stable")[:batch_size]
    return Spread(best, np.ones(len(best)), found)


@strategy(
    "expected-error",
    needs=("model", "labelled", "targets"),
    picks="shortlist",
    choose=_most_reducing,
)
def expected_error(view: View, *, params: Params) -> Floats:
    """Score by the entropy; of the best, take those whose label would leave the least of it.

    The batch takes the candidates with the largest expected reduction of the mean entropy over a
    uniform sample of the pool (`activeloop.learn.picking.expected_error`).

    Returns:
        (n,) in [0, log C], as `entropy`.

    Source:
        Roy & McCallum (2001), Toward optimal active learning through sampling estimation of
        error reduction.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((2, 1), np.float32), np.array([[.5, .5], [1., 0.]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> expected_error(view, params={}).round(4).tolist()
        [0.6931, 0.0]
    """
    return entropy(view, params=params)
