"""The design matrix of the linear recipe: weighting, and a smaller matrix with the same optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.learn.types import Bools, Features, Float32s

MOST_ROTATED: Final = 2500
"""Up to so many rows the rotation below pays; beyond, n x n costs more than it saves."""
UNIT_TOLERANCE: Final = 0.01


@dataclass(frozen=True, eq=False)
class Design:
    """What the optimiser sees, and the way back to weights on the original columns.

    Attributes:
        Z: (n, r) float32 dense or CSR rows handed to the optimiser.
        columns: (m,) original columns in use, or None for all.
        weighted: (n, m) the rows after centring and weighting; Z has the same inner products.
        scale: (m,) what each column was multiplied by.
        mean: (m,) what was subtracted before; zeros for sparse rows.
        lower: (n, n) Cholesky factor when Z is the rotated form, else None.
    """

    Z: Features
    columns: NDArray[np.int32] | None
    weighted: Features
    scale: NDArray[np.float64]
    mean: NDArray[np.float64]
    lower: NDArray[np.float64] | None

    def unfold(self, coef: NDArray[Any], offsets: NDArray[Any]) -> tuple[Float32s, Float32s]:
        """Turn (r, c) coefficients on Z into weights and offsets on the features as given."""
        from scipy.linalg import solve_triangular

        flat = np.asarray(coef, np.float64)
        if self.lower is not None:
            dual = solve_triangular(self.lower, flat, lower=True, trans="T")
            flat = np.asarray(self.weighted.T @ dual)
        weights = flat * self.scale[:, None]
        return weights.astype(np.float32), (offsets - self.mean @ weights).astype(np.float32)


def prepare(X: Features, *, idf: bool) -> Design:
    """Weight the columns and, when there are fewer rows than columns, rotate.

    Sparse rows keep the columns that occur, weighted by inverse document frequency. Dense rows
    are centred; each column is then divided by its deviation, unless the rows are of unit length:
    that is a descriptor or embedding whose geometry means something, so it gets one scale for
    all. Last, one number brings the mean squared length of a row to 1, so that the penalty means
    the same for every kind of feature.
    """
    columns, weighted, scale, mean = (
        _sparse(X, idf=idf) if not isinstance(X, np.ndarray) else _dense(X)
    )
    squares = weighted.power(2) if not isinstance(weighted, np.ndarray) else weighted**2
    length = np.sqrt(float(squares.sum()) / max(1, X.shape[0]))
    factor = 1 / length if length > 0 else 1.0
    weighted = weighted * np.float32(factor)
    rotated = _rotate(weighted)
    Z, lower = (weighted, None) if rotated is None else rotated
    return Design(Z, columns, weighted, scale * factor, mean, lower)


_Weighted = tuple[
    "NDArray[np.int32] | None", Features, "NDArray[np.float64]", "NDArray[np.float64]"
]


def _sparse(X: csr_matrix, *, idf: bool) -> _Weighted:
    frequency = np.bincount(X.indices, minlength=X.shape[1])
    columns = np.flatnonzero(frequency).astype(np.int32)
    scale = np.ones(len(columns))
    if idf:
        scale = np.log((1 + X.shape[0]) / (1 + frequency[columns])) + 1
    places = np.zeros(X.shape[1], np.int32)
    places[columns] = np.arange(len(columns), dtype=np.int32)
    at = places[X.indices]
    values = (X.data * scale[at]).astype(np.float32)
    weighted = csr_matrix((values, at, X.indptr), shape=(X.shape[0], len(columns)))
    return columns, weighted, scale, np.zeros(len(columns))


def _dense(X: Float32s) -> _Weighted:
    mean = X.mean(axis=0, dtype=np.float64)
    spread = X.std(axis=0, dtype=np.float64)
    varies: Bools = spread > 1e-6 * np.maximum(1.0, np.abs(mean))
    lengths = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))
    if bool((np.abs(lengths - 1) < UNIT_TOLERANCE).all()):
        scale = varies.astype(np.float64)
    else:
        scale = np.where(varies, 1 / np.where(varies, spread, 1.0), 0.0)
    return None, ((X - mean) * scale).astype(np.float32), scale, mean


def _rotate(weighted: Features) -> tuple[Float32s, NDArray[np.float64]] | None:
    """Replace m columns by n with the same inner products.

    A penalised linear model depends on its rows only through their inner products (the representer
    theorem), and L with L L' = A A' has the same ones as A. With 1,500 texts over 14,000 n-grams
    this is a dense 1,500 x 1,500 matrix, on which the optimiser runs seven times faster.
    """
    from scipy.linalg import cholesky

    rows, width = weighted.shape
    if rows >= width or rows > MOST_ROTATED:
        return None
    # In float64: the rounding of float32 products would make the matrix indefinite.
    exact = weighted.astype(np.float64)
    inner = exact @ exact.T
    gram = inner if isinstance(inner, np.ndarray) else inner.toarray()
    # Two equal rows make the matrix singular; this is far below what float32 sees.
    gram[np.diag_indices_from(gram)] += 1e-6
    lower = cholesky(gram, lower=True)
    return lower.astype(np.float32), lower
