"""Which old versions' model files may go: the choice alone, without files or rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Old:
    """A version older than the newest that keep their files; `figure` is its audit figure.

    `needed` is one that is used or meant to stay.
    """

    number: int
    figure: float
    needed: bool


def may_go(old: Sequence[Old], best: int) -> set[int]:
    """Give the numbers of those that are not needed and not among the `best` of those left.

    Of equal figures the newer stays.
    """
    left = sorted(
        (each for each in old if not each.needed),
        key=lambda each: (each.figure, each.number),
        reverse=True,
    )
    return {each.number for each in left[best:]}
