"""Gradient embeddings that are never built: (p - e_yhat) (x) [x, 1] by its two factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.learn.apart import Yardstick
from activeloop.learn.picking.distances import products, squares
from activeloop.learn.types import Features, Floats, Model


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
    def of(cls, X: Features, model: Model, yardstick: Yardstick) -> Gradients:
        """Compute the two factors of some rows."""
        # class by class in memory, which is how the sums over classes are fast
        residuals = np.array(model.predict_proba(X).T)
        highest, undecided = residuals.max(axis=0), np.ones(X.shape[0], np.bool_)
        for c in range(len(residuals)):
            likeliest = (residuals[c] == highest) & undecided  # of classes that tie, the first
            undecided ^= likeliest
            residuals[c] -= likeliest
        rows = yardstick.measured(X)
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

    def distances(self, centres: Gradients) -> Floats:
        """Give (m, n) squared distances of m centres and n rows.

        |g|^2 + |h|^2 - 2 (r_g . r_h)(x_g . x_h + 1), as the product of two small products.
        """
        found = products(self.X, centres.X)
        found += 1
        found *= (centres.residuals * found.dtype.type(-2)) @ self.residuals.T
        found += self.squares
        found += centres.squares[:, None]
        return found
