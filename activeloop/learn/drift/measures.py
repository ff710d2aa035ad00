"""Measure how far two samples of one feature are apart, and how likely that is by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from activeloop.learn.types import Floats

BINS = 10
SMOOTHING = 0.5
FEWEST_EXPECTED = 5.0
HEAVY = 2.0
"""A spread this many times the robust one is that of heavy tails."""
ROUNDING = 1e-9
NORMAL_IQR = 1.349
"""The interquartile range of a normal distribution, in standard deviations."""


def spread(reference: Floats) -> float:
    """Give the standard deviation, or the robust one where tails are heavy; 0 for a constant."""
    std = float(np.std(reference))
    if std <= ROUNDING * float(np.abs(reference).max(initial=1.0)):
        return 0.0  # of equal values the sum is not always exact, and the rest is no spread
    low, high = np.percentile(reference, [25, 75])
    robust = float(high - low) / NORMAL_IQR
    return robust if robust > 0 and std > HEAVY * robust else std


def kolmogorov_smirnov(reference: Floats, current: Floats) -> float:
    """Give the p-value of the two-sided, two-sample Kolmogorov-Smirnov test."""
    return float(stats.ks_2samp(reference, current, method="auto").pvalue)


def wasserstein(reference: Floats, current: Floats, *, scale: float | None = None) -> float:
    """Give the earth mover's distance in units of the reference's spread, 0 or more.

    Args:
        reference: (n,) finite values.
        current: (m,) finite values.
        scale: the unit; None takes the reference's spread. Where that is 0, any change is 1.
    """
    unit = spread(reference) if scale is None else scale
    distance = float(stats.wasserstein_distance(reference, current))
    if unit > 0:
        return distance / unit
    return float(distance > 0)


def divergence(reference: Floats, current: Floats) -> float:
    """Give KL(current || reference) in nats, on the reference's deciles, each count plus .5."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        for values in (current, reference)
    ]
    p, q = (row + SMOOTHING for row in counts)
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum(p * np.log(p / q)))


def counted(reference: Sequence[str], current: Sequence[str]) -> Floats:
    """Count categories: (2, k), the reference's row first; categories in alphabetical order."""
    names = {name: at for at, name in enumerate(sorted({*reference, *current}))}
    table = np.zeros((2, len(names)))
    for row, values in enumerate((reference, current)):
        for value in values:
            table[row, names[value]] += 1
    return table


def jensen_shannon(table: Floats) -> float:
    """Give the Jensen-Shannon distance (base 2, in [0, 1]) of two rows of counts."""
    p, q = table / table.sum(axis=1, keepdims=True)
    middle = (p + q) / 2
    total = 0.0
    for row in (p, q):
        some = row > 0
        total += float(np.sum(row[some] * np.log2(row[some] / middle[some])))
    return float(np.sqrt(max(0.0, total / 2)))


def chi_square(table: Floats) -> tuple[float, float]:
    """Give the statistic of homogeneity of two rows of counts, and the least expected count."""
    total = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    return float(np.sum((table - expected) ** 2 / expected)), float(expected.min())


def chi_square_p(table: Floats) -> float:
    """Give the p-value by the chi-square distribution; 1 for a single category."""
    statistic, _ = chi_square(table)
    freedom = table.shape[1] - 1
    return float(stats.chi2.sf(statistic, freedom)) if freedom else 1.0
