"""Squared distances to the nearest of some centres: safe bounds for a pool, exact for a few rows.

|x - c|^2 = |x|^2 + |c|^2 - 2 x.c, so a piece of the pool and all centres meet in one product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.learn.pool import Piece, Pool
from activeloop.learn.types import Buffer, Features, Float32s, Floats

WIDTH = 128
"""How many centres meet a piece at once; pieces of 8,192 rows stay near the processor."""
_UNIT = 2.0**-24
_SAME = 1e-12


def place_of(pool: Pool, piece: Piece) -> slice:
    """Say where the rows of a piece that may be asked stand among a pool's candidates."""
    first = int(np.searchsorted(pool.candidates, piece.seqs[piece.good.argmax()]))
    return slice(first, first + int(np.count_nonzero(piece.good)))


def squares(X: Features) -> Floats:
    """Give |x|^2 of each row, (n,), in the dtype of X.

    Example:
        >>> import numpy as np
        >>> squares(np.array([[3., 4.]])).tolist()
        [25.0]
    """
    if isinstance(X, np.ndarray):
        found: Floats = np.einsum("ij,ij->i", X, X)
        return found
    return np.asarray(X.multiply(X).sum(axis=1)).ravel()


def products(X: Features, centres: Features, buffer: Buffer | None = None) -> Floats:
    """Give (m, n) inner products of m centres and n rows, each centre's together in memory.

    Dense float32 rows are multiplied into the buffer, if there is one.
    """
    if isinstance(X, np.ndarray):
        room = buffer.rows(centres.shape[0], len(X)) if buffer is not None else None
        found: Floats = np.matmul(centres, X.T, out=room)
        return found
    # one column per centre, stored column by column: its transpose lies centre by centre
    return np.asarray((X @ centres.T).toarray(order="F").T)


def origin(X: Features) -> Float32s | None:
    """Find a point to measure from, where float32 would otherwise lose the digits that matter.

    Args:
        X: (n, d) some rows of the pool.

    Returns:
        (d,) the mean, when it lies further off than the rows lie apart; None when 0 does as well,
        and for sparse rows, which would not stay sparse.
    """
    if not isinstance(X, np.ndarray) or len(X) == 0:
        return None
    mean = X.mean(axis=0, dtype=np.float64)
    apart = X.var(axis=0, dtype=np.float64).sum()
    return mean.astype(np.float32) if float(mean @ mean) > apart else None


def moved(X: Features, origin: Float32s | None) -> Features:
    """Measure rows from another origin; a copy unless it is None."""
    return X if origin is None or not isinstance(X, np.ndarray) else X - origin


@dataclass(frozen=True)
class Centres:
    """Centres prepared once for all pieces of a pool.

    Attributes:
        doubled: (m, d) the centres, measured from `origin`, times -2.
        squares: (m,) their squared lengths.
        origin: see `origin`.
    """

    doubled: Features
    squares: Float32s
    origin: Float32s | None

    @classmethod
    def of(cls, X: Features, origin: Float32s | None) -> Centres:
        """Prepare some centres."""
        rows = moved(X, origin)
        return cls(rows * np.float32(-2), squares(rows).astype(np.float32), origin)

    def bounds(self, X: Features) -> Float32s:
        """Give (n,) upper bounds of the squared distance to the nearest centre.

        Computed in float32 and raised by what rounding can take away, so that no true distance
        is above its bound: an inner product of d terms is off by at most d units in the last
        place of |x||c|.
        """
        rows = moved(X, self.origin)
        own = squares(rows).astype(np.float32, copy=False)
        nearest = np.full(len(own), np.inf, np.float32)
        for first in range(0, len(self.squares), WIDTH):
            part = slice(first, first + WIDTH)
            squared = products(rows, self.doubled[part])
            squared += self.squares[part, None]
            np.minimum(nearest, squared.min(axis=0), out=nearest)
        nearest += own
        np.maximum(nearest, 0, out=nearest)
        own += self.squares.max(initial=0)
        own *= np.float32((2 * X.shape[1] + 16) * _UNIT)
        nearest += own
        return nearest


@dataclass
class Nearest:
    """Some rows in memory with their exact squared distance to the nearest centre so far.

    Attributes:
        X: (n, d) float64, measured from an origin.
        squares: (n,) their squared lengths.
        squared: (n,) the distances; inf before the first centre, exactly 0 for a copy of one.
    """

    X: Features
    squares: Floats
    squared: Floats

    @classmethod
    def of(cls, X: Features, origin: Float32s | None) -> Nearest:
        """Take some rows; float64 leaves twelve digits to a distance."""
        rows = moved(X.astype(np.float64), origin)
        return cls(rows, squares(rows), np.full(X.shape[0], np.inf))

    def meet(self, other: Nearest) -> None:
        """Take the rows of another as centres."""
        for first in range(0, len(other.squares), WIDTH):
            part = slice(first, first + WIDTH)
            self._lower(products(self.X, other.X[part]), other.squares[part, None])

    def meet_own(self, row: int) -> None:
        """Take one of the rows themselves as a centre."""
        self._lower(products(self.X, self.X[[row]]), self.squares[row])
        self.squared[row] = 0

    def _lower(self, inner: Floats, theirs: Floats) -> None:
        sums = self.squares + theirs
        squared = sums - 2 * inner
        squared[squared <= _SAME * sums] = 0  # what rounding leaves between copies
        np.minimum(self.squared, squared.min(axis=0), out=self.squared)
