"""Keep the best of a stream: bounded memory, ties broken by a seeded key, cuts without effect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from activeloop.learn.keys import UInts, digests, keys
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
    _waiting: list[tuple[Ints, Floats, UInts]] = field(default_factory=list, repr=False)
    _count: int = 0

    @property
    def threshold(self) -> float:
        """The score below which a row cannot come in any more."""
        return float(self.scores[-1]) if len(self.seqs) >= self.size > 0 else -np.inf

    def add(self, seqs: Ints, scores: Floats, X: Features) -> None:
        """Take in some scored rows.

        Args:
            seqs: (n,) their sequence numbers.
            scores: (n,) finite scores.
            X: (n, d) their features, of which a distinct Top takes digests.
        """
        good = np.flatnonzero(scores >= self.threshold)
        if good.size == 0 or self.size == 0:
            return
        if self.distinct:
            rows, content = self._distinct(good, scores, X)
        else:
            rows = _best_of(good, scores, self.size)
            content = _none()
        self._waiting.append((seqs[rows], scores[rows].astype(np.float64), content))
        self._count += len(rows)
        # sorting with each piece would cost more than scoring it
        if self._count >= self.size:
            self.settle()

    def merge(self, other: Top) -> None:
        """Take over the best of another part of the pool."""
        other.settle()
        self._waiting.append((other.seqs, other.scores, other.content))
        self.settle()

    def settle(self) -> None:
        """Sort what came since and keep the best."""
        if not self._waiting:
            return
        parts = [(self.seqs, self.scores, self.content), *self._waiting]
        seqs, scores, content = (np.concatenate(each) for each in zip(*parts, strict=True))
        order = np.lexsort((keys(seqs, self.salt), -scores))
        if self.distinct:
            _, first = np.unique(content[order], return_index=True)
            order = order[np.sort(first)][: self.size]
            self.content = content[order]
        order = order[: self.size]
        self.seqs, self.scores = seqs[order], scores[order]
        self._waiting, self._count = [], 0

    def _distinct(self, good: Ints, scores: Floats, X: Features) -> tuple[Ints, UInts]:
        """Look at the best only, as long as they are distinct enough to fill the place.

        Hashing all rows of a first piece would cost more than scoring them.
        """
        factor = 1
        while True:
            best = _best_of(good, scores, factor * self.size)
            content = digests(X[best])
            if len(best) == len(good) or len(np.unique(content)) >= self.size:
                return best, content
            factor *= 4


def _best_of(good: Ints, scores: Floats, size: int) -> Ints:
    """Give the rows among `good` that are as good as the best `size`, ties included."""
    if len(good) <= 2 * size:
        return good
    kth = len(good) - size
    return np.asarray(good[scores[good] >= np.partition(scores[good], kth)[kth]])
