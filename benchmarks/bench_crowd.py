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
TEN, TWO = "digits, 10 classes", "digits, odd or even"
CASES = (
    (TEN, "five who err 30 % each", "random"),
    (TWO, "five who err 30 % each", "random"),
    (TEN, "three who err 5 %, two 67.5 %", "random"),
    (TWO, "three who err 5 %, two 67.5 %", "random"),
    (TEN, "five who err 10 % each", "random"),
    (TEN, "five who err 30 % each", "margin-badge"),
)
"""What is labelled, by whom, and in which order it is asked."""
SEEDS, BUDGET, EVERY = 4, 600, 20


def main(words: Sequence[str] = ()) -> None:
    """Print a table for each case; `--quick` is one seed of each."""
    seeds = 1 if "--quick" in words else SEEDS
    with tempfile.TemporaryDirectory() as folder:
        data = _digits(Path(folder))
        for name, crowd, strategy in CASES:
            plan = Plan(data[name], strategies=[strategy], seeds=seeds, budget=BUDGET,
                        every=EVERY, noises=CROWDS[crowd])  # fmt: skip
            _compare(f"{name}, {crowd}, asked by {strategy}", plan, folder)


def _digits(folder: Path) -> dict[str, Path]:
    """Write the digits twice: with their ten classes, and as odd or even."""
    from sklearn.datasets import load_digits

    found: dict[str, Path] = {}
    digits = load_digits()
    namings: Mapping[str, Callable[[int], str]] = {
        TEN: str,
        TWO: lambda digit: "odd" if digit % 2 else "even",
    }
    for title, name in namings.items():
        path = folder / f"{len(found)}.jsonl"
        with path.open("w") as file:
            for pixels, digit in zip(digits.data, digits.target, strict=True):
                row = {"vector": pixels.tolist(), "label": name(int(digit))}
                file.write(json.dumps(row) + "\n")
        found[title] = path
    return found


def _compare(title: str, plan: Plan, folder: str) -> None:
    rows: list[tuple[str, ...]] = []
    single: list[float] = []
    for arm, fields in ARMS.items():
        work = Path(tempfile.mkdtemp(dir=folder))
        simulated = simulate(replace(plan, spec=fields), work, on_progress=lambda _n, _g: None)
        its = (curve for curve in simulated.curves if curve.strategy in plan.strategies)
        ends = [curve.points[-1] for curve in sorted(its, key=lambda curve: curve.seed)]
        champions = [end.champion_accuracy for end in ends]
        single = single or champions
        gains = [now - before for now, before in zip(champions, single, strict=True)]
        rows.append(
            (
                arm,
                _told(curves.estimate(champions)),
                "" if champions is single else _told(curves.estimate(gains), sign="+"),
                _told(curves.estimate([end.accuracy for end in ends])),
                f"{sum(end.train_labels for end in ends) / len(ends):.0f}",
            )
        )
    show(
        f"{title}: {plan.budget:,} answers, {plan.seeds} seeds",
        ("answers", "champion", "over single answers", "newest version", "labels"),
        rows,
    )


def _told(found: Estimate, *, sign: str = "") -> str:
    return f"{found.value:{sign}.3f} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"


if __name__ == "__main__":
    main(sys.argv[1:])
