"""Contrastive: alike in features, unlike in what is predicted."""

from __future__ import annotations

import numpy as np

from activeloop.errors import Needs
from activeloop.learn.diversity import Spread
from activeloop.learn.picking.distances import squares
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import labels, probabilities
from activeloop.learn.types import Features, Floats, Ints, Model, View

_LEAST = 1e-7
_CELLS = 1 << 20


def contrast(proba: Floats, neighbours: Floats, near: Ints) -> Floats:
    """Give the mean Kullback-Leibler divergence of the neighbours' probabilities from one's own.

    mean_j sum_c q_jc log(q_jc / p_c) over the neighbours j, probabilities below 1e-7 raised to it.

    Args:
        proba: (n, C) p.
        neighbours: (m, C) q of all that could be neighbours.
        near: (n, k) which of them are.

    Returns:
        (n,) at least 0 but for rounding.

    Source:
        Margatina et al. (2021), Active learning by acquiring contrastive examples.

    Example:
        >>> import numpy as np
        >>> p, q = np.array([[.5, .5]]), np.array([[1., 0.], [.5, .5]])
        >>> contrast(p, q, np.array([[0]])).round(3).tolist()
        [0.693]
    """
    p, q = _raised(proba), _raised(neighbours)
    certainty = (q * np.log(q)).sum(axis=1)
    # the logarithm's two halves apart: neighbours enter by the mean of their probabilities
    found: Floats = certainty[near].mean(axis=1) - (q[near].mean(axis=1) * np.log(p)).sum(axis=1)
    return found


def _raised(proba: Floats) -> Floats:
    raised = np.maximum(proba, _LEAST)
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def nearest(X: Features, others: Features, count: int) -> Ints:
    """Give (n, count) which other rows are nearest to each row, in no order.

    Example:
        >>> import numpy as np
        >>> nearest(np.array([[0.], [9.]]), np.array([[1.], [5.], [8.]]), 1).tolist()
        [[0], [2]]
    """
    n, m = X.shape[0], others.shape[0]
    if count >= m:
        return np.broadcast_to(np.arange(m), (n, m))
    found, theirs = np.empty((n, count), np.int64), squares(others)
    rows = max(1, _CELLS // m)
    for first in range(0, n, rows):
        inner = X[first : first + rows] @ others.T
        inner = inner if isinstance(inner, np.ndarray) else inner.toarray()
        apart = theirs - 2 * inner  # less |x|^2, which is the same for all
        found[first : first + rows] = np.argpartition(apart, count - 1, axis=1)[:, :count]
    return found


def _most_contrasting(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    if model is None:
        raise Needs("This strategy needs a trained model, and there is none yet.")
    known, _ = labels(view)
    near = nearest(view.X, known, max(1, int(params["neighbours"])))
    found = contrast(probabilities(view), np.asarray(model.predict_proba(known)), near)
    rows = np.argsort(-found, kind="stable")[:batch_size]
    return Spread(rows, np.ones(len(rows)), found)


@strategy(
    "cal",
    needs=("model", "labelled"),
    picks="shortlist",
    params={"neighbours": 10},
    choose=_most_contrasting,
)
def cal(view: View, *, params: Params) -> Floats:
    """Score by how little is given to the labels of the nearest labelled samples: -mean log p_y.

    That is the divergence from neighbours taken at their labels. Of the best, the batch takes
    those that diverge most from what the model predicts for their neighbours (`contrast`).

    Returns:
        (n,) in [0, -log 1e-7].

    Source:
        Margatina et al. (2021), Active learning by acquiring contrastive examples (CAL).

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> X, proba = np.array([[0.], [9.]], np.float32), np.array([[.5, .5], [0., 1.]])
        >>> view = View(X, proba, None, X, np.array([0, 1]), np.random.default_rng(0))
        >>> cal(view, params={"neighbours": 1}).round(4).tolist()
        [0.6931, 0.0]
    """
    proba, (known, y) = probabilities(view), labels(view)
    near = nearest(view.X, known, max(1, int(params["neighbours"])))
    shares = np.zeros_like(proba)
    for j in range(near.shape[1]):
        shares[np.arange(len(near)), y[near[:, j]]] += 1 / near.shape[1]
    score: Floats = 0 - (shares * np.log(np.maximum(proba, _LEAST))).sum(axis=1)
    return score
