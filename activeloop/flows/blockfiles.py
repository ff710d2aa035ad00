"""The files of feature blocks: arrays one after the other in NumPy's own format, mapped on reading.

A dense block is one float32 array, a plain `.npy` file. A sparse one is four: data, column
indices, row pointers and the shape.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.errors import Corrupt
from activeloop.learn.types import Block, Features


@dataclass(frozen=True)
class StoredBlock:
    """A block on disk: the features of the samples `start` to `start + rows`."""

    start: int
    rows: int
    path: Path

    def load(self) -> Block:
        """Map the file into memory; nothing is read until it is looked at.

        Raises:
            Corrupt: when the file is not a block of so many rows.
        """
        X = load(self.path)
        if X.shape[0] != self.rows:
            raise Corrupt(
                f"The feature block {self.path.name[:12]} has {X.shape[0]} rows, not {self.rows}."
            )
        return Block(self.start, X)


def dump(X: Features) -> bytes:
    """Write features as the bytes of a block file."""
    file = io.BytesIO()
    for array in _arrays(X):
        npy.write_array(file, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def load(path: Path) -> Features:
    """Map a block file; the arrays cannot be written to.

    Raises:
        Corrupt: when it is none.
    """
    try:
        arrays = _mapped(path)
        if len(arrays) == 1:
            dense: Features = arrays[0]
            return dense
        data, indices, pointers, shape = arrays
        sparse = csr_matrix((data, indices, pointers), shape=tuple(shape.tolist()), copy=False)
    except (ValueError, OSError, IndexError) as error:
        raise Corrupt(f"The feature block {path.name[:12]} is damaged: {error}") from error
    sparse.has_sorted_indices = True
    return sparse


def size_of(X: Features) -> int:
    """Give the bytes that the features take."""
    return sum(array.nbytes for array in _arrays(X))


def _arrays(X: Features) -> list[NDArray[Any]]:
    if isinstance(X, np.ndarray):
        return [np.asarray(X, np.float32)]
    rows: Any = X
    if not rows.has_sorted_indices:
        rows.sort_indices()
    shape = np.array(rows.shape, np.int64)
    return [rows.data, rows.indices.astype(np.int32, copy=False), rows.indptr, shape]


def _mapped(path: Path) -> list[NDArray[Any]]:
    arrays: list[NDArray[Any]] = []
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        while file.tell() < size:
            npy.read_magic(file)
            shape, fortran, dtype = npy.read_array_header_1_0(file)
            if dtype.hasobject or fortran:
                raise ValueError("not written here")
            count = int(np.prod(shape))
            if count:
                array: NDArray[Any] = np.memmap(
                    path, dtype, "r", offset=file.tell(), shape=shape
                ).view(np.ndarray)
            else:
                array = np.empty(shape, dtype)
            arrays.append(array)
            file.seek(count * dtype.itemsize, io.SEEK_CUR)
    return arrays
