"""The files of feature blocks: arrays one after the other in NumPy's own format.

A dense block is one array of float32, or float16 on request: a plain `.npy` file. A sparse one is
four: data, column indices, row pointers and the shape. Rows are read into memory that is used
again, not mapped: what was looked at would otherwise count as memory of the process.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.errors import Corrupt, Invalid
from activeloop.learn.types import Block, Buffer, Features, Ints

MOST_HALF = 65_504.0
"""The largest number that float16 holds."""
_DATA, _COLUMNS, _POINTERS, _SHAPE = range(4)


class _Array(NamedTuple):
    """Where an array lies in a file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int


@dataclass(frozen=True)
class StoredBlock:
    """A block on disk, a Source: the features of the samples `start` to `start + rows`."""

    start: int
    rows: int
    path: Path

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return self._columns if self.sparse else self._arrays[0].shape[1]

    @property
    def sparse(self) -> bool:
        """Whether the rows are in CSR form."""
        return len(self._arrays) == 4

    def read(self, first: int, stop: int, buffer: Buffer) -> Features:
        """Read the rows [first, stop): dense ones into the buffer, sparse ones into new arrays."""
        with _opened(self.path) as file:
            if self.sparse:
                return self._sparse_rows(file, first, stop)
            array, room = self._arrays[0], buffer.rows(stop - first, self.width)
            place = array.offset + first * self.width * array.dtype.itemsize
            if array.dtype == np.float32:
                self._fill(file, room, place)
                return room
            half = np.empty(room.shape, array.dtype)
            self._fill(file, half, place)
            room[:] = half
            return room

    def take(self, rows: Ints) -> Features:
        """Read some rows, in the order given, into new memory."""
        if self.sparse:
            return self._sparse_taken(rows)
        array = self._arrays[0]
        taken = np.empty((len(rows), self.width), array.dtype)
        with _opened(self.path) as file:
            for room, row in zip(taken, rows.tolist(), strict=True):
                self._fill(file, room, array.offset + row * room.nbytes)
        return taken.astype(np.float32, copy=False)

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

    @cached_property
    def _arrays(self) -> list[_Array]:
        try:
            found = _headers(self.path)
            rows = len(found[0].shape) == 2 and found[0].shape[0]
            if len(found) == 4:
                rows = found[_POINTERS].shape[0] - 1
        except (ValueError, OSError, IndexError) as error:
            raise _damaged(self.path, error) from error
        if rows != self.rows or len(found) not in {1, 4}:
            raise Corrupt(
                f"The feature block {self.path.name[:12]} has {rows} rows, not {self.rows}."
            )
        return found

    @cached_property
    def _columns(self) -> int:
        with _opened(self.path) as file:
            return int(self._slice(file, _SHAPE, 0, 2)[1])

    def _slice(self, file: int, number: int, first: int, stop: int) -> NDArray[Any]:
        array = self._arrays[number]
        room = np.empty(stop - first, array.dtype)
        self._fill(file, room, array.offset + first * array.dtype.itemsize)
        return room

    def _sparse_rows(self, file: int, first: int, stop: int) -> csr_matrix:
        pointers = self._slice(file, _POINTERS, first, stop + 1)
        low, high = int(pointers[0]), int(pointers[-1])
        values = self._slice(file, _DATA, low, high)
        columns = self._slice(file, _COLUMNS, low, high)
        return _csr(values, columns, pointers - low, (stop - first, self._columns))

    def _sparse_taken(self, rows: Ints) -> csr_matrix:
        with _opened(self.path) as file:
            pointers = self._slice(file, _POINTERS, 0, self.rows + 1)
            starts, counts = pointers[rows], pointers[rows + 1] - pointers[rows]
            taken = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
            values = np.empty(taken[-1], self._arrays[_DATA].dtype)
            columns = np.empty(taken[-1], self._arrays[_COLUMNS].dtype)
            for room, number in ((values, _DATA), (columns, _COLUMNS)):
                array = self._arrays[number]
                for start, low, high in zip(
                    starts.tolist(), taken.tolist(), taken[1:].tolist(), strict=False
                ):
                    self._fill(file, room[low:high], array.offset + start * array.dtype.itemsize)
        return _csr(values, columns, taken, (len(rows), self._columns))

    def _fill(self, file: int, room: NDArray[Any], place: int) -> None:
        """Read a whole array's bytes.

        Raises:
            Corrupt: when the file ends before.
        """
        wanted: Any = room.reshape(-1).view(np.uint8)
        read = 0
        while read < wanted.nbytes:
            count = os.preadv(file, [wanted[read:]], place + read)
            if count == 0:
                raise _damaged(self.path, "it ends too early")
            read += count


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY)
    try:
        yield file
    finally:
        os.close(file)


def _csr(
    values: NDArray[Any], columns: NDArray[Any], pointers: NDArray[Any], shape: tuple[int, int]
) -> csr_matrix:
    rows = csr_matrix((values, columns, pointers), shape=shape, copy=False)
    rows.has_sorted_indices = True
    return rows


def _damaged(path: Path, error: Any) -> Corrupt:
    return Corrupt(f"The feature block {path.name[:12]} is damaged: {error}")


def _headers(path: Path) -> list[_Array]:
    """Find the arrays of a file.

    Raises:
        ValueError, OSError: when it is none of ours.
    """
    found: list[_Array] = []
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        while file.tell() < size:
            npy.read_magic(file)
            shape, fortran, dtype = npy.read_array_header_1_0(file)
            if dtype.hasobject or fortran:
                raise ValueError("not written here")
            found.append(_Array(dtype, shape, file.tell()))
            end = file.seek(int(np.prod(shape)) * dtype.itemsize, io.SEEK_CUR)
            if end > size:
                raise ValueError("it ends too early")
    if not found:
        raise ValueError("it is empty")
    return found


def dump(X: Features, *, half: bool = False) -> bytes:
    """Write features as the bytes of a block file.

    Args:
        X: (n, d) float32.
        half: keep dense features as float16: half the disk, three decimal digits.

    Raises:
        Invalid: when a number is too large for float16.
    """
    file = io.BytesIO()
    for array in _arrays(_halved(X) if half and isinstance(X, np.ndarray) else X):
        npy.write_array(file, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def load(path: Path) -> Features:
    """Map a block file; the arrays cannot be written to.

    Raises:
        Corrupt: when it is none.
    """
    try:
        arrays = [_mapped(path, array) for array in _headers(path)]
        if len(arrays) == 1:
            dense: Features = arrays[0]
            return dense
        data, indices, pointers, shape = arrays
        return _csr(data, indices, pointers, tuple(shape.tolist()))
    except (ValueError, OSError, IndexError) as error:
        raise _damaged(path, error) from error


def size_of(X: Features) -> int:
    """Give the bytes that the features take."""
    return sum(array.nbytes for array in _arrays(X))


def _halved(X: NDArray[Any]) -> NDArray[np.float16]:
    largest = float(np.abs(X).max(initial=0.0))
    if largest > MOST_HALF:
        raise Invalid.field(
            "features.precision",
            f"float16 holds numbers up to {MOST_HALF:,.0f}, and a feature is {largest:,.0f}.",
            "Use float32, or scale the column.",
        )
    return X.astype(np.float16)


def _arrays(X: Features) -> list[NDArray[Any]]:
    if isinstance(X, np.ndarray):
        return [X if X.dtype == np.float16 else np.asarray(X, np.float32)]
    rows: Any = X
    if not rows.has_sorted_indices:
        rows.sort_indices()
    shape = np.array(rows.shape, np.int64)
    return [rows.data, rows.indices.astype(np.int32, copy=False), rows.indptr, shape]


def _mapped(path: Path, array: _Array) -> NDArray[Any]:
    if not int(np.prod(array.shape)):
        return np.empty(array.shape, array.dtype)
    mapped: NDArray[Any] = np.memmap(
        path, array.dtype, "r", offset=array.offset, shape=array.shape
    ).view(np.ndarray)
    return mapped
