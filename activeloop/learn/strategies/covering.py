"""Cover the pool before a model exists, by a kernel instead of clusters."""

from __future__ import annotations

import numpy as np

from activeloop.errors import Invalid
from activeloop.learn.diversity import Spread
from activeloop.learn.picking.herding import coverage, herd
from activeloop.learn.pool import stacked
from activeloop.learn.projection import embed
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.types import Features, Float32s, Floats, Model, View


def _directions(X: Features, *, seed: int) -> Float32s:
    rows = embed(X, seed=seed)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1), np.float32)


def _reach(params: Params) -> float:
    sigma = float(params["sigma"])
    if not sigma > 0:
        raise Invalid("Strategy 'max-herding': parameter sigma must be above 0.")
    return sigma


def _herded(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    known = view.X[:0] if view.labelled_X is None else view.labelled_X
    rows = _directions(stacked([view.X, known]), seed=int(view.rng.integers(2**31)))
    n = view.X.shape[0]
    return herd(rows[:n], rows[n:], batch_size=batch_size, sigma=_reach(params))


@strategy(
    "max-herding",
    needs=(),
    picks="cover",
    params={"sigma": 1.0},
    choose=_herded,
    answers=("one", "several"),
)
def max_herding(view: View, *, params: Params) -> Floats:
    """Score by how much of the candidates each would cover alone: mean_i k(x_i, x).

    k(a, b) = exp(-|a - b|^2 / sigma^2) of rows brought to length 1. A score depends on the other
    rows, so it is computed on a sample of the pool as a whole; a batch takes what adds most to the
    labelled and picked samples (`activeloop.learn.picking.herding`).

    Returns:
        (n,) in (0, 1].

    Source:
        Bae, Noh & Sutherland (2024), Generalized coverage for more robust low-budget active
        learning (MaxHerding).

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> X = np.array([[1., 1.], [1., 1.1], [-5., 0.]], np.float32)
        >>> view = View(X, None, None, None, None, np.random.default_rng(0))
        >>> int(max_herding(view, params={"sigma": 1.0}).argmin())
        2
    """
    return coverage(_directions(view.X, seed=0), sigma=_reach(params))
