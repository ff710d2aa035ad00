"""Expected error reduction: how sure the model would be of others, were a candidate labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.learn.types import Floats, Ints

LIKELIEST = 5
_CELLS = 1 << 20
_LEAST = 1e-6


@dataclass(frozen=True)
class Known:
    """Rows with what a model says of them.

    Attributes:
        rows: (n, e) few dense dimensions, comparable columns (`projection.embed`).
        proba: (n, C) probabilities.
    """

    rows: Floats
    proba: Floats


def expected_reduction(candidates: Known, labelled: Known, targets: Known) -> Floats:
    """Give by how much a candidate's label would lower the mean entropy over the targets.

    mean_t H(p_t) - sum_c p_c(x) mean_t H(p_t after learning (x, c)). The model is not fitted
    again: learning one label is one Newton step of ridge logistic regression. With f = [x, 1], the
    curvature w = (1 - |p|^2) / C and P = (I + sum over the labelled of w f f')^-1, it moves the
    scores of a target by (f_t' P f) / (1 + w f' P f) (e_c - p). Only probabilities and features
    enter, so it is an estimate for models of any kind, best for linear ones.

    Of each candidate the five likeliest classes are tried.

    Cost: n t min(C, 5) C exponentials, and one inverse of size e + 1; refitting would be n C fits.

    Args:
        candidates: n of them.
        labelled: what the model was trained on.
        targets: t of the samples that it should be sure of.

    Returns:
        (n,) at most log C; below 0 where a label is expected to shake the model.

    Source:
        Roy & McCallum (2001), Toward optimal active learning through sampling estimation of
        error reduction.

    Example:
        >>> import numpy as np
        >>> def at(*places):
        ...     rows = np.array(places)[:, None]
        ...     return Known(rows, np.hstack([1 / (1 + np.exp(-rows)), 1 / (1 + np.exp(rows))]))
        >>> # two targets by the one, none by the other
        >>> found = expected_reduction(at(.5, -3.), at(0., .1), at(.5, .6))
        >>> bool(found[0] > found[1])
        True
    """
    reach, steps = _moves(candidates, labelled, targets)
    logs = np.log(np.maximum(targets.proba, _LEAST))
    now = _entropies_of(logs[None])[0].mean()
    tried, shares = _likeliest(candidates.proba)
    found, n = np.full(len(reach), now), len(reach)
    together = max(1, _CELLS // logs.size)
    for first in range(0, n, together):
        part = slice(first, first + together)
        moves = reach[part] * steps[part, None]
        for j in range(tried.shape[1]):
            towards = -candidates.proba[part]
            towards[np.arange(len(towards)), tried[part, j]] += 1
            after = logs + moves[:, :, None] * towards[:, None, :]
            found[part] -= shares[part, j] * _entropies_of(after).mean(axis=1)
    return found


def _moves(candidates: Known, labelled: Known, targets: Known) -> tuple[Floats, Floats]:
    """Give (n, t) f_t' P f and (n,) 1 / (1 + w f' P f)."""
    own, known, aim = (_with_one(each.rows) for each in (candidates, labelled, targets))
    weighted = known * _curvature(labelled.proba)[:, None]
    carried = np.linalg.solve(np.eye(own.shape[1]) + weighted.T @ known, own.T)
    reach = carried.T @ aim.T
    alone = np.einsum("ij,ji->i", own, carried)
    dtype = candidates.proba.dtype
    steps = 1 / (1 + _curvature(candidates.proba) * alone)
    return reach.astype(dtype), steps.astype(dtype)


def _with_one(rows: Floats) -> Floats:
    return np.hstack([rows, np.ones((len(rows), 1))]).astype(np.float64)


def _curvature(proba: Floats) -> Floats:
    found: Floats = (1 - (proba * proba).sum(axis=1)) / proba.shape[1]
    return np.maximum(found, _LEAST)


def _likeliest(proba: Floats) -> tuple[Ints, Floats]:
    """Give the (n, at most 5) likeliest classes and their shares among themselves."""
    tried = np.argsort(-proba, axis=1, kind="stable")[:, :LIKELIEST]
    shares = np.take_along_axis(proba, tried, axis=1)
    return tried, shares / shares.sum(axis=1, keepdims=True)


def _entropies_of(scores: Floats) -> Floats:
    """Give H(softmax(z)) over the last axis: log sum e^z - sum z e^z / sum e^z."""
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores)
    total = weights.sum(axis=-1)
    scores *= weights
    found: Floats = np.log(total) - scores.sum(axis=-1) / total
    return found
