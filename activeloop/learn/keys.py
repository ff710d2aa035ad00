"""Random numbers and digests that belong to a row, so that how a pool is cut has no effect."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from activeloop.learn.types import Features, Floats, Ints

UInts = NDArray[np.uint64]
_HASHED_ROWS = 1024


def mixed(values: UInts) -> UInts:
    """Scramble 64-bit numbers one to one (the finaliser of SplitMix64)."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def keys(seqs: Ints, salt: int) -> UInts:
    """Give each sample a random number that depends on the seed and its sequence only.

    So the order of ties, and every random draw, stays the same however the pool is cut.
    """
    return mixed(mixed(seqs.astype(np.uint64)) ^ np.uint64(salt))


def uniforms(seqs: Ints, salt: int) -> Floats:
    """Give each sample a uniform number in the open interval (0, 1), likewise."""
    return ((keys(seqs, salt) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def digests(X: Features) -> UInts:
    """Give a 64-bit digest per row; rows of equal content have equal digests.

    Source:
        Lemire & Kaser (2014), Strongly universal string hashing is fast (multilinear hashing).
    """
    parts = [
        _sparse_digests(part) if sp.issparse(part) else _dense_digests(part)
        for part in (X[i : i + _HASHED_ROWS] for i in range(0, X.shape[0], _HASHED_ROWS))
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _bits(values: NDArray[np.floating]) -> UInts:
    # + 0 makes -0.0 and 0.0, which are equal, the same bits
    return (np.asarray(values, np.float32) + np.float32(0)).view(np.uint32).astype(np.uint64)


def _weights(columns: NDArray[np.integer]) -> UInts:
    return mixed(columns.astype(np.uint64)) | np.uint64(1)


def _dense_digests(X: NDArray[np.float32]) -> UInts:
    # a sum of products with random weights, modulo 2 ** 64 (multilinear hashing)
    return mixed(_bits(X) @ _weights(np.arange(X.shape[1])))


def _sparse_digests(X: sp.csr_matrix) -> UInts:
    cells = _bits(X.data) * _weights(X.indices)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(cells, dtype=np.uint64)])
    return mixed(sums[X.indptr[1:]] - sums[X.indptr[:-1]])
