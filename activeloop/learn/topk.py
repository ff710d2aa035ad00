"""Keep the best of a stream: bounded memory, ties broken by a seeded key, cuts without effect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from activeloop.learn.types import Features, Floats, Ints

UInts = NDArray[np.uint64]
_HASHED_ROWS = 1024


def mixed(values: UInts) -> UInts:
    """Scramble 64-bit numbers one to one (the finaliser of SplitMix64)."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def keys(seqs: Ints, salt: int) -> UInts:
    """Give each sample a random number that depends on the seed and its sequence only.

    So the order of ties, and every random draw, stays the same however the pool is cut.
    """
    return mixed(mixed(seqs.astype(np.uint64)) ^ np.uint64(salt))


def uniforms(seqs: Ints, salt: int) -> Floats:
    """Give each sample a uniform number in the open interval (0, 1), likewise."""
    return ((keys(seqs, salt) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def digests(X: Features) -> UInts:
    """Give a 64-bit digest per row; rows of equal content have equal digests."""
    parts = [
        _sparse_digests(part) if sp.issparse(part) else _dense_digests(part)
        for part in (X[i : i + _HASHED_ROWS] for i in range(0, X.shape[0], _HASHED_ROWS))
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _cells(columns: NDArray[np.integer], values: NDArray[np.floating]) -> UInts:
    # + 0 makes -0.0 and 0.0, which are equal, the same bits
    bits = (np.asarray(values, np.float32) + np.float32(0)).view(np.uint32).astype(np.uint64)
    return mixed((columns.astype(np.uint64) << np.uint64(32)) | bits)


def _dense_digests(X: NDArray[np.float32]) -> UInts:
    cells = _cells(np.arange(X.shape[1]), np.ascontiguousarray(X, np.float32))
    return np.asarray(cells.sum(axis=1, dtype=np.uint64))


def _sparse_digests(X: sp.csr_matrix) -> UInts:
    cells = np.where(X.data != 0, _cells(X.indices, X.data), np.uint64(0))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(cells, dtype=np.uint64)])
    return np.asarray(sums[X.indptr[1:]] - sums[X.indptr[:-1]])


def rows_of(X: Features, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Features:
    """Copy some rows, dense or sparse, into memory of their own."""
    taken = X[rows]
    return taken if sp.issparse(taken) else np.array(taken, np.float32)


def stacked(parts: list[Features]) -> Features:
    """Put blocks of rows under each other, dense or sparse."""
    if sp.issparse(parts[0]):
        return sp.csr_matrix(sp.vstack(parts, format="csr"))
    return np.concatenate(parts)


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
        good = np.flatnonzero(scores >= self._threshold())
        if good.size == 0 or self.size == 0:
            return
        if not self.distinct:
            good = self._best_of(good, scores)
        all_seqs = np.concatenate([self.seqs, seqs[good]])
        all_scores = np.concatenate([self.scores, scores[good].astype(np.float64)])
        order = np.lexsort((keys(all_seqs, self.salt), -all_scores))
        if self.distinct and X is not None:
            order = self._once(order, rows_of(X, good))
        order = order[: self.size]
        self.seqs, self.scores = all_seqs[order], all_scores[order]

    def _threshold(self) -> float:
        return float(self.scores[-1]) if len(self.seqs) >= self.size > 0 else -np.inf

    def _best_of(self, good: Ints, scores: Floats) -> Ints:
        # sorting all rows of a first chunk would cost more than scoring them
        if len(good) <= 4 * self.size:
            return good
        kth = len(good) - self.size
        return np.asarray(good[scores[good] >= np.partition(scores[good], kth)[kth]])

    def _once(self, order: Ints, new: Features) -> Ints:
        content = np.concatenate([self.content, digests(new)])
        _, first = np.unique(content[order], return_index=True)
        order = order[np.sort(first)][: self.size]
        self.X = rows_of(new if self.X is None else stacked([self.X, new]), order)
        self.content = content[order]
        return order
