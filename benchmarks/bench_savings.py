"""How many labels the default strategy saves beside margin and random, through the real loop."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from activeloop.flows import comparing
from activeloop.flows.simulating import Plan, simulate
from benchmarks.tabular import show

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
STRATEGIES = ("margin-badge", "margin")
SEEDS = 3


def main() -> None:
    """Print a table for each data set; its folder must be beside the checkout, but for digits."""
    with tempfile.TemporaryDirectory() as folder:
        for plan in _plans(Path(folder)):
            if not plan.data.exists():
                print(f"{plan.data.name} is not beside this checkout; left out.")
                continue
            _measure(plan, Path(folder))


def _plans(folder: Path) -> Iterator[Plan]:
    yield Plan(_digits(folder), strategies=STRATEGIES, seeds=SEEDS, budget=300)
    yield Plan(DATA / "trashnet_224.zip", strategies=STRATEGIES, seeds=SEEDS, budget=400)
    yield Plan(DATA / "banking77.csv", strategies=STRATEGIES, seeds=SEEDS, budget=1500)


def _digits(folder: Path) -> Path:
    from sklearn.datasets import load_digits

    path, digits = folder / "digits.jsonl", load_digits()
    with path.open("w") as file:
        for pixels, label in zip(digits.data, digits.target, strict=True):
            file.write(json.dumps({"vector": pixels.tolist(), "label": str(label)}) + "\n")
    return path


def _measure(plan: Plan, folder: Path) -> None:
    work = folder / f"{plan.data.stem}-work"
    work.mkdir()
    simulated = simulate(plan, work, on_progress=lambda _name, _given: None)
    show(
        f"{plan.data.name}: {simulated.pool:,} samples, {simulated.classes} classes, "
        f"{plan.budget} labels, {plan.seeds} seeds",
        ("strategy", "mean accuracy", "over random", "at the end", "champion", "labels to 90 %"),
        (
            (
                row.strategy,
                f"{row.area.value:.3f}",
                f"{row.gain.value:+.3f} ({row.gain.low:+.3f} to {row.gain.high:+.3f})",
                f"{row.last.value:.3f}",
                f"{row.champion.value:.3f}",
                "never" if (spent := row.labels_to[0.9]) is None else f"{spent:.0f}",
            )
            for row in comparing.rows(simulated)
        ),
    )


if __name__ == "__main__":
    main()
