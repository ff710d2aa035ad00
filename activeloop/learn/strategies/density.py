"""Doubt weighted by how many samples are like the candidate."""

from __future__ import annotations

import numpy as np

from activeloop.learn.picking.distances import products, squares
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import targets
from activeloop.learn.strategies.uncertainty import entropy
from activeloop.learn.types import Features, Floats, View

_CELLS = 1 << 20


@strategy("information-density", needs=("model", "targets"), params={"beta": 1.0})
def information_density(view: View, *, params: Params) -> Floats:
    """Score by the entropy times the density to the power of beta: H(p) * density ** beta.

    The density is the mean cosine similarity to a uniform sample of the pool, at least 0. A sum of
    cosines is one inner product with the sum of the samples brought to length 1, so it costs no
    more than one more class.

    Returns:
        (n,) in [0, log C].

    Source:
        Settles & Craven (2008), An analysis of active learning strategies for sequence labeling
        tasks.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> X, even = np.eye(2, dtype=np.float32), np.full((2, 2), .5)
        >>> view = View(X, even, None, None, None, np.random.default_rng(0), targets=X[:1],
        ...             target_proba=even[:1])
        >>> information_density(view, params={"beta": 1.0}).round(4).tolist()
        [0.6931, 0.0]
    """
    density = np.maximum(cosine_density(view.X, targets(view)), 0)
    score: Floats = entropy(view, params=params) * density ** params["beta"]
    return score


def cosine_density(X: Features, others: Features) -> Floats:
    """Give mean_t cos(x, t) over some other rows; a row of zeros is like nothing.

    Returns:
        (n,) in [-1, 1].

    Example:
        >>> import numpy as np
        >>> cosine_density(np.eye(2), np.array([[3., 0.], [0., 1.]])).tolist()
        [0.5, 0.5]
    """
    mean = _unit_lengths(others) @ others / others.shape[0]
    density: Floats = _unit_lengths(X) * (X @ mean)
    return density


def _unit_lengths(X: Features) -> Floats:
    length = np.sqrt(squares(X))
    scale: Floats = 1 / np.where(length > 0, length, np.inf)
    return scale


def euclidean_density(X: Features, others: Features) -> Floats:
    """Give mean_t 1 / (1 + |x - t|) over some other rows: modAL's `information_density`.

    modAL compares all rows with each other; here a few rows at a time meet the others.

    Returns:
        (n,) in (0, 1].

    Example:
        >>> import numpy as np
        >>> euclidean_density(np.array([[0.], [1.]]), np.array([[0.], [1.]])).tolist()
        [0.75, 0.75]
    """
    n, t = X.shape[0], others.shape[0]
    own, theirs = squares(X), squares(others)
    density = np.empty(n, own.dtype)
    rows = max(1, _CELLS // t)
    for first in range(0, n, rows):
        part = slice(first, first + rows)
        squared = own[part] + theirs[:, None] - 2 * products(X[part], others)
        density[part] = (1 / (1 + np.sqrt(np.maximum(squared, 0)))).mean(axis=0)
    return density
