"""Cover the pool before a model exists: typical samples of clusters nobody has labelled."""

from __future__ import annotations

import numpy as np

from activeloop.learn.diversity import Spread
from activeloop.learn.pool import stacked
from activeloop.learn.projection import embed
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.types import Float32s, Floats, Ints, Model, View

NEIGHBOURS = 20
MAX_CLUSTERS = 500
_SMALL = 5
_MANY = 64
_DISTANCES = 1 << 20


def cover(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    """Order a sample of the pool by `covering_order`."""
    known = view.X[:0] if view.labelled_X is None else view.labelled_X
    rows = embed(stacked([view.X, known]), seed=int(view.rng.integers(2**31)))
    n = view.X.shape[0]
    order, typical = covering_order(
        rows[:n], rows[n:], batch_size=batch_size, seed=int(view.rng.integers(2**31))
    )
    return Spread(order, np.ones(n), typical)


@strategy("typiclust", needs=(), picks="cover", choose=cover, answers=("one", "several"))
def typiclust(view: View, *, params: Params) -> Floats:
    """Score by how typical a candidate is: 1 / mean distance to its 20 nearest neighbours.

    A score depends on the other rows, so it is computed on a sample of the pool as a whole;
    a batch then takes the most typical of each cluster, clusters without a label first
    (`covering_order`).

    Returns:
        (n,) positive; higher in denser places.

    Source:
        Hacohen, Dekel & Weinshall (2022), Active learning on a budget (TypiClust).

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> X = np.array([[0.], [.1], [.2], [9.]], np.float32)
        >>> view = View(X, None, None, None, None, np.random.default_rng(0))
        >>> int(typiclust(view, params={}).argmin())
        3
    """
    rows = embed(view.X, seed=0)
    return typicality(rows, np.zeros(len(rows), np.int64))


def typicality(rows: Float32s, clusters: Ints) -> Floats:
    """Give 1 / mean distance to the (at most 20) nearest in the same cluster.

    Args:
        rows: (n, d) points.
        clusters: (n,) the cluster of each.

    Returns:
        (n,) positive, bounded; 0 for a point alone in its cluster.
    """
    score = np.zeros(len(rows))
    order = np.argsort(clusters, kind="stable")
    for inside in np.split(order, np.flatnonzero(np.diff(clusters[order])) + 1):
        near = min(NEIGHBOURS, len(inside) - 1)
        if near > 0:
            distance = _nearest_distances(rows[inside], near)
            score[inside] = 1 / (distance.mean(axis=1, dtype=np.float64) + 1e-6)
    return score


def _nearest_distances(rows: Float32s, near: int) -> Floats:
    """Give (n, near) distances to the nearest others, a few rows at a time."""
    squares = np.einsum("ij,ij->i", rows, rows)
    found = np.empty((len(rows), near), np.float32)
    step = max(1, _DISTANCES // len(rows))
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        squared = squares[part, None] + squares - 2 * (rows[part] @ rows.T)
        own = np.arange(len(squared))
        squared[own, first + own] = np.inf
        found[part] = np.partition(squared, near - 1, axis=1)[:, :near]
    # copies: cancellation can leave less than nothing
    return np.sqrt(np.maximum(found, 0))


def covering_order(
    rows: Float32s, labelled: Float32s, *, batch_size: int, seed: int
) -> tuple[Ints, Floats]:
    """Order candidates so that every prefix covers the pool as well as it can.

    Goes round the clusters, most typical first, larger clusters first. A cluster with m labels
    joins in round m, so uncovered ones come first; one of fewer than five samples, likely
    outliers, joins five rounds later.

    Args:
        rows: (n, d) embedded candidates.
        labelled: (m, d) embedded labelled samples, possibly none.
        batch_size: with m, the number of clusters (at most 500).
        seed: of k-means.

    Returns:
        (n,) the rows in order, and (n,) the typicality of each row.
    """
    clusters = _clusters(np.concatenate([rows, labelled]), len(labelled) + batch_size, seed)
    mine, theirs = clusters[: len(rows)], clusters[len(rows) :]
    score = typicality(rows, mine)
    labels = np.bincount(theirs, minlength=clusters.max() + 1)
    size = np.bincount(mine, minlength=clusters.max() + 1)
    late = np.where(size < _SMALL, _SMALL, 0)
    rounds = _rank_within(mine, score) + (labels + late)[mine]
    order = np.lexsort((mine, -size[mine], rounds))
    return order.astype(np.int64), score


def _rank_within(clusters: Ints, score: Floats) -> Ints:
    order = np.lexsort((-score, clusters))
    starts = np.searchsorted(clusters[order], clusters[order])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - starts
    return rank


def _clusters(rows: Float32s, wanted: int, seed: int) -> Ints:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    distinct = len(np.unique(rows.round(4), axis=0))
    k = min(wanted, MAX_CLUSTERS, distinct)
    if k <= 1:
        return np.zeros(len(rows), np.int64)
    # for many clusters, k-means++ takes longer than all that follows and gains nothing
    init = "k-means++" if k <= _MANY else "random"
    model = KMeans(k, init=init, n_init=1, max_iter=20, random_state=seed)
    # threads add up in the order they finish: one of them, or the same seed is not the same order
    with threadpool_limits(1):
        return np.asarray(model.fit_predict(rows), np.int64)
