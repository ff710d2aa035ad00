"""Compare one feature of a window with the reference: test, effect, and what chance would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from activeloop.learn.drift import adjusting, measures
from activeloop.learn.types import Floats, Ints

SHUFFLES = 200
QUANTILE = 0.95


@dataclass(frozen=True)
class Feature:
    """One comparison.

    `effect` is in the units of `measure`; `floor` is what it must reach to count; `p` is adjusted
    for the number of comparisons once all are judged together; `kl` is reported only.
    """

    name: str
    kind: Literal["number", "category", "classifier"]
    test: str
    measure: str
    effect: float
    floor: float
    p: float
    p_adjusted: float = 1.0
    kl: float | None = None
    drifted: bool = False


def number(
    name: str, reference: Floats, current: Floats, *, floor: float, rng: np.random.Generator
) -> Feature | None:
    """Compare numbers by Kolmogorov-Smirnov and by Wasserstein over the reference's spread.

    Values that are not finite are left out; None when that leaves fewer than two on a side.
    """
    ref, cur = (values[np.isfinite(values)] for values in (reference, current))
    if min(len(ref), len(cur)) < 2:
        return None
    scale = measures.spread(ref)
    both = np.sort(np.concatenate([ref, cur]))
    chance = _moved(both, len(ref), rng) / scale if scale > 0 else np.zeros(SHUFFLES)
    return Feature(
        name,
        "number",
        "Kolmogorov-Smirnov",
        "Wasserstein / sd",
        measures.wasserstein(ref, cur, scale=scale),
        max(floor, float(np.quantile(chance, QUANTILE))),
        measures.kolmogorov_smirnov(ref, cur),
        kl=measures.divergence(ref, cur),
    )


def category(
    name: str,
    reference: Sequence[str],
    current: Sequence[str],
    *,
    floor: float,
    rng: np.random.Generator,
) -> Feature | None:
    """Compare categories by chi-square and by the Jensen-Shannon distance (base 2).

    Where an expected count is below 5 the p-value is that of permutations. None without values.
    """
    if not reference or not current:
        return None
    table = measures.counted(reference, current)
    chance = _dealt(table, rng)
    statistic, least = measures.chi_square(table)
    few = least < measures.FEWEST_EXPECTED
    above = sum(measures.chi_square(each)[0] >= statistic * (1 - 1e-12) for each in chance)
    return Feature(
        name,
        "category",
        "chi-square (permuted)" if few else "chi-square",
        "Jensen-Shannon, base 2",
        measures.jensen_shannon(table),
        max(
            floor,
            float(np.quantile([measures.jensen_shannon(each) for each in chance], QUANTILE)),
        ),
        (1 + above) / (1 + len(chance)) if few else measures.chi_square_p(table),
    )


def judged(features: Sequence[Feature], *, level: float) -> list[Feature]:
    """Judge all features of a window: adjusted p below `level`, and an effect above its floor."""
    if not features:
        return []
    p = adjusting.adjusted([feature.p for feature in features])
    return [
        replace(
            feature,
            p_adjusted=float(each),
            drifted=bool(each <= level and feature.effect > feature.floor),
        )
        for feature, each in zip(features, p, strict=True)
    ]


def _moved(ordered: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Give the Wasserstein distances of random divisions of ordered values, n on one side."""
    total = len(ordered)
    gaps = np.diff(ordered)
    found = np.empty(SHUFFLES)
    for at in range(SHUFFLES):
        mine = np.zeros(total, dtype=bool)
        mine[rng.permutation(total)[:n]] = True
        below = np.cumsum(mine)[:-1]
        other = np.arange(1, total) - below
        found[at] = np.sum(np.abs(below / n - other / (total - n)) * gaps)
    return found


def _dealt(table: Floats, rng: np.random.Generator) -> list[Floats]:
    """Deal all categories out again at random, as many to each side as before."""
    columns: Ints = table.sum(axis=0).astype(np.int64)
    current = rng.multivariate_hypergeometric(columns, int(table[1].sum()), size=SHUFFLES)
    return [np.stack([columns - row, row]).astype(np.float64) for row in current]
