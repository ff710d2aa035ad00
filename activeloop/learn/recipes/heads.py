"""Linear heads: one float32 matrix product gives the scores of a model and of its committee.

Scores lie class by class: sums and maxima over the classes then run along whole rows of memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.errors import Invalid
from activeloop.learn.types import Features, Float32s

UNSEEN: Final = 1e-6
"""The probability given to a class without a label: small, but its log is finite."""

_LANES: Final = 16


@dataclass(frozen=True, eq=False)
class Heads:
    """k stacked linear classifiers over the same columns.

    Attributes:
        width: columns of the features they were trained on.
        columns: (m,) the columns with a weight, or None for all of them.
        weights: (m, k * c) float32, or (width, k * c).
        offsets: (k * c,) float32.
        count: k.
    """

    width: int
    columns: NDArray[np.int32] | None
    weights: Float32s
    offsets: Float32s
    count: int

    def scores(self, X: Features) -> Float32s:
        """Give (k * c, n) scores: one product, and no copy of X in another type.

        Raises:
            Invalid: when X has another width.
        """
        if X.ndim != 2 or X.shape[1] != self.width:
            raise Invalid(f"The model wants rows of {self.width} columns, got {X.shape[1:]}.")
        if isinstance(X, np.ndarray):
            rows = np.asarray(X, np.float32)
            product = (rows if self.columns is None else rows[:, self.columns]) @ self._wide
        else:
            product = np.asarray(self._compact(X) @ self._padded, np.float32)
        count = len(self.offsets)
        scores = np.empty((count, X.shape[0]), np.float32)
        np.add(product[:, :count].T, self.offsets[:, None], out=scores)
        return scores

    @cached_property
    def _wide(self) -> Float32s:
        """The weights with columns of zeros up to a multiple of 16.

        BLAS multiplies a tall matrix by a narrow one up to four times as fast when the narrow
        one's width fits the processor's vectors.
        """
        columns = self.weights.shape[1]
        wide = np.zeros((len(self.weights), -(-columns // _LANES) * _LANES), np.float32)
        wide[:, :columns] = self.weights
        return wide

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        """Where each column's weights are; columns without any share the row of zeros."""
        count = len(self.weights)
        if self.columns is None:
            return np.arange(count, dtype=np.int32)
        places = np.full(self.width, count, np.int32)
        places[self.columns] = np.arange(count, dtype=np.int32)
        return places

    @cached_property
    def _padded(self) -> Float32s:
        return np.vstack([self.weights, np.zeros((1, self.weights.shape[1]), np.float32)])

    def _compact(self, X: csr_matrix) -> csr_matrix:
        # Renaming the columns costs one look-up an entry; slicing them would sort the matrix.
        shape = (X.shape[0], len(self.weights) + 1)
        return csr_matrix((X.data, self._places[X.indices], X.indptr), shape=shape)

    def arrays(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Give the arrays to store."""
        stored: dict[str, NDArray[Any]] = {
            f"{prefix}weights": self.weights,
            f"{prefix}offsets": self.offsets,
        }
        return stored if self.columns is None else {**stored, f"{prefix}columns": self.columns}


def softmax(scores: Float32s) -> Float32s:
    """Turn (..., c, n) scores into probabilities of the c classes, in place."""
    scores -= scores.max(axis=-2, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-2, keepdims=True)
    return scores


def spread(proba: Float32s, present: NDArray[Any], n_classes: int) -> Float32s:
    """Place (..., c, n) probabilities of the classes seen among all classes.

    Returns:
        (..., n, n_classes), in memory class by class; a class without a label gets UNSEEN.
    """
    if len(present) == n_classes:
        return proba.swapaxes(-1, -2)
    full = np.full((*proba.shape[:-2], n_classes, proba.shape[-1]), UNSEEN, np.float32)
    full[..., present, :] = proba * np.float32(1 - UNSEEN * (n_classes - len(present)))
    return full.swapaxes(-1, -2)


def heads_from(
    manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], *, prefix: str, count: int
) -> Heads:
    """Rebuild heads from a stored state, checking that the shapes belong together.

    Raises:
        KeyError, ValueError: when they do not.
    """
    weights, offsets = arrays[f"{prefix}weights"], arrays[f"{prefix}offsets"]
    columns, width = arrays.get("columns"), int(manifest["width"])
    rows = width if columns is None else len(columns)
    if weights.shape != (rows, len(offsets)) or len(offsets) != count * len(arrays["present"]):
        raise ValueError(f"weights of shape {weights.shape} do not fit")
    if columns is not None and len(columns) and not 0 <= columns.min() <= columns.max() < width:
        raise ValueError("columns are out of range")
    return Heads(width, columns, weights, offsets, count)
