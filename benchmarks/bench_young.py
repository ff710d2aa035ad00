"""The gate below 200 audit labels: which rule lets the best model answer meanwhile?

Real data is labelled by margin, a version is trained after every batch, and each rule picks its
champion by the few audit labels there are. What the champions are worth is measured on the test
split, over all versions, as points above or below always taking the newest.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binom

from activeloop.learn.types import Bools
from activeloop.spec import StrategySpec
from benchmarks.savings import datasets, loop, pickers
from benchmarks.savings.situations import Situation
from benchmarks.tabular import show

BATCH, BUDGET, AUDIT_SHARE = 20, 400, 0.1
BARS = (0.5, 0.3, 0.2, 0.1, 0.05)
Holds = Callable[[int, int], bool]


@dataclass(frozen=True, eq=False)
class Step:
    """A version: right or wrong on all audit samples, how many have a label, and its worth."""

    right: Bools
    audit: int
    worth: float


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table for each data set; its file must be beside the checkout, but for digits."""
    parser = argparse.ArgumentParser(prog="benchmarks young", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--work", type=Path, help="keeps features between runs")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        for setting in (datasets.DIGITS, *datasets.SETTINGS[1:3]):
            if setting.absent:
                print(f"{setting.file} is not beside this checkout; left out.")
                continue
            data = datasets.load(setting, asked.work or Path(scratch))
            runs = [versions(data, setting, seed) for seed in range(asked.seeds)]
            _show(setting.name, runs)


def versions(data: datasets.DataSet, setting: datasets.Setting, seed: int) -> list[Step]:
    """Train a version after every batch, and measure each on audit samples and the test split."""
    pool = loop.draw(data, setting, seed)
    n = len(pool.y)
    audit = np.random.default_rng([seed, 2]).choice(n, round(AUDIT_SHARE * BUDGET), replace=False)
    free = np.setdiff1d(np.arange(n), audit)
    X, y, dense = pool.X[free], pool.y[free], pool.dense[free]
    labelled, model, steps = np.zeros(0, np.int64), None, []
    for wanted in range(BATCH, BUDGET + 1, BATCH):
        now = Situation(X, dense, labelled, y[labelled], data.classes, model, seed * 1000 + wanted)
        pick = pickers.random if model is None else _margin
        labelled = np.concatenate([labelled, pick(now, wanted - len(labelled))])
        model = loop.fit(X[labelled], y[labelled], data.classes, seed)
        if model is None:
            continue
        right = model.predict_proba(pool.X[audit]).argmax(axis=1) == pool.y[audit]
        worth = loop.measure(model, data, "accuracy")
        steps.append(Step(right, round(AUDIT_SHARE * wanted), worth))
    return steps


def _margin(now: Situation, count: int) -> np.ndarray:
    return pickers.ours(now, count, StrategySpec(name="margin"))


def champions(steps: Sequence[Step], holds: Holds) -> list[float]:
    """Give what the champion is worth after every version, when `holds` keeps the old one.

    Args:
        steps: the versions, oldest first.
        holds: by (decisions won, decisions lost) of the challenger.
    """
    champion, found = steps[0], [steps[0].worth]
    for step in steps[1:]:
        before, after = champion.right[: step.audit], step.right[: step.audit]
        if not holds(int((after & ~before).sum()), int((before & ~after).sum())):
            champion = step
        found.append(champion.worth)
    return found


def below(bar: float) -> Holds:
    """Hold a challenger whose exact one-sided p-value for a loss lies below the bar."""
    return lambda won, lost: float(binom.cdf(won, won + lost, 0.5)) < bar


def _show(name: str, runs: list[list[Step]]) -> None:
    rules: list[tuple[str, Holds]] = [
        ("hold all: the first version stays", lambda _won, _lost: True),
        ("hold what loses more than it wins", lambda won, lost: won < lost),
        *((f"hold below p = {bar:g}", below(bar)) for bar in BARS),
    ]
    newest = [np.array([step.worth for step in steps]) for steps in runs]
    rows = [("always the newest", f"{np.mean([w.mean() for w in newest]):.3f}", "", "")]
    for told, holds in rules:
        worth = [np.array(champions(steps, holds)) for steps in runs]
        gaps = np.array([w.mean() - new.mean() for w, new in zip(worth, newest, strict=True)])
        behind = np.mean([(w < new - 0.02).mean() for w, new in zip(worth, newest, strict=True)])
        error = 100 * gaps.std(ddof=1) / np.sqrt(len(gaps))
        mean = f"{np.mean([w.mean() for w in worth]):.3f}"
        rows.append(
            (told, mean, f"{100 * gaps.mean():+.2f} ± {error:.2f}", f"{100 * behind:.0f} %")
        )
    show(
        f"{name}: {len(runs)} seeds, a version every {BATCH} of {BUDGET} labels",
        ("rule", "champion", "points to the newest ± s.e.", "over 2 points behind"),
        rows,
    )


if __name__ == "__main__":
    main()
