"""Learning curves: put them on one grid, average them with an interval, sum them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from activeloop.learn.types import Estimate, Floats, Ints

LEAST_FOR_INTERVAL = 2


@dataclass(frozen=True)
class Band:
    """The mean of several curves with its 95 % interval.

    Attributes:
        labels: (n,) labels spent.
        mean: (n,) mean accuracy; NaN before the first version.
        low: (n,) lower end of the interval.
        high: (n,) upper end.
    """

    labels: Ints
    mean: Floats
    low: Floats
    high: Floats


def on_grid(points: Sequence[tuple[int, float]], grid: Ints) -> Floats:
    """Give the accuracy in force at each number of labels: that of the newest version so far.

    Returns:
        (n,) accuracies; NaN before the first version.

    Example:
        >>> on_grid([(20, 0.5), (40, 0.75)], np.array([10, 20, 30, 40])).tolist()
        [nan, 0.5, 0.5, 0.75]
    """
    values = np.full(len(grid), np.nan)
    for labels, accuracy in sorted(points):
        values[grid >= labels] = accuracy
    return values


def band(curves: Sequence[Sequence[tuple[int, float]]], grid: Ints) -> Band:
    """Average repetitions on a grid, with Student's t interval over them."""
    values = np.vstack([on_grid(points, grid) for points in curves])
    mean = values.mean(axis=0)
    if len(curves) < LEAST_FOR_INTERVAL:
        return Band(grid, mean, mean.copy(), mean.copy())
    spread = values.std(axis=0, ddof=1) / np.sqrt(len(curves))
    reach = stats.t.ppf(0.975, len(curves) - 1) * spread
    return Band(grid, mean, mean - reach, mean + reach)


def area(points: Sequence[tuple[int, float]], grid: Ints) -> float:
    """Give the area under a curve (AUBC) by trapezoid, divided by its length.

    The curve starts where its first version stands; before it nothing is counted.

    Returns:
        Mean accuracy over the budget, in [0, 1]; NaN without a version.
    """
    values = on_grid(points, grid)
    known = ~np.isnan(values)
    if not known.any():
        return float("nan")
    x, y = grid[known], values[known]
    if len(x) == 1:
        return float(y[0])
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def labels_to(points: Sequence[tuple[int, float]], target: float) -> int | None:
    """Give how many labels it took to reach an accuracy and not fall below at once.

    Returns:
        The labels at the first version that reaches `target`; None when none does.
    """
    return next((labels for labels, accuracy in sorted(points) if accuracy >= target), None)


def estimate(values: Sequence[float]) -> Estimate:
    """Give the mean of repetitions with Student's t interval (95 %)."""
    data = np.asarray([value for value in values if not np.isnan(value)], dtype=float)
    if len(data) == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    mean = float(data.mean())
    if len(data) < LEAST_FOR_INTERVAL:
        return Estimate(mean, mean, mean, len(data))
    reach = float(stats.t.ppf(0.975, len(data) - 1) * data.std(ddof=1) / np.sqrt(len(data)))
    return Estimate(mean, mean - reach, mean + reach, len(data))
