"""Fit multinomial logistic regression, and the temperature that makes it honest."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.recipes import temperature
from activeloop.learn.recipes.temperature import Calibration
from activeloop.learn.types import Features, Ints

FOLDS: Final = 3
MOST_FOLDED: Final = 4000
"""Beyond so many rows one held-out third is enough to find one number."""
TOLERANCE: Final = 1e-3
ITERATIONS: Final = 300


@dataclass(frozen=True, eq=False)
class Fitted:
    """Coefficients (r, c) and offsets (c,) for c classes; c is 2 or more."""

    coef: NDArray[Any]
    offsets: NDArray[Any]
    converged: bool


def fit_softmax(
    Z: Features,
    y: Ints,
    *,
    strength: float,
    weights: NDArray[Any] | None = None,
    start: Fitted | None = None,
    balanced: bool = False,
) -> Fitted:
    """Minimise the penalised log loss.

    Args:
        Z: (n, r) rows.
        y: (n,) classes; each of 0..c-1 occurs.
        strength: inverse of the penalty (scikit-learn's C).
        weights: (n,) weights of the rows, or None for 1 each.
        start: where to begin; the optimum is the same.
        balanced: whether all classes weigh the same, however many rows they have. The offsets are
            then set back by what that adds, so that probabilities keep to the shares there are.

    Source:
        King & Zeng (2001), "Logistic regression in rare events data", for setting back.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    worth = len(y) / (np.bincount(y).size * np.bincount(y)) if balanced else None
    if worth is not None:
        weights = worth[y] * (1.0 if weights is None else weights)
    model = LogisticRegression(
        C=strength, tol=TOLERANCE, max_iter=ITERATIONS, warm_start=start is not None
    )
    if start is not None:
        two = start.coef.shape[1] == 2
        model.coef_ = np.ascontiguousarray(start.coef.T[1:] if two else start.coef.T)
        model.intercept_ = start.offsets[1:] if two else start.offsets
    with warnings.catch_warnings():
        # Said in the record as `converged`, instead of on a console nobody reads.
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Early in a project nearly every label is of another class; that is no regression.
        warnings.filterwarnings(
            "ignore", message="The number of unique classes", category=UserWarning
        )
        model.fit(Z, y, sample_weight=weights)
    coef, offsets = model.coef_.T, model.intercept_
    if coef.shape[1] == 1:
        coef = np.hstack([np.zeros_like(coef), coef])
        offsets = np.concatenate([np.zeros_like(offsets), offsets])
    if worth is not None:
        offsets = offsets - np.log(worth)
    return Fitted(coef, offsets, bool(model.n_iter_.max() < ITERATIONS))


def calibrate(
    Z: Features, y: Ints, *, strength: float, rng: np.random.Generator, balanced: bool = False
) -> Calibration:
    """Find the temperature on the scores of rows that the model did not see."""
    folds = _folds(y, rng)
    scores, truth = [], []
    for fold in range(FOLDS if len(y) <= MOST_FOLDED else 1):
        held = _held_out(Z, y, folds == fold, strength, balanced=balanced)
        if held is not None:
            scores.append(held[0])
            truth.append(held[1])
    rows = sum(map(len, truth))
    held_out = np.vstack(scores) if rows else np.empty((0, 1))
    return temperature.found(held_out, np.concatenate([*truth, []]).astype(np.int64), rows=rows)


def _folds(y: Ints, rng: np.random.Generator) -> Ints:
    """Deal each class's rows round to the folds, going on where the last class stopped."""
    order = rng.permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    folds = np.empty(len(y), np.int64)
    folds[order] = np.arange(len(y)) % FOLDS
    return folds


def _held_out(
    Z: Features, y: Ints, held: NDArray[np.bool_], strength: float, *, balanced: bool
) -> tuple[NDArray[np.float64], Ints] | None:
    """Give scores (minus infinity for a class the fold lacks) of held-out rows it could know."""
    known, dense = np.unique(y[~held], return_inverse=True)
    test = np.flatnonzero(held & np.isin(y, known))
    if len(known) < 2 or not len(test):
        return None
    fitted = fit_softmax(Z[~held], dense, strength=strength, balanced=balanced)
    scores = np.full((len(test), int(y.max()) + 1), -np.inf)
    scores[:, known] = np.asarray(Z[test] @ fitted.coef, np.float64) + fitted.offsets
    return scores, y[test]
