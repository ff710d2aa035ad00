"""Gradient embeddings that are never built: (p - e_yhat) (x) [x, 1] by its two factors."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from activeloop.learn.apart import Yardstick
from activeloop.learn.picking.distances import products, squares
from activeloop.learn.types import Buffer, Features, Float32s, Floats, Model


class Room(threading.local):
    """Memory that one thread uses again for piece after piece.

    New memory of this size comes from the system page by page, which takes longer than the
    arithmetic done in it.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.rows, self.inner, self.outer = Buffer(), Buffer(), Buffer()


@dataclass(frozen=True)
class Gradients:
    """Rows as loss gradients with respect to the last layer, were the likeliest class true.

    Attributes:
        residuals: (n, C) p - e_yhat.
        X: (n, d) features in units of the yardstick.
        squares: (n,) squared lengths of the gradients, |p - e_yhat|^2 (|x|^2 + 1).
    """

    residuals: Floats
    X: Features
    squares: Floats

    @classmethod
    def of(
        cls, X: Features, model: Model, yardstick: Yardstick, room: Room | None = None
    ) -> Gradients:
        """Compute the two factors of some rows, in `room` if it is given."""
        # class by class in memory, which is how the sums over classes are fast
        residuals = np.array(model.predict_proba(X).T, np.float32)
        highest, undecided = residuals.max(axis=0), np.ones(X.shape[0], np.bool_)
        for c in range(len(residuals)):
            likeliest = (residuals[c] == highest) & undecided  # of classes that tie, the first
            undecided ^= likeliest
            residuals[c] -= likeliest
        rows = _measured(X, yardstick, room)
        lengths = np.einsum("ij,ij->j", residuals, residuals) * (squares(rows) + 1)
        return cls(residuals.T, rows, lengths)

    def wide(self) -> Gradients:
        """Give the same in float64."""
        rows = self.X.astype(np.float64)
        residuals = self.residuals.astype(np.float64)
        return Gradients(residuals, rows, (residuals**2).sum(axis=1) * (squares(rows) + 1))

    def __getitem__(self, rows: slice | list[int]) -> Gradients:
        """Give some of the rows."""
        return Gradients(self.residuals[rows], self.X[rows], self.squares[rows])

    def distances(self, centres: Gradients, room: Room | None = None) -> Floats:
        """Give (m, n) squared distances of m centres and n rows.

        |g|^2 + |h|^2 - 2 (r_g . r_h)(x_g . x_h + 1), as the product of two small products.
        """
        found = products(self.X, centres.X, room.inner if room else None)
        found += 1
        doubled = centres.residuals * found.dtype.type(-2)
        found *= products(self.residuals, doubled, room.outer if room else None)
        found += self.squares
        found += centres.squares[:, None]
        return found


def _measured(X: Features, yardstick: Yardstick, room: Room | None) -> Features:
    if yardstick.mean is None or yardstick.scale is None or not isinstance(X, np.ndarray):
        return X
    out = room.rows.rows(*X.shape) if room else None
    rows: Float32s = np.subtract(X, yardstick.mean, out=out)
    rows *= yardstick.scale
    return rows
