"""Tell near-duplicates from each other, so that a batch asks about each thing once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from activeloop.learn.types import Bools, Features, Float32s, Ints

NEAR = 0.01
"""Rows are near-duplicates when |a - b|^2 is at most this share of |a|^2 + |b|^2."""
MOST_COMPARED = 4_000
_TOGETHER = 256


@dataclass(frozen=True)
class Yardstick:
    """What counts as far in a pool: the mean and the deviation of each dense column.

    Attributes:
        mean: (d,) float32, or None for sparse rows, which are compared as they are.
        scale: (d,) float32, what each centred column is multiplied by; 0 for a constant one.
    """

    mean: Float32s | None = None
    scale: Float32s | None = None

    @classmethod
    def of(cls, sample: Features) -> Yardstick:
        """Measure a uniform sample of the pool."""
        if not isinstance(sample, np.ndarray) or not len(sample):
            return cls()
        wide = np.asarray(sample, np.float64)
        mean, spread = wide.mean(axis=0), wide.std(axis=0)
        varies = spread > 1e-9 * np.abs(wide).max(axis=0)
        scale = np.where(varies, 1 / np.where(varies, spread, 1), 0)
        return cls(mean.astype(np.float32), scale.astype(np.float32))

    def measured(self, X: Features) -> Features:
        """Give the rows in units of the pool's spread."""
        if self.mean is None or self.scale is None:
            return X
        measured: Float32s = X - self.mean
        measured *= self.scale  # in place: a second temporary costs more than the multiplication
        return measured


def representatives(X: Features, yardstick: Yardstick) -> Bools:
    """Mark the first of each group of near-duplicates; see `groups`.

    Returns:
        (n,) marks; the first row always has one.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0., 4.], [.01, 4.], [4., 0.]], np.float32)
        >>> representatives(X, Yardstick()).tolist()
        [True, False, True]
    """
    marked: Bools = groups(X, yardstick) == np.arange(X.shape[0])
    return marked


def groups(X: Features, yardstick: Yardstick) -> Ints:
    """Tell for each row which one before it it nearly repeats.

    Going down the rows, one that is near to a representative before it belongs to that one; any
    other represents itself. Of more than 4,000 rows only the first 4,000 are looked at; the others
    represent themselves.

    Args:
        X: (n, d) features, the most wanted first.
        yardstick: what counts as far.

    Returns:
        (n,) row numbers of the representatives; a representative has its own.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0., 4.], [.01, 4.], [4., 0.]], np.float32)
        >>> groups(X, Yardstick()).tolist()
        [0, 0, 2]
    """
    found = np.arange(X.shape[0], dtype=np.int64)
    rows = yardstick.measured(X[:MOST_COMPARED])
    squares = _squares(rows)
    for first in range(0, rows.shape[0], _TOGETHER):
        part = slice(first, first + _TOGETHER)
        before = np.flatnonzero(found[:first] == np.arange(first))
        near = _near(rows[part], squares[part], rows[before], squares[before])
        known: Bools = np.any(near, axis=1)
        if known.any():
            found[first : first + len(known)][known] = before[near[known].argmax(axis=1)]
        among: Bools = _near(rows[part], squares[part], rows[part], squares[part])
        for row in range(len(known)):
            if not known[row]:
                new = np.logical_and(among[row], ~known)
                found[first : first + len(known)][new] = first + row
                known = np.logical_or(known, new)
    return found


def _near(
    left: Features, left_squares: Float32s, right: Features, right_squares: Float32s
) -> Bools:
    along: Any = left @ right.T
    products = along.toarray() if sp.issparse(along) else along
    sums = left_squares[:, None] + right_squares
    near: Bools = sums - 2 * products <= NEAR * sums
    return near


def _squares(rows: Features) -> Float32s:
    if isinstance(rows, np.ndarray):
        return np.asarray(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows.multiply(rows).sum(axis=1), np.float32).ravel()
