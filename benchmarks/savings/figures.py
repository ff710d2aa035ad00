"""What is said of the runs: areas, labels spent, and intervals over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.savings.journal import Entry

CHANCE = "random"
SHARES = (0.9, 0.95)


@dataclass(frozen=True)
class Interval:
    """A mean over seeds and its 95 % interval (Student's t)."""

    mean: float
    half: float

    @property
    def low(self) -> float:
        """Give the lower end."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Give the upper end."""
        return self.mean + self.half


@dataclass(frozen=True)
class Line:
    """One strategy on one data set.

    Attributes:
        area: mean area under the curve, as a share of the largest possible.
        gain: the area less chance's on the same pools.
        behind: the best strategy's area less this one's on the same pools.
        spent: labels until 90 and 95 % of the full-data measure; None where a seed never got there.
        ratio: their mean as a share of chance's mean on the same pools; None likewise.
        at_most: whether the ratio is an upper bound: chance did not get there within the budget,
            and the budget stands for its labels.
        seconds: of picking in a whole run.
        labels: after how many labels there was a model.
        curve: the mean measure then.
    """

    data: str
    strategy: str
    seeds: int
    full: float
    area: Interval
    gain: Interval
    behind: Interval
    spent: tuple[Interval | None, ...]
    ratio: tuple[Interval | None, ...]
    at_most: tuple[bool, ...]
    seconds: float
    labels: tuple[int, ...]
    curve: tuple[float, ...]

    @property
    def first_or_within(self) -> bool:
        """Say whether it is the best, or its paired interval with the best holds zero."""
        return self.behind.low <= 0


def interval(values: Sequence[float]) -> Interval:
    """Give mean and half width; the half of a single value is not known and infinite.

    Example:
        >>> interval([1.0, 2.0, 3.0]).mean
        2.0
    """
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return Interval(float(np.mean(values)), float("inf"))
    spread = float(np.std(values, ddof=1)) / n**0.5
    return Interval(float(np.mean(values)), float(t.ppf(0.975, n - 1)) * spread)


def area(entry: Entry) -> float:
    """Give the mean height of the curve from the first batch to the budget (trapezoid)."""
    x, y = np.array(entry.labels, float), np.array(entry.scores)
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def labels_to(entry: Entry, target: float) -> float | None:
    """Give after how many labels the curve first reaches a height, on straight lines between.

    Example:
        >>> labels_to(Entry("d", "s", 0, [10, 20], [0.5, 0.7], 0.0, 1.0), 0.6)
        15.0
    """
    x, y = entry.labels, entry.scores
    reached = next((i for i, height in enumerate(y) if height >= target), None)
    if reached is None or reached == 0:
        return None if reached is None else float(x[0])
    share = (target - y[reached - 1]) / (y[reached] - y[reached - 1])
    return float(x[reached - 1] + share * (x[reached] - x[reached - 1]))


def lines(entries: Sequence[Entry], data: str) -> list[Line]:
    """Make the lines of one data set, largest area first, over the seeds that all have."""
    runs: dict[str, dict[int, Entry]] = {}
    for one in entries:
        if one.data == data:
            runs.setdefault(one.strategy, {})[one.seed] = one
    if CHANCE not in runs:
        return []
    shared = sorted(set.intersection(*(set(found) for found in runs.values())))
    if not shared:
        return []
    kept = {name: [found[seed] for seed in shared] for name, found in runs.items()}
    best = max(kept, key=lambda name: float(np.mean([area(one) for one in kept[name]])))
    made = [_line(name, kept[name], kept[CHANCE], kept[best]) for name in kept]
    return sorted(made, key=lambda line: -line.area.mean)


def _line(name: str, mine: list[Entry], chance: list[Entry], best: list[Entry]) -> Line:
    areas = [area(one) for one in mine]
    spent = [[labels_to(one, share * one.full) for one in mine] for share in SHARES]
    usual = [[labels_to(one, share * one.full) for one in chance] for share in SHARES]
    budget = mine[0].labels[-1]
    return Line(
        mine[0].data,
        name,
        len(mine),
        float(np.mean([one.full for one in mine])),
        interval(areas),
        interval([a - area(one) for a, one in zip(areas, chance, strict=True)]),
        interval([area(one) - a for a, one in zip(areas, best, strict=True)]),
        tuple(_all(found) for found in spent),
        tuple(_share(*both, budget) for both in zip(spent, usual, strict=True)),
        tuple(None in found for found in usual),
        float(np.mean([one.seconds for one in mine])),
        tuple(mine[0].labels),
        tuple(np.mean([one.scores for one in mine], axis=0).tolist()),
    )


def _share(spent: list[float | None], usual: list[float | None], budget: int) -> Interval | None:
    """Divide mean by mean, not pool by pool: one lucky pool of chance would outweigh the others."""
    found = np.array([value for value in spent if value is not None])
    if len(found) < len(spent):
        return None
    against = np.array([budget if value is None else value for value in usual])
    ratio = float(found.mean() / against.mean())
    # the delta method: how far each pool lies from the common ratio
    spread = interval(((found - ratio * against) / against.mean()).tolist())
    return Interval(ratio, spread.half)


def _all(values: list[float | None]) -> Interval | None:
    found = [value for value in values if value is not None]
    return interval(found) if found and len(found) == len(values) else None
