"""Tell near-duplicates from each other, so that a batch asks about each thing once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from activeloop.learn.types import Bools, Features, Float32s

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
    """Mark the first of each group of near-duplicates.

    Going down the rows, one that is near to a marked one before it is left out. Of more than
    4,000 rows only the first 4,000 are looked at; the others are marked.

    Args:
        X: (n, d) features, the most wanted first.
        yardstick: what counts as far.

    Returns:
        (n,) marks; the first row always has one.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0., 4.], [.01, 4.], [4., 0.]], np.float32)
        >>> representatives(X, Yardstick()).tolist()
        [True, False, True]
    """
    marked = np.ones(X.shape[0], bool)
    rows = yardstick.measured(X[:MOST_COMPARED])
    squares = _squares(rows)
    for first in range(0, rows.shape[0], _TOGETHER):
        part = slice(first, first + _TOGETHER)
        before = np.flatnonzero(marked[:first])
        known: Bools = np.any(
            _near(rows[part], squares[part], rows[before], squares[before]), axis=1
        )
        among = _near(rows[part], squares[part], rows[part], squares[part])
        for row in range(len(known)):
            marked[first + row] = not known[row]
            if not known[row]:
                known |= among[row]
    return marked


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
