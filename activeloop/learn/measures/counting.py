"""Figures that count right and wrong decisions: precision, recall, F1, balanced accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.learn.types import Bools, Ints

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Of B resamples and C classes: how often a class was true, said, and both; (B, C) each.

    Attributes:
        true: TP + FN.
        said: TP + FP.
        both: TP.
        total: (B, 1) how many rows a resample has.
    """

    true: Rows
    said: Rows
    both: Rows
    total: Rows

    @classmethod
    def of(cls, weights: Rows, truth: csr_matrix, said: csr_matrix) -> Counts:
        """Count under weights; `truth` and `said` are (n, C) marks."""
        hits = truth.multiply(said).tocsr()
        true, given, both = (np.asarray(weights @ each, np.float64) for each in (truth, said, hits))
        return cls(true, given, both, weights.sum(axis=1, keepdims=True))

    @property
    def precision(self) -> Rows:
        """TP / (TP + FP) of each class; 0 where it is never said, as scikit-learn has it."""
        return ratio(self.both, self.said)

    @property
    def recall(self) -> Rows:
        """TP / (TP + FN) of each class; 0 where it does not occur."""
        return ratio(self.both, self.true)

    @property
    def f1(self) -> Rows:
        """2 TP / (2 TP + FP + FN) of each class; 0 where it neither occurs nor is said."""
        return ratio(2 * self.both, self.true + self.said)

    @property
    def seen(self) -> Rows:
        """1 where a class occurs or is said: a class absent from a resample is no failure there."""
        return (self.true + self.said > 0).astype(np.float64)

    def macro(self, each: Rows) -> Rows:
        """Give the mean over the classes that occur or are said."""
        return np.asarray((each * self.seen).sum(axis=1) / np.maximum(1, self.seen.sum(axis=1)))

    def balanced(self, *, several: bool) -> Rows:
        """Give balanced accuracy: the mean recall of the classes that occur.

        Of several labels each class is a question of its own: the mean of its recall and of its
        true negative rate, over the classes that occur and do not always occur.
        """
        if not several:
            occurs = (self.true > 0).astype(np.float64)
            return np.asarray(
                (self.recall * occurs).sum(axis=1) / np.maximum(1, occurs.sum(axis=1))
            )
        absent = self.total - self.true
        spared = ratio(absent - (self.said - self.both), absent)
        both_sides = ((self.true > 0) & (absent > 0)).astype(np.float64)
        means = (self.recall + spared) / 2 * both_sides
        sizes = both_sides.sum(axis=1)
        return np.where(sizes > 0, means.sum(axis=1) / np.maximum(1, sizes), np.nan)


def ratio(part: Rows, whole: Rows) -> Rows:
    """Divide; 0 where there is nothing to divide by."""
    found: Rows = np.zeros(np.broadcast(part, whole).shape)
    return np.divide(part, whole, out=found, where=whole > 0)


def one_hot(classes: Ints, C: int) -> csr_matrix:
    """Give (n, C) marks with one mark a row."""
    n = len(classes)
    return csr_matrix((np.ones(n), np.asarray(classes, np.int64), np.arange(n + 1)), shape=(n, C))


def marks_of(marks: Bools) -> csr_matrix:
    """Give marks in the sparse form that counting takes."""
    return csr_matrix(marks.astype(np.float64))


def counted(
    weights: Rows, truth: csr_matrix, said: csr_matrix, *, several: bool
) -> dict[str, Rows]:
    """Give balanced accuracy and the averages of precision, recall and F1 for each resample.

    Returns:
        `balanced_accuracy`, and `macro_` and `micro_` of `precision`, `recall` and `f1`; (B,) each.
        Macro is over the classes that occur or are said, as scikit-learn's is.

    Example:
        >>> truth, said = one_hot(np.array([0, 0, 1]), 2), one_hot(np.array([0, 1, 1]), 2)
        >>> found = counted(np.ones((1, 3)), truth, said, several=False)
        >>> float(found["balanced_accuracy"][0])
        0.75
    """
    counts = Counts.of(weights, truth, said)
    true, given, both = (each.sum(axis=1) for each in (counts.true, counts.said, counts.both))
    nothing = true + given == 0
    return {
        "balanced_accuracy": counts.balanced(several=several),
        "macro_precision": counts.macro(counts.precision),
        "macro_recall": counts.macro(counts.recall),
        "macro_f1": np.where(nothing, 1.0, counts.macro(counts.f1)),
        "micro_precision": ratio(both, given),
        "micro_recall": ratio(both, true),
        "micro_f1": np.where(nothing, 1.0, ratio(2 * both, true + given)),
    }
