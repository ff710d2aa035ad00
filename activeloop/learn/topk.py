"""Keep the best of a stream: bounded memory, ties broken by a seeded key, cuts without effect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from activeloop.learn.keys import UInts, digests, keys
from activeloop.learn.pool import stacked
from activeloop.learn.types import Features, Floats, Ints


def rows_of(X: Features, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Features:
    """Copy some rows, dense or sparse, into memory of their own."""
    taken = X[rows]
    return taken if sp.issparse(taken) else np.array(taken, np.float32)


@dataclass
class Top:
    """The best `size` rows seen so far, by score and then by key; filled by `add`.

    With `distinct`, rows of equal content count once (the best of them), and their features
    are kept: memory is size x d.
    """

    size: int
    salt: int
    distinct: bool = False
    seqs: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    scores: Floats = field(default_factory=lambda: np.zeros(0))
    content: UInts = field(default_factory=lambda: np.zeros(0, np.uint64))
    X: Features | None = None

    def add(self, seqs: Ints, scores: Floats, X: Features | None = None) -> None:
        """Merge some scored rows.

        Args:
            seqs: (n,) their sequence numbers.
            scores: (n,) finite scores, or -inf.
            X: (n, d) their features; only a distinct Top wants them.
        """
        good = np.flatnonzero(scores >= self.threshold)
        if good.size == 0 or self.size == 0:
            return
        if not self.distinct:
            good = _best_of(good, scores, self.size)
            self._keep(seqs[good], scores[good].astype(np.float64))
        elif X is not None:
            self._add_distinct(good, seqs, scores, X)

    def merge(self, other: Top) -> None:
        """Take over the best of another part of the pool."""
        self._keep(other.seqs, other.scores, other.content, other.X)

    @property
    def threshold(self) -> float:
        """The score below which a row cannot come in any more."""
        return float(self.scores[-1]) if len(self.seqs) >= self.size > 0 else -np.inf

    def _add_distinct(self, good: Ints, seqs: Ints, scores: Floats, X: Features) -> None:
        """Look at the best only, as long as they are distinct enough to fill the place.

        Copying and hashing all rows of a first piece would cost more than scoring them.
        """
        factor = 2
        while True:
            best = _best_of(good, scores, factor * self.size)
            rows = rows_of(X, best)
            content = digests(rows)
            if len(best) == len(good) or len(np.unique(content)) >= self.size:
                break
            factor *= 4
        self._keep(seqs[best], scores[best].astype(np.float64), content, rows)

    def _keep(
        self, seqs: Ints, scores: Floats, content: UInts | None = None, X: Features | None = None
    ) -> None:
        all_seqs = np.concatenate([self.seqs, seqs])
        all_scores = np.concatenate([self.scores, scores])
        order = np.lexsort((keys(all_seqs, self.salt), -all_scores))
        if self.distinct and content is not None and X is not None:
            all_content = np.concatenate([self.content, content])
            _, first = np.unique(all_content[order], return_index=True)
            order = order[np.sort(first)][: self.size]
            self.X = rows_of(X if self.X is None else stacked([self.X, X]), order)
            self.content = all_content[order]
        order = order[: self.size]
        self.seqs, self.scores = all_seqs[order], all_scores[order]


def _best_of(good: Ints, scores: Floats, size: int) -> Ints:
    """Give the rows among `good` that are as good as the best `size`, ties included."""
    if len(good) <= 2 * size:
        return good
    kth = len(good) - size
    return np.asarray(good[scores[good] >= np.partition(scores[good], kth)[kth]])
