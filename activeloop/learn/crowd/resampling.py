"""Intervals of figures that are counted over samples, by the bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from activeloop.learn.types import Estimate, Floats, Ints

RESAMPLES = 1000
_AT_ONCE = 4_000_000
Statistic = Callable[[Floats], Floats]
"""From (b, k) weights of the k patterns to (b, f) figures, nan where one is not defined."""


def patterns(rows: Ints) -> tuple[Ints, Ints]:
    """Give the (k, c) rows that differ, and (k,) how often each occurs.

    Resampling rows is then drawing how often each pattern occurs, which takes no longer for more
    rows, and does not depend on their order.
    """
    found, tallies = np.unique(rows, axis=0, return_counts=True)
    return found, tallies.astype(np.int64)


def estimates(
    statistic: Statistic, tallies: Ints, *, sure: Statistic, rng: np.random.Generator
) -> list[Estimate | None]:
    """Give figures with percentile intervals; None for one that is not defined.

    Args:
        statistic: the figures as functions of the patterns' weights.
        tallies: (k,) how often each pattern occurs.
        sure: (1, f) the low end for a figure that is the same in every resample, from the tallies;
            all alike in a few samples is not certainty.
        rng: draws the resamples.

    Source:
        Efron (1979).
    """
    n = int(tallies.sum())
    if n == 0:
        return []
    whole = tallies[None].astype(float)
    values, floor = statistic(whole)[0], sure(whole)[0]
    if n == 1:
        return [None if np.isnan(value) else Estimate(float(value), -1.0, 1.0, 1)
                for value in values]  # fmt: skip
    drawn = _drawn(statistic, tallies, n, rng)
    return [
        None if np.isnan(value) else _interval(float(value), drawn[:, at], float(floor[at]), n)
        for at, value in enumerate(values)
    ]


def _drawn(statistic: Statistic, tallies: Ints, n: int, rng: np.random.Generator) -> Floats:
    at_once = max(1, _AT_ONCE // len(tallies))
    shares = tallies / n
    return np.concatenate(
        [
            statistic(rng.multinomial(n, shares, size=min(at_once, RESAMPLES - at)).astype(float))
            for at in range(0, RESAMPLES, at_once)
        ]
    )


def _interval(value: float, drawn: Floats, floor: float, n: int) -> Estimate:
    # a figure is not defined in a resample where everybody says the same
    known = drawn[~np.isnan(drawn)]
    low, high = (float(end) for end in np.quantile(known, (0.025, 0.975))) if len(known) else (
        value, value)  # fmt: skip
    if low == high:
        low = max(-1.0, min(low, floor))
    return Estimate(value, min(low, value), max(high, value), n)
