"""What is measured: one task, done by one library, on a pool of one size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Who = Literal["activeloop", "activeloop from disk", "predict_proba", "modAL", "scikit-activeml"]

CLASSES, MEMBERS, BEST, LABELLED, THREADS = 10, 5, 100, 300, 2
SCORES = ("entropy", "margin", "mutual-information")
BATCHES: dict[str, Who | None] = {
    "ranked-batch": "modAL",
    "core-set": "scikit-activeml",
    "badge": "scikit-activeml",
    "typiclust": "scikit-activeml",
    "margin-badge": None,
}
"""How a batch is picked, and the peer that can do it as well."""


@dataclass(frozen=True)
class Cell:
    """One measurement.

    Attributes:
        task: a way of scoring or of picking a batch.
        who: the library that does it.
        rows: of the pool.
        width: columns of the pool.
        level: 0 for a quick look, 1 for the table, 2 for what takes minutes.
    """

    task: str
    who: Who
    rows: int
    width: int
    level: int = 1

    @property
    def key(self) -> str:
        """Name the cell."""
        return f"{self.task} / {self.who} / {self.rows} x {self.width}"


def cells(level: int) -> list[Cell]:
    """Give the cells up to a level: 0 is quick, 1 the usual, 2 everything."""
    return [cell for cell in (*_scores(), *_batches()) if cell.level <= level]


def _scores() -> Iterator[Cell]:
    for rows, width in ((10_000, 64), (100_000, 64), (1_000_000, 64), (1_000_000, 256)):
        level = 0 if rows <= 100_000 else 1
        for task in SCORES:
            yield Cell(task, "activeloop", rows, width, level)
            yield Cell(task, "activeloop from disk", rows, width, level)
            yield Cell(task, "predict_proba", rows, width, level)
            yield Cell(task, "modAL", rows, width, level)
            yield Cell(task, "scikit-activeml", rows, width, level)
    for task in SCORES:
        yield Cell(task, "activeloop from disk", 10_000_000, 64)


def _batches() -> Iterator[Cell]:
    for rows in (10_000, 100_000, 1_000_000):
        for task, peer in BATCHES.items():
            yield Cell(task, "activeloop", rows, 64, 0 if rows == 10_000 else 1)
            if peer:
                yield Cell(task, peer, rows, 64, {10_000: 0, 100_000: 1}.get(rows, 2))
