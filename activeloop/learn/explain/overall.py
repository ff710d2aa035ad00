"""What a model looks at overall: the strongest words, regions, columns of each class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.explain import image
from activeloop.learn.explain.linear import Linear, Parts
from activeloop.learn.explain.places import Placed, by_column
from activeloop.learn.features.columns import Categories, Numeric
from activeloop.learn.features.table import TableFeaturizer

Doubles = NDArray[np.float64]
STRONGEST: Final = 12
_OTHERS: Final = ("any other value", "a missing value")
"""What the last two features of a column of categories stand for."""


@dataclass
class Words:
    """What words added to each of c scores, over many texts."""

    texts: int = 0
    totals: dict[str, Doubles] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def take(self, placed: Placed) -> None:
        """Add a text, its contributions brought to their places."""
        self.texts += 1
        for piece, given in zip(placed.pieces, placed.pieces_given, strict=True):
            if piece.text[0].isalnum():
                word = piece.text.casefold()
                self.totals[word] = self.totals.get(word, 0) + given
                self.times[word] = self.times.get(word, 0) + 1

    def strongest(self, at: int) -> dict[str, list[dict[str, Any]]]:
        """Give the words that speak for the class at a place, and those against it.

        Those are chosen that add or take most over all the texts, and ordered by `given`: what a
        word adds each time it stands there.
        """
        order = sorted(self.totals, key=lambda word: -float(self.totals[word][at]))
        towards = [word for word in order[:STRONGEST] if self.totals[word][at] > 0]
        against = [word for word in order[::-1][:STRONGEST] if self.totals[word][at] < 0]
        return {
            "towards": sorted((self._told(word, at) for word in towards), key=_most),
            "against": sorted((self._told(word, at) for word in against), key=_most),
        }

    def _told(self, word: str, at: int) -> dict[str, Any]:
        times = self.times[word]
        return {"name": word, "given": float(self.totals[word][at]) / times, "times": times}


def _most(told: dict[str, Any]) -> float:
    return -abs(float(told["given"]))


def words(placed: Iterable[Placed]) -> Words:
    """Gather what words add, from the explanations of many texts."""
    found = Words()
    for one in placed:
        found.take(one)
    return found


def columns(
    featurizer: TableFeaturizer, linear: Linear, every: list[Parts]
) -> list[dict[str, Any]]:
    """Tell how much each column of a table moves the scores, and which way.

    Returns:
        For each column: name, `strength` (c,), the mean size of what it adds; for numbers `more`
        (c,), whether larger numbers speak for the class; for categories `best` and `worst` (c,),
        the values that speak most for and against it.
    """
    sizes = np.mean([np.abs(by_column(featurizer, parts.given)) for parts in every], axis=0)
    start, told = 0, []
    for column, strength in zip(featurizer.columns, sizes, strict=True):
        weights = linear.at(np.arange(start, start + column.width))
        start += column.width
        found: dict[str, Any] = {"name": column.name, "strength": strength}
        if isinstance(column, Numeric):
            found["more"] = weights[0] > 0
        elif isinstance(column, Categories) and column.values:
            names = (*column.values, *_OTHERS)
            found["best"] = [names[at] for at in weights.argmax(axis=0)]
            found["worst"] = [names[at] for at in weights.argmin(axis=0)]
        told.append(found)
    return told


def components(linear: Linear, every: list[Parts]) -> list[dict[str, Any]]:
    """Tell how much each component of a vector moves the scores, and which way."""
    sizes = np.mean([np.abs(parts.given) for parts in every], axis=0)
    weights = linear.at(np.arange(linear.width))
    return [
        {"name": f"component {at + 1}", "strength": sizes[at], "more": weights[at] > 0}
        for at in range(linear.width)
    ]


def regions(every: list[Parts]) -> tuple[Doubles, dict[str, Doubles]]:
    """Tell how much each region of the pictures moves the scores, as the mean size.

    Returns:
        (8, 8, c), and by name what has no place.
    """
    found = [image.regions(parts.given) for parts in every]
    grid = np.mean([np.abs(grid) for grid, _ in found], axis=0)
    names = found[0][1]
    return grid, {
        name: np.mean([np.abs(apart[name]) for _, apart in found], axis=0) for name in names
    }
