"""Single answers beside consensus, at the same number of answers by people who often err."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from activeloop.flows.simulating import Plan, simulate
from activeloop.learn import curves
from activeloop.learn.types import Estimate
from benchmarks.tabular import show

ARMS: Mapping[str, Mapping[str, Any]] = {
    "single answers": {},
    "majority of 3": {"answers_per_sample": 3},
    "Dawid-Skene of 3": {"answers_per_sample": 3, "consensus": "dawid-skene"},
    "2, a 3rd where they differ": {"answers_per_sample": 2, "extra_answers": 1},
    "the same, Dawid-Skene": {
        "answers_per_sample": 2,
        "extra_answers": 1,
        "consensus": "dawid-skene",
    },
}
CROWDS: Mapping[str, Sequence[float]] = {
    "five who err 10 % each": (0.1,) * 5,
    "five who err 30 % each": (0.3,) * 5,
    "three who err 5 %, two 67.5 %": (0.05, 0.05, 0.05, 0.675, 0.675),
}
STRATEGY = "margin-badge"
SEEDS, BUDGET, EVERY = 4, 600, 40


def main(words: Sequence[str] = ()) -> None:
    """Print a table for each set of classes and crowd; `--quick` is one seed of each."""
    seeds = 1 if "--quick" in words else SEEDS
    with tempfile.TemporaryDirectory() as folder:
        for name, data in _digits(Path(folder)).items():
            for crowd, noises in CROWDS.items():
                plan = Plan(data, strategies=[STRATEGY], seeds=seeds, budget=BUDGET, every=EVERY,
                            noises=noises)  # fmt: skip
                _compare(f"{name}, {crowd}", plan, folder)


def _digits(folder: Path) -> dict[str, Path]:
    """Write the digits twice: with their ten classes, and as odd or even."""
    from sklearn.datasets import load_digits

    found: dict[str, Path] = {}
    digits = load_digits()
    namings: Mapping[str, Callable[[int], str]] = {
        "digits, 10 classes": str,
        "digits, odd or even": lambda digit: "odd" if digit % 2 else "even",
    }
    for title, name in namings.items():
        path = folder / f"{len(found)}.jsonl"
        with path.open("w") as file:
            for pixels, digit in zip(digits.data, digits.target, strict=True):
                row = {"vector": pixels.tolist(), "label": name(int(digit))}
                file.write(json.dumps(row) + "\n")
        found[title] = path
    return found


def _compare(name: str, plan: Plan, folder: str) -> None:
    rows: list[tuple[str, ...]] = []
    single: dict[str, list[float]] = {}
    for arm, fields in ARMS.items():
        work = Path(tempfile.mkdtemp(dir=folder))
        simulated = simulate(replace(plan, spec=fields), work, on_progress=lambda _n, _g: None)
        for strategy in (STRATEGY, "random"):
            its = sorted((c for c in simulated.curves if c.strategy == strategy),
                         key=lambda curve: curve.seed)  # fmt: skip
            ends = [curve.points[-1] for curve in its]
            champions = [end.champion_accuracy for end in ends]
            before = single.setdefault(strategy, champions)
            gains = [now - then for now, then in zip(champions, before, strict=True)]
            rows.append(
                (
                    arm,
                    strategy,
                    _told(curves.estimate(champions)),
                    "" if before is champions else _told(curves.estimate(gains), sign="+"),
                    _told(curves.estimate([end.accuracy for end in ends])),
                    f"{sum(end.train_labels for end in ends) / len(ends):.0f}",
                )
            )
    show(
        f"{name}: {plan.budget:,} answers, {plan.seeds} seeds",
        ("answers", "order", "champion", "over single answers", "newest version", "labels"),
        [row for strategy in (STRATEGY, "random") for row in rows if row[1] == strategy],
    )


def _told(found: Estimate, *, sign: str = "") -> str:
    return f"{found.value:{sign}.3f} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"


if __name__ == "__main__":
    main(sys.argv[1:])
