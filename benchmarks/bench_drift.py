"""False alarms of drift with none, detection of a shift, and what fixed thresholds would do."""

from __future__ import annotations

import numpy as np

from activeloop.learn.drift import features, measures

REPEATS = 300
REFERENCE = 1000
CURRENT = 200
COLUMNS = 10


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


def _fixed(current: int) -> float:
    rng = np.random.default_rng(9)
    far = [
        measures.wasserstein(rng.normal(size=REFERENCE), rng.normal(size=current))
        for _ in range(REPEATS)
    ]
    return float(np.mean(np.array(far) > 0.1))


def main() -> None:
    """Print the shares."""
    print(f"no drift, 1 feature:    {_share(0, 1, REPEATS):.1%} of the windows drift")
    print(f"no drift, {COLUMNS} features:  {_share(0, COLUMNS, REPEATS * 2 // 3):.1%}")
    for shift in (0.2, 0.3, 0.5):
        print(f"shift of {shift} sd:         {_share(shift, 1, REPEATS):.1%} are found")
    for current in (50, 100, 200):
        print(f"fixed .1, n = {current}:       {_fixed(current):.1%} false alarms with none")
