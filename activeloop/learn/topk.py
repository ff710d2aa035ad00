"""Keep the best of a stream: bounded memory, ties broken by a seeded key, cuts without effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from activeloop.learn.keys import UInts, digests, keys
from activeloop.learn.pool import stacked
from activeloop.learn.types import Features, Floats, Ints


def _none() -> UInts:
    return np.zeros(0, np.uint64)


@dataclass
class Top:
    """The best `size` rows seen so far, by score and then by key.

    Filled by `add`, which lets rows gather before it sorts them; `settle` sorts the last of them
    and must be called before the rows are looked at. With `distinct`, rows of equal content
    count once: the best of them.

    Attributes:
        size: how many rows are kept.
        salt: makes the key that orders equal scores.
        distinct: whether copies are left out.
        seqs: (at most size,) sequence numbers, best first.
        scores: their scores.
        content: digests of their features, when distinct.
    """

    size: int
    salt: int
    distinct: bool = False
    seqs: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    scores: Floats = field(default_factory=lambda: np.zeros(0))
    content: UInts = field(default_factory=_none)
    _waiting: list[tuple[Ints, Floats, Any]] = field(default_factory=list, repr=False)
    _count: int = 0

    @property
    def threshold(self) -> float:
        """The score below which a row cannot come in any more."""
        return float(self.scores[-1]) if len(self.seqs) >= self.size > 0 else -np.inf

    def add(self, seqs: Ints, scores: Floats, X: Features, rows: Ints) -> None:
        """Take in some scored rows.

        Args:
            seqs: (n,) sequence numbers.
            scores: (n,) finite scores.
            X: (n, d) features, of which a distinct Top takes digests.
            rows: which of the n may come in.
        """
        rows = rows[scores[rows] >= self.threshold]
        if rows.size == 0 or self.size == 0:
            return
        if rows.size > 2 * self.size:
            rows = (
                self._best_distinct(rows, scores, X) if self.distinct else self._best(rows, scores)
            )
        # hashed when they are sorted: a call for each piece would cost more than scoring it
        content = X[rows] if self.distinct else None
        self._waiting.append((seqs[rows], scores[rows].astype(np.float64), content))
        self._count += len(rows)
        if self._count >= self.size:
            self.settle()

    def merge(self, other: Top) -> None:
        """Take over the best of another part of the pool."""
        other.settle()
        self.settle()
        self._sort([other.seqs], [other.scores], [other.content])

    def settle(self) -> None:
        """Sort what came since and keep the best."""
        if not self._waiting:
            return
        seqs, scores, X = zip(*self._waiting, strict=True)
        self._waiting, self._count = [], 0
        content = [digests(stacked(list(X)))] if self.distinct else []
        self._sort(list(seqs), list(scores), content)

    def _sort(self, seqs: list[Ints], scores: list[Floats], content: list[UInts]) -> None:
        all_seqs = np.concatenate([self.seqs, *seqs])
        all_scores = np.concatenate([self.scores, *scores])
        order = np.lexsort((keys(all_seqs, self.salt), -all_scores))
        if self.distinct:
            all_content = np.concatenate([self.content, *content])
            _, first = np.unique(all_content[order], return_index=True)
            order = order[np.sort(first)][: self.size]
            self.content = all_content[order]
        order = order[: self.size]
        self.seqs, self.scores = all_seqs[order], all_scores[order]

    def _best_distinct(self, rows: Ints, scores: Floats, X: Features) -> Ints:
        """Look at the best only, as long as they are distinct enough to fill the place.

        Hashing all rows of a first piece would cost more than scoring them.
        """
        factor = 1
        while True:
            best = self._best(rows, scores, factor)
            if len(best) == len(rows) or len(np.unique(digests(X[best]))) >= self.size:
                return best
            factor *= 4

    def _best(self, rows: Ints, scores: Floats, factor: int = 1) -> Ints:
        """Give the rows that are as good as the best few, ties included."""
        kth = len(rows) - factor * self.size
        if kth <= 0:
            return rows
        return np.asarray(rows[scores[rows] >= np.partition(scores[rows], kth)[kth]])
