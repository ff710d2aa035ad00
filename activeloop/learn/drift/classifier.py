"""The classifier two-sample test: can a model tell the window from the reference?"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from activeloop.learn.drift.features import QUANTILE, SHUFFLES, Feature
from activeloop.learn.types import Features, Floats

FOLDS = 5
FLOOR = 0.6
"""The area under the curve above which the two can be told apart to a degree that matters."""
MOST = 1000
"""Rows taken of the reference: more would not sharpen a window of hundreds."""


def two_sample(
    reference: Features, current: Features, *, rng: np.random.Generator
) -> Feature | None:
    """Compare by the out-of-fold area under the curve of a logistic regression.

    The scores are held out, so that under no difference every order of them is alike: p and floor
    are those of shuffled sides. None when a side has fewer rows than there are folds.

    Source:
        Lopez-Paz & Oquab (2017).
    """
    n, m = reference.shape[0], current.shape[0]
    if min(n, m) < FOLDS:
        return None
    if n > MOST:
        reference = reference[np.sort(rng.choice(n, MOST, replace=False))]
    X = _stacked(reference, current)
    side = np.repeat([0, 1], [reference.shape[0], m])
    ranks = stats.rankdata(_held_out(X, side, seed=int(rng.integers(2**31))))
    found = _area(ranks, side)
    chance = np.array([_area(ranks, rng.permutation(side)) for _ in range(SHUFFLES)])
    return Feature(
        "all features together",
        "classifier",
        "classifier two-sample",
        "AUC",
        found,
        max(FLOOR, float(np.quantile(chance, QUANTILE))),
        float((1 + np.sum(chance >= found)) / (1 + SHUFFLES)),
    )


def _held_out(X: Any, side: Any, *, seed: int) -> Floats:
    """Score each row by a model that did not see it; each fold's scores as ranks in [0, 1]."""
    scores = np.empty(len(side))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, side):
        model = LogisticRegression(C=1.0, max_iter=300, class_weight="balanced")
        model.fit(X[train], side[train])
        scores[test] = stats.rankdata(model.decision_function(X[test])) / len(test)
    return scores


def _area(ranks: Floats, side: Any) -> float:
    m = int(side.sum())
    n = len(side) - m
    return float((ranks[side == 1].sum() - m * (m + 1) / 2) / (n * m))


def _stacked(reference: Features, current: Features) -> Any:
    if isinstance(reference, np.ndarray) and isinstance(current, np.ndarray):
        both = np.vstack([reference, current]).astype(np.float64)
        spread = both.std(axis=0)
        return (both - both.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return vstack([csr_matrix(reference), csr_matrix(current)]).tocsr()
