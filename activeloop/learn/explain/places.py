"""Contributions by what people can see: spans of a text, regions of a picture, columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.explain import image, text
from activeloop.learn.explain.linear import Parts
from activeloop.learn.features import Featurizer
from activeloop.learn.features.image import ImageFeaturizer
from activeloop.learn.features.table import TableFeaturizer
from activeloop.learn.features.text import TextFeaturizer

Doubles = NDArray[np.float64]
_ABSENT: Final = "What other samples have and this one has not"
_EDGES: Final = "Where words begin and end"
_UNTRACED: Final = "What could not be found again in the text"


@dataclass(frozen=True, eq=False)
class Line:
    """Something with a name, and what it adds to each of the (c,) scores."""

    name: str
    given: Doubles
    value: Any = None


@dataclass(frozen=True, eq=False)
class Placed:
    """Contributions by place; all of it and the base add up to the scores.

    Attributes:
        pieces: of a text, its pieces in order.
        pieces_given: (p, c) what each adds.
        read: of a text, how many characters of it were read.
        shared: of a text, how many hashed features stand for several n-grams of it.
        grid: of a picture, (8, 8, c) by row and column.
        lines: of a table its columns, of a vector its components.
        apart: what has no place.
    """

    pieces: Sequence[text.Piece] = ()
    pieces_given: Doubles = field(default_factory=lambda: np.zeros((0, 0)))
    read: int = 0
    shared: int = 0
    grid: Doubles | None = None
    lines: Sequence[Line] = ()
    apart: Sequence[Line] = ()

    def total(self) -> Doubles:
        """Add up all that is placed or stands apart: (c,)."""
        every = [line.given for line in (*self.lines, *self.apart)]
        if len(self.pieces):
            every.append(self.pieces_given.sum(axis=0))
        if self.grid is not None:
            every.append(self.grid.sum(axis=(0, 1)))
        return np.asarray(np.sum(every, axis=0))


def place(featurizer: Featurizer, payload: Mapping[str, Any], parts: Parts) -> Placed:
    """Bring the contributions of a sample's features to where people see them.

    Args:
        featurizer: the one that made the features.
        payload: the sample.
        parts: its scores, taken apart.
    """
    if isinstance(featurizer, TextFeaturizer):
        return _in_text(str(payload["text"]), featurizer.params, parts)
    if isinstance(featurizer, ImageFeaturizer):
        grid, apart = image.regions(parts.given)
        return Placed(grid=grid, apart=[Line(name, given) for name, given in apart.items()])
    if isinstance(featurizer, TableFeaturizer):
        totals = by_column(featurizer, parts.given)
        lines = [
            Line(column.name, given, payload.get(column.name))
            for column, given in zip(featurizer.columns, totals, strict=True)
        ]
        return Placed(lines=lines)
    vector = payload.get("vector", ())
    given = parts.given
    return Placed(
        lines=[Line(f"component {n + 1}", given[n], vector[n]) for n in range(len(given))]
    )


def by_column(featurizer: TableFeaturizer, given: Doubles) -> list[Doubles]:
    """Add up what the features of each column of a table add."""
    ends = np.cumsum([column.width for column in featurizer.columns])[:-1]
    return [part.sum(axis=0) for part in np.split(given, ends)]


def _in_text(given: str, params: Mapping[str, Any], parts: Parts) -> Placed:
    found = text.grams(given, params)
    density, edges, untraced = text.spread(found, parts.columns, parts.given)
    cut = text.pieces(given)
    apart = [Line(_ABSENT, parts.absent), Line(_EDGES, edges)]
    if untraced.any():
        apart.append(Line(_UNTRACED, untraced))
    return Placed(
        pieces=cut,
        pieces_given=_by_piece(cut, density),
        read=found.length,
        shared=found.shared,
        apart=apart,
    )


def _by_piece(cut: Sequence[text.Piece], density: Doubles) -> Doubles:
    """Add up the characters of each piece; those beyond what was read add nothing."""
    room = np.zeros((len(cut), density.shape[1]))
    if len(cut):
        owners = np.repeat(np.arange(len(cut)), [len(piece.text) for piece in cut])
        np.add.at(room, owners[: len(density)], density)
    return room
