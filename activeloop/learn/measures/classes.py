"""Figures of each class by itself, and the table of what was taken for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.evaluate import wilson
from activeloop.learn.measures.counting import Counts, marks_of
from activeloop.learn.measures.resampling import RESAMPLES, Rows, interval, resamples
from activeloop.learn.types import Bools, Estimate, Ints


@dataclass(frozen=True)
class Own:
    """How well one class is told.

    Attributes:
        precision: Wilson's interval over the rows said to be of it; None when none is.
        recall: the same over the rows of it; None when there are none.
        f1: percentile bootstrap; None when it neither occurs nor is said.
        n: how many rows are of it.
        said: how many are said to be.
        both: how many of those are.
    """

    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    n: int
    said: int
    both: int


def by_class(truth: Bools, said: Bools, *, rng: np.random.Generator) -> list[Own]:
    """Measure each of C classes, from (n, C) marks; classes that do not occur are in it too.

    Example:
        >>> truth = np.array([[1, 0], [1, 0], [0, 1]], bool)
        >>> said = np.array([[1, 0], [0, 1], [0, 1]], bool)
        >>> [own.recall.value for own in by_class(truth, said, rng=np.random.default_rng(0))]
        [0.5, 1.0]
    """
    n, C = truth.shape
    if not n:
        return [Own(None, None, None, 0, 0, 0)] * C
    of = marks_of(truth), marks_of(said)
    whole = Counts.of(np.ones((1, n)), *of)
    drawn: list[Rows] = []
    count = max(200, min(RESAMPLES, 100_000_000 // max(1, n * C)))
    for weights in resamples(n, rng, count=count):
        counts = Counts.of(weights, *of)
        drawn.append(np.where(counts.seen > 0, counts.f1, np.nan))
    f1s = np.concatenate(drawn)
    return [_own(whole, f1s[:, c], c) for c in range(C)]


def _own(whole: Counts, drawn: Rows, c: int) -> Own:
    true, said, both = (int(each[0, c]) for each in (whole.true, whole.said, whole.both))
    recall = wilson(both, true) if true else None
    f1 = None
    if true or said:
        f1 = interval(float(whole.f1[0, c]), drawn, true, sure=wilson(both, true or said))
    return Own(wilson(both, said) if said else None, recall, f1, true, said, both)


def confusion(y: Ints, predicted: Ints, C: int) -> NDArray[np.int64]:
    """Count how often class i was taken for class j, (C, C).

    Example:
        >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
        [[1, 0], [1, 1]]
    """
    return np.bincount(y * C + predicted, minlength=C * C).reshape(C, C)
