"""False alarms of drift with none, detection of a shift, and what fixed thresholds would do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from activeloop.learn.drift import features, measures

REPEATS = 300
REFERENCE = 1000
CURRENT = 200
COLUMNS = 10
FIXED = 0.1
"""The threshold that other tools use for both distances."""


def _drifted(rng: np.random.Generator, shift: float, columns: int) -> bool:
    reference = rng.normal(size=(REFERENCE, columns))
    current = rng.normal(size=(CURRENT, columns))
    current[:, 0] += shift
    found = [
        features.number(str(at), reference[:, at], current[:, at], floor=0.1, rng=rng)
        for at in range(columns)
    ]
    judged = features.judged([each for each in found if each is not None], level=0.05)
    return any(each.drifted for each in judged)


def _share(shift: float, columns: int, repeats: int) -> float:
    rng = np.random.default_rng(8)
    return float(np.mean([_drifted(rng, shift, columns) for _ in range(repeats)]))


def numbers(current: int, rng: np.random.Generator) -> float:
    """Give the Wasserstein distance of two draws from one normal, in standard deviations."""
    return measures.wasserstein(rng.normal(size=REFERENCE), rng.normal(size=current))


def categories(current: int, rng: np.random.Generator) -> float:
    """Give the Jensen-Shannon distance of two draws from ten equal categories."""
    draws = [rng.integers(0, 10, n).astype(str).tolist() for n in (REFERENCE, current)]
    return measures.jensen_shannon(measures.counted(*draws))


def alarms(
    draw: Callable[[int, np.random.Generator], float],
    current: int,
    repeats: int,
    *,
    rng: np.random.Generator,
) -> float:
    """Give the share of windows without drift that a fixed threshold of .1 would alarm at."""
    return float(np.mean([draw(current, rng) > FIXED for _ in range(repeats)]))


def main() -> None:
    """Print the shares."""
    print(f"no drift, 1 feature:    {_share(0, 1, REPEATS):.1%} of the windows drift")
    print(f"no drift, {COLUMNS} features:  {_share(0, COLUMNS, REPEATS * 2 // 3):.1%}")
    for shift in (0.2, 0.3, 0.5):
        print(f"shift of {shift} sd:         {_share(shift, 1, REPEATS):.1%} are found")
    rng = np.random.default_rng(9)
    for name, draw in (("Wasserstein", numbers), ("Jensen-Shannon", categories)):
        for current in (50, 100, 200):
            found = alarms(draw, current, REPEATS, rng=rng)
            print(f"{name} > .1, n = {current}: {found:.1%} false alarms with none")
