"""Read a pool piece by piece, on as many threads as asked for, in memory that does not grow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

import numpy as np
import scipy.sparse as sp

from activeloop.learn.types import Bools, Buffer, Features, Ints, Source

Eligible = Bools | Callable[[Ints], Bools]
Progress = Callable[[int], None]
T = TypeVar("T")

_CELLS = 1 << 21
_LEAST_ROWS, _MOST_ROWS = 64, 16_384


@dataclass(frozen=True)
class Piece:
    """Some consecutive rows of the pool.

    Attributes:
        seqs: (n,) their sequence numbers.
        X: (n, d) their features; they are overwritten when the next piece is read.
        good: (n,) which of them may be asked.
    """

    seqs: Ints
    X: Features
    good: Bools


@dataclass(frozen=True)
class Pool:
    """All candidates: where their features are, and which of them may be asked.

    Attributes:
        sources: the features, in the order of the samples.
        eligible: mask by sequence number, or a function from (n,) sequence numbers to (n,)
            booleans.
        threads: how many pieces are worked on at once, each with one BLAS thread.
    """

    sources: Sequence[Source]
    eligible: Eligible
    threads: int = 1

    @property
    def rows(self) -> int:
        """How many rows there are, eligible or not."""
        return sum(source.rows for source in self.sources)

    @cached_property
    def candidates(self) -> Ints:
        """(n,) the sequence numbers of all rows that may be asked, in order."""
        found = [self._seqs(source) for source in self.sources]
        return np.concatenate([seqs[self.allows(seqs)] for seqs in found] or [_NONE])

    def allows(self, seqs: Ints) -> Bools:
        """Tell which of these may be asked."""
        return self.eligible(seqs) if callable(self.eligible) else self.eligible[seqs]

    def part(self, first: int, stop: int) -> Pool:
        """Give the pool of the sources [first, stop) alone."""
        return Pool(self.sources[first:stop], self.eligible, self.threads)

    def scan(
        self,
        visit: Callable[[Piece], T],
        *,
        width: int = 1,
        on_progress: Progress | None = None,
    ) -> list[T]:
        """Visit every piece once; several threads visit at the same time.

        How the pool is cut into pieces depends on its sources and on `width` alone, never on the
        threads: the same rows are always multiplied together, so sums round alike.

        Args:
            visit: is given a piece that has at least one eligible row.
            width: how many numbers per row the visitor makes of it.
            on_progress: told how many rows have been read so far; may raise to stop.

        Returns:
            What the visits gave, in the order of the pool.
        """
        scan = _Scan(self, visit, list(self._cuts(width)), on_progress)
        threads = max(1, min(self.threads, len(scan.cuts)))
        with one_thread_each():
            if threads == 1:
                scan.work()
            else:
                with ThreadPoolExecutor(threads) as crew:
                    for done in [crew.submit(scan.work) for _ in range(threads)]:
                        done.result()
        return [scan.found[number] for number in sorted(scan.found)]

    def each(
        self,
        visit: Callable[[Ints, Features], T],
        *,
        width: int = 1,
        on_progress: Progress | None = None,
    ) -> list[T]:
        """Visit the eligible rows: like `scan`, but the others are left out of what is given."""

        def eligible_rows(piece: Piece) -> T:
            if piece.good.all():
                return visit(piece.seqs, piece.X)
            return visit(piece.seqs[piece.good], piece.X[piece.good])

        return self.scan(eligible_rows, width=width, on_progress=on_progress)

    def gather(self, seqs: Ints) -> Features:
        """Copy the rows of these samples, in the order given."""
        starts = np.array([source.start for source in self.sources], np.int64)
        order = np.argsort(seqs, kind="stable")
        of = np.searchsorted(starts, seqs[order], side="right") - 1
        parts = [
            self.sources[number].take(seqs[order][of == number] - starts[number])
            for number in np.unique(of)
        ]
        if not parts:
            return self._nothing()
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return stacked(parts)[back]

    def sample(self, size: int, seed: int) -> Ints:
        """Draw some candidates uniformly, without looking at the features.

        Returns:
            (at most size,) sequence numbers in order; the same for the same rows and seed,
            however they are cut.
        """
        rng, rows = np.random.default_rng(seed), self.rows
        if rows <= 4 * size:
            candidates = self.candidates
            return np.sort(rng.permutation(candidates)[:size])
        start = self.sources[0].start
        drawn = start + rng.integers(rows, size=64 * size)
        _, first = np.unique(drawn, return_index=True)
        unique = drawn[np.sort(first)]
        return np.sort(unique[self.allows(unique)][:size])

    def _seqs(self, source: Source) -> Ints:
        return np.arange(source.start, source.start + source.rows, dtype=np.int64)

    def _cuts(self, width: int) -> Iterator[tuple[Source, int, int]]:
        for source in self.sources:
            columns = 0 if source.sparse else source.width
            size = int(np.clip(_CELLS // max(64, width, columns), _LEAST_ROWS, _MOST_ROWS))
            for first in range(0, source.rows, size):
                yield source, first, min(first + size, source.rows)

    def piece(self, source: Source, first: int, stop: int, buffer: Buffer) -> Piece | None:
        """Read some rows of a source; None when none of them may be asked."""
        seqs = np.arange(source.start + first, source.start + stop, dtype=np.int64)
        good = self.allows(seqs)
        return Piece(seqs, source.read(first, stop, buffer), good) if good.any() else None

    def _nothing(self) -> Features:
        width = self.sources[0].width if self.sources else 0
        if self.sources and self.sources[0].sparse:
            return sp.csr_matrix((0, width), dtype=np.float32)
        return np.empty((0, width), np.float32)


_NONE = np.zeros(0, np.int64)


def one_thread_each() -> Any:
    """Give a context in which BLAS multiplies on the calling thread alone.

    Its own threads would take the processors from ours, and wait by spinning when they cannot.
    """
    return _libraries().limit(limits=1, user_api="blas")


@cache
def _libraries() -> Any:
    """Find the BLAS libraries of this process; looking for them takes longer than a small pool."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _Scan(Generic[T]):
    """One way through the pool, worked on by several threads, each taking the next piece."""

    def __init__(
        self,
        pool: Pool,
        visit: Callable[[Piece], T],
        cuts: list[tuple[Source, int, int]],
        on_progress: Progress | None,
    ) -> None:
        self.cuts = cuts
        self.found: dict[int, T] = {}
        self._pool, self._visit, self._on_progress = pool, visit, on_progress
        self._waiting = iter(enumerate(cuts))
        self._read = 0
        self._lock = threading.Lock()

    def work(self) -> None:
        """Visit pieces until none is left; after a failure the other threads stop as well."""
        buffer = Buffer()
        try:
            while (taken := self._next()) is not None:
                number, (source, first, stop) = taken
                piece = self._pool.piece(source, first, stop, buffer)
                if piece is not None:
                    self.found[number] = self._visit(piece)
                self._tell(stop - first)
        except BaseException:
            with self._lock:
                self._waiting = iter(enumerate(()))
            raise

    def _next(self) -> tuple[int, tuple[Source, int, int]] | None:
        with self._lock:
            return next(self._waiting, None)

    def _tell(self, rows: int) -> None:
        with self._lock:
            self._read += rows
            if self._on_progress is not None:
                self._on_progress(self._read)


def stacked(parts: list[Features]) -> Features:
    """Put blocks of rows under each other, dense or sparse."""
    if sp.issparse(parts[0]):
        return sp.csr_matrix(sp.vstack(parts, format="csr"))
    return np.concatenate(parts)
