"""Strategies whose batch is picked from the whole pool, each pick seeing those before it.

The scores here order what follows the batch; the batch is made by `activeloop.learn.picking`.
"""

from __future__ import annotations

import numpy as np

from activeloop.errors import Needs
from activeloop.learn.picking import badge as by_gradients
from activeloop.learn.picking import core_set as by_distance
from activeloop.learn.picking import ranked_batch as by_rank
from activeloop.learn.picking.distances import Centres, origin, squares
from activeloop.learn.pool import Pool
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import probabilities
from activeloop.learn.strategies.uncertainty import least_confidence
from activeloop.learn.types import Features, Floats, Model, Picks, Targets, View

_Labelled = tuple[Features, Targets]


def _trained(model: Model | None) -> Model:
    if model is None:
        raise Needs("This strategy needs a trained model, and there is none yet.")
    return model


def _pick_core_set(
    pool: Pool,
    /,
    *,
    model: Model | None,
    labelled: _Labelled | None,
    batch_size: int,
    params: Params,
    rng: np.random.Generator,
) -> Picks:
    known = labelled[0] if labelled is not None else None
    return by_distance.core_set(pool, labelled=known, batch_size=batch_size, rng=rng)


@strategy(
    "core-set", needs=(), picks="whole", choose_whole=_pick_core_set, answers=("one", "several")
)
def core_set(view: View, *, params: Params) -> Floats:
    """Score by the distance to the nearest labelled sample: min_l |x - l|.

    A batch is picked by greedy k-centre, each pick a centre for the next
    (`activeloop.learn.picking.core_set`). Takes outliers first, by its nature.

    Returns:
        (n,) at least 0; all 1 while nothing is labelled.

    Source:
        Sener & Savarese (2018), Active learning for convolutional neural networks: a core-set
        approach.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> X = np.array([[3., 4.], [0., 1.]], np.float32)
        >>> view = View(X, None, None, np.zeros((1, 2), np.float32), np.array([0]),
        ...             np.random.default_rng(0))
        >>> core_set(view, params={}).round(2).tolist()
        [5.0, 1.0]
    """
    if view.labelled_X is None or view.labelled_X.shape[0] == 0:
        return np.ones(view.X.shape[0], np.float32)
    centres = Centres.of(view.labelled_X, origin(view.labelled_X))
    score: Floats = np.sqrt(centres.bounds(view.X))
    return score


def _pick_ranked_batch(
    pool: Pool,
    /,
    *,
    model: Model | None,
    labelled: _Labelled | None,
    batch_size: int,
    params: Params,
    rng: np.random.Generator,
) -> Picks:
    if labelled is None:
        raise Needs("Ranked batch needs labelled samples, and there are none yet.")
    return by_rank.ranked_batch(
        pool, model=_trained(model), labelled=labelled[0], batch_size=batch_size, rng=rng
    )


@strategy(
    "ranked-batch", needs=("model", "labelled"), picks="whole", choose_whole=_pick_ranked_batch
)
def ranked_batch(view: View, *, params: Params) -> Floats:
    """Score by the chance that the likeliest class is wrong: 1 - p1.

    A batch is picked by a (1 - similarity) + (1 - a) (1 - p1), which takes the whole pool's counts
    (`activeloop.learn.picking.ranked_batch`); the picks are those of modAL.

    Returns:
        (n,) in [0, 1 - 1/C].

    Source:
        Cardoso et al. (2017), Ranked batch-mode active learning.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((1, 1), np.float32), np.array([[.75, .25]]), None, None, None,
        ...             np.random.default_rng(0))
        >>> ranked_batch(view, params={}).tolist()
        [0.25]
    """
    return least_confidence(view, params=params)


def _pick_badge(
    pool: Pool,
    /,
    *,
    model: Model | None,
    labelled: _Labelled | None,
    batch_size: int,
    params: Params,
    rng: np.random.Generator,
) -> Picks:
    standardise = bool(params["standardise"])
    return by_gradients.badge(
        pool, model=_trained(model), batch_size=batch_size, rng=rng, standardise=standardise
    )


@strategy("badge", picks="whole", params={"standardise": 1.0}, choose_whole=_pick_badge)
def badge(view: View, *, params: Params) -> Floats:
    """Score by the squared length of the gradient (p - e_yhat) (x) [x, 1].

    That is |p - e_yhat|^2 (|x|^2 + 1), how much the last layer would move were the likeliest class
    true. A batch is drawn by k-means++ on these gradients (`activeloop.learn.picking.badge`).

    Returns:
        (n,) at least 0.

    Source:
        Ash et al. (2020), Deep batch active learning by diverse, uncertain gradient lower bounds.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.array([[1.]], np.float32), np.array([[.75, .25]]), None, None, None,
        ...             np.random.default_rng(0))
        >>> badge(view, params={}).tolist()
        [0.25]
    """
    proba = probabilities(view)
    # |p - e|^2 = |p|^2 - 2 p1 + 1
    residual = (proba * proba).sum(axis=1) - 2 * proba.max(axis=1) + 1
    score: Floats = np.maximum(residual, 0) * (squares(view.X) + 1)
    return score
