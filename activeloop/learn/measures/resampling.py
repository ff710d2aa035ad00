"""Resample rows by weights, and read an interval off what the resamples measure.

A statistic is a function of (B, n) weights, which yields (B,): a resample is how often each row
was drawn, so that most figures are one product of matrices for all resamples together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.types import Estimate

RESAMPLES: Final = 1000
_CHUNK: Final = 4_000_000
LEVEL: Final = (0.025, 0.975)
Rows = NDArray[np.float64]
Statistic = Callable[[Rows], Rows]
Statistics = Callable[[Rows], Mapping[str, Rows]]


def resamples(n: int, rng: np.random.Generator, *, count: int = RESAMPLES) -> Iterator[Rows]:
    """Give bootstrap weights of n rows in parts of bounded memory, (b, n) each.

    Example:
        >>> parts = list(resamples(3, np.random.default_rng(0), count=5))
        >>> parts[0].shape, parts[0].sum(axis=1).tolist()
        ((5, 3), [3.0, 3.0, 3.0, 3.0, 3.0])
    """
    at_once = max(1, min(count, _CHUNK // max(1, n)))
    for start in range(0, count, at_once):
        part = min(at_once, count - start)
        picks = rng.integers(0, n, size=(part, n)) + np.arange(part)[:, None] * n
        yield np.bincount(picks.ravel(), minlength=part * n).reshape(part, n).astype(float)


def measured(
    statistics: Statistics, n: int, rng: np.random.Generator, *, count: int = RESAMPLES
) -> dict[str, tuple[float, Rows]]:
    """Give each figure on the rows as they are, and on every resample of them.

    Returns:
        By name, the value and (count,) values of the resamples; nan where a resample, or the rows
        themselves, have none.
    """
    whole = statistics(np.ones((1, n)))
    parts: dict[str, list[Rows]] = {name: [] for name in whole}
    for weights in resamples(n, rng, count=count):
        for name, found in statistics(weights).items():
            parts[name].append(found)
    return {name: (float(whole[name][0]), np.concatenate(drawn)) for name, drawn in parts.items()}


def interval(value: float, drawn: Rows, n: int, *, sure: Estimate | None = None) -> Estimate:
    """Read the percentile interval off the resamples, those without a value left out.

    Args:
        value: the figure on the rows as they are.
        drawn: (B,) the figure on the resamples.
        n: how many labels there are behind it.
        sure: what a figure that is the same in every resample takes its interval from.

    Source:
        Efron (1979).
    """
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Estimate(value, value, value, n) if sure is None else sure
    low, high = (float(end) for end in np.quantile(known, LEVEL))
    if sure is not None and low == high:
        # All right (or all wrong): every resample says the same, which is not certainty.
        low, high = sure.low, sure.high
    # The calibration error of a resample is biased upwards; the interval still holds the value.
    return Estimate(value, min(low, value), max(high, value), n)
