"""Fit a logistic regression for each class, all at once, and find their temperature."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.recipes import temperature
from activeloop.learn.recipes.contract import varied
from activeloop.learn.recipes.softmax import FOLDS, ITERATIONS, MOST_FOLDED, TOLERANCE, Fitted
from activeloop.learn.recipes.temperature import Calibration
from activeloop.learn.types import Bools, Features

MOST_TOGETHER: Final = 1 << 19
"""Weights that are found in one go; the optimiser remembers twenty times as many numbers."""

Scores = NDArray[np.float64]


def base_rates(marks: Bools) -> NDArray[np.float32]:
    """Give (C,) the share of the rows that are of each class, kept off 0 and 1 by half a row.

    Example:
        >>> base_rates(np.array([[True, False], [True, False], [True, True]])).round(3).tolist()
        [0.875, 0.375]
    """
    return np.asarray((marks.sum(axis=0) + 0.5) / (len(marks) + 1), np.float32)


def fit_logistic(
    Z: Features,
    marks: Bools,
    *,
    strength: float,
    weights: NDArray[Any] | None = None,
    start: Fitted | None = None,
) -> Fitted:
    """Minimise each class's penalised log loss.

    The classes share no weight, so they may be optimised together: one matrix product serves all
    of them, where one after the other would read the rows anew for each.

    Args:
        Z: (n, r) rows.
        marks: (n, c); each class has rows of it and others.
        strength: inverse of the penalty (scikit-learn's C).
        weights: (n,) weights of the rows, or None for 1 each.
        start: where to begin; the optimum is the same.
    """
    width, count = int(Z.shape[1]), marks.shape[1]
    step = max(1, MOST_TOGETHER // (width + 1))
    parts = [
        _fitted(Z, marks[:, at : at + step], strength, weights, _cut(start, at, step))
        for at in range(0, count, step)
    ]
    return Fitted(
        np.hstack([part.coef for part in parts]),
        np.concatenate([part.offsets for part in parts]),
        all(part.converged for part in parts),
    )


def _cut(start: Fitted | None, at: int, step: int) -> Fitted | None:
    if start is None:
        return None
    return Fitted(start.coef[:, at : at + step], start.offsets[at : at + step], start.converged)


def _fitted(
    Z: Features,
    marks: Bools,
    strength: float,
    weights: NDArray[Any] | None,
    start: Fitted | None,
) -> Fitted:
    from scipy.optimize import minimize
    from scipy.special import expit

    (rows, width), count = Z.shape, marks.shape[1]
    shares = np.full(rows, 1.0) if weights is None else np.asarray(weights, np.float64)
    shares = (shares / shares.sum())[:, None]
    # the mean loss, as scikit-learn minimises it: the tolerance then means the same for any n
    penalty = 1 / (strength * (rows if weights is None else float(np.sum(weights))))

    def loss(flat: Scores) -> tuple[float, Scores]:
        table = flat.reshape(width + 1, count)
        coef, offsets = table[:width], table[width]
        scores = np.asarray(Z @ coef.astype(np.float32), np.float64) + offsets
        residuals = shares * (expit(scores) - marks)
        slope = np.empty_like(table)
        slope[:width] = np.asarray(Z.T @ residuals.astype(np.float32), np.float64) + penalty * coef
        slope[width] = residuals.sum(axis=0)
        value = (shares * (np.logaddexp(0, scores) - marks * scores)).sum()
        return float(value + penalty / 2 * (coef**2).sum()), slope.ravel()

    begin = np.zeros((width + 1, count))
    if start is not None:
        begin[:width], begin[width] = start.coef, start.offsets
    found = minimize(
        loss,
        begin.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "gtol": TOLERANCE, "ftol": 64 * np.finfo(float).eps},
    )
    table = found.x.reshape(width + 1, count)
    return Fitted(table[:width], table[width], bool(found.nit < ITERATIONS))


def calibrate(
    Z: Features, marks: Bools, *, strength: float, rng: np.random.Generator
) -> Calibration:
    """Find the temperature, one for all classes, on the scores of rows that were held out.

    One for each class would be found on a handful of rows where classes are rare.
    """
    folds = np.empty(len(marks), np.int64)
    folds[rng.permutation(len(marks))] = np.arange(len(marks)) % FOLDS
    scores, truth, rows = [], [], 0
    for fold in range(FOLDS if len(marks) <= MOST_FOLDED else 1):
        held = folds == fold
        known = varied(marks[~held])
        if not len(known) or not held.any():
            continue
        fitted = fit_logistic(Z[~held], marks[~held][:, known], strength=strength)
        told = np.asarray(Z[held] @ fitted.coef.astype(np.float32), np.float64) + fitted.offsets
        scores.append(told.ravel())
        truth.append(marks[held][:, known].ravel())
        rows += int(held.sum())
    held_out = np.concatenate([*scores, []])
    return temperature.found(held_out, np.concatenate([*truth, []]).astype(np.bool_), rows=rows)
