"""How reliable each annotator is, by what Dawid and Skene believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from activeloop.learn.crowd.believing import Said, named, sheet_of, sheets_of_marks
from activeloop.learn.crowd.dawid_skene import dawid_skene
from activeloop.learn.crowd.sheet import NOBODY, Sheet
from activeloop.learn.evaluate import wilson
from activeloop.learn.types import Bools, Estimate, Floats, Ints

LEAST = 0.5
"""A cell of somebody's confusions that is expected less often is left out."""


@dataclass(frozen=True)
class Cell:
    """How many answers of somebody are expected to say one class where another is true.

    Where answers may be several classes, `truth` or `said` is None for "not in".
    """

    truth: str | None
    said: str | None
    expected: float


@dataclass(frozen=True)
class Reliability:
    """Which share of somebody's answers is expected to be right, and how they err.

    `right` is None when nobody else answered their samples: then nothing can be told.
    """

    right: Estimate | None
    cells: tuple[Cell, ...]


def reliabilities(said: Said, classes: Sequence[str], *, several: bool) -> dict[int, Reliability]:
    """Judge everybody by the samples that others answered as well, or whose label is known.

    Of several labels an answer is as right as its least certain class.

    Args:
        said: what stands.
        classes: the project's classes, in order.
        several: whether an answer is a set of classes.

    Returns:
        By the person's id. Intervals are Wilson's, as if the expected number had been counted.
    """
    if not said.rows:
        return {}
    sure, cells = _of_marks(said, classes) if several else _of_names(said, classes)
    sheet, known, _ = sheet_of(said, [])
    shared = _shared(sheet, known)
    found = {}
    for at, person in enumerate(said.people):
        mine = shared & (sheet.people == at)
        n = int(mine.sum())
        right = _estimate(float(sure[mine].sum()), n) if n else None
        found[person] = Reliability(right, tuple(cells[at]) if n else ())
    return found


def _estimate(hits: float, n: int) -> Estimate:
    counted = wilson(round(hits), n)
    value = hits / n
    return Estimate(value, min(value, counted.low), max(value, counted.high), n)


def _shared(sheet: Sheet, known: Ints) -> Bools:
    """Tell (n,) which answers are beside another one, or beside a known label."""
    answers = np.bincount(sheet.samples, minlength=sheet.n_samples)
    found: Bools = ((answers > 1) | (known != NOBODY))[sheet.samples]
    return found


def _of_names(said: Said, classes: Sequence[str]) -> tuple[Floats, list[list[Cell]]]:
    sheet, known, names = sheet_of(said, classes)
    proba = dawid_skene(sheet, known=known).proba
    return proba[sheet.samples, sheet.said], _cells(sheet, known, proba, names)


def _of_marks(said: Said, classes: Sequence[str]) -> tuple[Floats, list[list[Cell]]]:
    sure = np.ones(len(said.rows))
    cells: list[list[Cell]] = [[] for _ in said.people]
    names = named(said, classes)
    for name, (sheet, known) in zip(names, sheets_of_marks(said, names), strict=True):
        proba = dawid_skene(sheet, known=known).proba
        sure = np.minimum(sure, proba[sheet.samples, sheet.said])
        found = _cells(sheet, known, proba, (None, name))
        for mine, more in zip(cells, found, strict=True):
            mine += [cell for cell in more if cell.truth or cell.said]
    return sure, cells


def _cells(
    sheet: Sheet, known: Ints, proba: Floats, names: Sequence[str | None]
) -> list[list[Cell]]:
    """Give each person's confusions, the most frequent first."""
    some = sheet.where(_shared(sheet, known))
    voices, rows = np.unique(some.people * some.n_classes + some.said, return_inverse=True)
    expected = np.zeros((len(voices), some.n_classes))
    np.add.at(expected, rows, proba[some.samples])
    cells: list[list[Cell]] = [[] for _ in range(sheet.n_people)]
    for at, truth in zip(*np.nonzero(expected >= LEAST), strict=True):
        person, said = divmod(int(voices[at]), some.n_classes)
        cells[person].append(Cell(names[truth], names[said], float(expected[at, truth])))
    for mine in cells:
        mine.sort(key=lambda cell: -cell.expected)
    return cells
