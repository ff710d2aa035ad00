"""Few dense dimensions in which distances mean something, whatever the features are."""

from __future__ import annotations

import numpy as np

from activeloop.learn.types import Features, Float32s

DIMENSIONS = 64
_DENSE_LIMIT = 128


def embed(X: Features, *, seed: int) -> Float32s:
    """Make rows comparable by Euclidean distance.

    Dense columns are standardised, and beyond 128 of them projected to 64; sparse rows are
    projected to 64 dimensions (latent semantic analysis) and brought to length 1.

    Args:
        X: (n, d) features.
        seed: of the randomised projection.

    Returns:
        (n, at most 128) finite float32.
    """
    if isinstance(X, np.ndarray):
        scaled = standardised(X)
        return scaled if scaled.shape[1] <= _DENSE_LIMIT else _projected(scaled, seed)
    used = np.unique(X.indices)
    narrow = X[:, used] if len(used) < X.shape[1] else X
    if min(narrow.shape) <= DIMENSIONS:
        return _unit(narrow.toarray().astype(np.float32))
    return _unit(_projected(narrow, seed))


def standardised(X: Float32s) -> Float32s:
    """Give each column mean 0 and variance 1; a constant column becomes 0."""
    wide = np.asarray(X, np.float64)
    spread = wide.std(axis=0)
    centred = wide - wide.mean(axis=0)
    spread[spread <= 1e-9 * np.abs(wide).max(axis=0, initial=0.0)] = np.inf
    spread[spread == 0] = np.inf
    return np.asarray(centred / spread, np.float32)


def _projected(X: Features, seed: int) -> Float32s:
    from sklearn.utils.extmath import randomized_svd

    size = min(DIMENSIONS, *X.shape)
    u, s, _ = randomized_svd(
        X, size, n_oversamples=8, n_iter=1, power_iteration_normalizer="QR", random_state=seed
    )
    return np.asarray(u * s, np.float32)


def _unit(rows: Float32s) -> Float32s:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1), np.float32)
