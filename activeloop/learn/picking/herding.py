"""MaxHerding: the samples that together lie closest to all others, by a smooth kernel."""

from __future__ import annotations

import numpy as np

from activeloop.learn.diversity import Spread
from activeloop.learn.types import Float32s, Floats, Ints

_TOGETHER = 256
_LOOKED_AT = 32


def herd(rows: Float32s, known: Float32s, *, batch_size: int, sigma: float) -> Spread:
    """Pick argmax_x of how much coverage x adds, again and again.

    Coverage is mean_i max_c k(x_i, c) over the labelled and picked c, k(a, b) =
    exp(-|a - b|^2 / sigma^2). A gain only falls as others are picked, so an old gain is an upper
    bound: only the rows with the largest are computed anew, until the best new one is at least
    every old one. The picks are those of the plain algorithm, and no n x n matrix is held.

    Args:
        rows: (n, d) candidates.
        known: (m, d) labelled samples, possibly none.
        batch_size: how many to pick.
        sigma: how far a sample covers.

    Returns:
        min(batch_size, n) rows; `scores` (n,) are what each added, and for the others what each
        would still add at most.

    Source:
        Bae, Noh & Sutherland (2024), Generalized coverage for more robust low-budget active
        learning (MaxHerding).

    Example:
        >>> import numpy as np
        >>> rows = np.array([[0.], [.1], [.2], [5.], [5.1]], np.float32)
        >>> herd(rows, rows[:0], batch_size=2, sigma=1.0).rows.tolist()
        [1, 3]
    """
    kernel = _Kernel(rows, sigma)
    covered: Float32s = np.zeros(len(rows), np.float32)
    for first in range(0, len(known), _TOGETHER):
        np.maximum(covered, kernel(known[first : first + _TOGETHER]).max(axis=0), out=covered)
    bounds = kernel.gains(np.arange(len(rows)), covered)
    chosen: list[int] = []
    gains: list[float] = []
    for _ in range(min(batch_size, len(rows))):
        row = _best(kernel, bounds, covered, chosen)
        chosen.append(row)
        gains.append(float(bounds[row]))
        np.maximum(covered, kernel(rows[[row]])[0], out=covered)
    bounds[chosen] = gains
    return Spread(np.array(chosen, np.int64), np.ones(len(chosen)), bounds)


def coverage(rows: Float32s, *, sigma: float) -> Floats:
    """Give how much each row would cover alone, mean_i k(x_i, x): (n,) in (0, 1].

    Example:
        >>> import numpy as np
        >>> coverage(np.array([[0.], [0.], [9.]], np.float32), sigma=1.0).round(4).tolist()
        [0.6667, 0.6667, 0.3333]
    """
    return _Kernel(rows, sigma).gains(np.arange(len(rows)), np.zeros(len(rows), np.float32))


class _Kernel:
    def __init__(self, rows: Float32s, sigma: float) -> None:
        self.rows, self.factor = rows, np.float32(-1 / sigma**2)
        self.squares = np.einsum("ij,ij->i", rows, rows)

    def __call__(self, centres: Float32s) -> Float32s:
        """Give (m, n) kernels of m centres and all rows."""
        squared = np.asarray((centres * -2) @ self.rows.T, np.float32)
        squared += self.squares
        squared += np.einsum("ij,ij->i", centres, centres)[:, None]
        np.maximum(squared, 0, out=squared)
        squared *= self.factor
        np.exp(squared, out=squared)
        return squared

    def gains(self, some: Ints, covered: Float32s) -> Floats:
        """Give what some of the rows would add to the coverage."""
        found: Floats = np.empty(len(some))
        for first in range(0, len(some), _TOGETHER):
            part = slice(first, first + _TOGETHER)
            more = self(self.rows[some[part]])
            more -= covered
            np.maximum(more, 0, out=more)
            found[part] = more.mean(axis=1, dtype=np.float64)
        return found


def _best(kernel: _Kernel, bounds: Floats, covered: Float32s, chosen: list[int]) -> int:
    """Find the row that adds most; bounds of the rows looked at are lowered on the way."""
    stale = np.ones(len(bounds), np.bool_)
    stale[chosen] = False
    best, gain = -1, -1.0
    while stale.any():
        open_ = np.where(stale, bounds, -np.inf)
        size = min(_LOOKED_AT, int(stale.sum()))
        looked_at = np.sort(np.argpartition(-open_, size - 1)[:size])
        if open_[looked_at].max() <= gain:
            break
        bounds[looked_at] = kernel.gains(looked_at, covered)
        stale[looked_at] = False
        row = int(looked_at[bounds[looked_at].argmax()])
        if bounds[row] > gain:
            best, gain = row, float(bounds[row])
    return best
