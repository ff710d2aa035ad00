"""Vectors in .npy and .npz files, row by row, never all in memory."""

from __future__ import annotations

import struct
import tokenize
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from activeloop.errors import Invalid
from activeloop.formats.archives import BROKEN, open_zip
from activeloop.formats.cells import label_reader, vector_of
from activeloop.formats.columns import NAMES, listed, meant
from activeloop.formats.rows import (
    BadRow,
    Limits,
    Reader,
    Request,
    Row,
    Tally,
    bad_row,
    digest_of,
)

Array = npt.NDArray[Any]
Header = tuple[tuple[int, ...], bool, np.dtype[Any]]
CHUNK_BYTES = 4 << 20
VECTORS = (*NAMES["vector"], "vectors", "x_train", "data", "arr_0")
# what numpy raises on a header that is not one; a warning is an error where warnings are
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    SyntaxError,
    LookupError,
    MemoryError,
    RuntimeError,
    OverflowError,
    struct.error,
    tokenize.TokenError,
    Warning,
)
LABELS = (*NAMES["label"], "y_train", "targets", "arr_1")


def read_npy(request: Request) -> Reader:
    """Read one array of shape (samples, ...), memory-mapped.

    Raises:
        Invalid: when it is broken, holds objects, or has no rows and columns.
    """
    _check(request, ())
    try:
        array = np.load(request.path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise _broken(error) from error
    _check_shape(array.shape, array.dtype, request.limits)
    step = _step(array.shape, array.dtype)
    chunks = (np.asarray(array[start : start + step]) for start in range(0, len(array), step))
    return _reader(request, chunks, len(array), None, {})


def read_npz(request: Request) -> Reader:
    """Read an archive of arrays: vectors as X (or as mapped), labels as y, if there.

    Raises:
        Invalid: when it is broken, holds objects, or lacks the array of vectors.
    """
    archive = open_zip(request.path, request.limits)
    try:
        names = [each.removesuffix(".npy") for each in archive.namelist() if each.endswith(".npy")]
        _check(request, names)
        vectors = _named("vector", VECTORS, names, request)
        labels = _named("label", LABELS, names, request)
        if vectors is None:
            raise Invalid.field(
                "vector",
                f"The file has no array named X. Arrays found: {listed(names)}.",
                "Name it with a mapping, as in vector=embeddings.",
            )
        shape, dtype = _measured(archive, vectors)
        _check_shape(shape, dtype, request.limits)
        y = _labels(archive, labels, shape[0], request) if labels else None
    except (Invalid, *BROKEN) as error:
        archive.close()
        raise error if isinstance(error, Invalid) else _broken(error) from error
    mapping = {"vector": vectors} | ({"label": labels} if labels else {})
    return _reader(request, _streamed(archive, vectors), shape[0], y, mapping)


def _check(request: Request, names: Sequence[str]) -> None:
    if request.kind != "vectors":
        raise Invalid(
            f"An {request.format} file is read as vectors, and this project's kind is "
            f"{request.kind}."
        )
    for ours, theirs in request.mapping.items():
        if ours not in ("vector", "label") or (theirs and theirs not in names):
            raise Invalid.field(
                ours,
                f"The file has no array {theirs!r} to map.{meant(theirs, names)}",
                f"Arrays found: {listed(names)}; vector and label can be mapped.",
            )


def _named(ours: str, usual: Sequence[str], names: Sequence[str], request: Request) -> str | None:
    if ours in request.mapping:
        return request.mapping[ours] or None
    folded = {name.casefold(): name for name in names}
    return next((folded[name] for name in usual if name in folded), None)


def _header(file: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _measured(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        with archive.open(f"{name}.npy") as file:
            shape, fortran, dtype = _header(file)
    except UNREADABLE as error:
        raise _broken(error) from error
    if fortran and len(shape) > 1:
        raise Invalid.field(
            name, "The array is stored by columns.", "Save numpy.ascontiguousarray of it."
        )
    return shape, dtype


def _check_shape(shape: tuple[int, ...], dtype: np.dtype[Any], limits: Limits) -> None:
    if len(shape) < 2 or 0 in shape:
        raise Invalid.field(
            "vector", f"The array has the shape {shape}.", "Give (samples, numbers per sample)."
        )
    if dtype.kind not in "fiub":
        raise Invalid.field("vector", f"The array holds {dtype}.", "Give real numbers.")
    width = int(np.prod(shape[1:], dtype=np.float64))
    if width > limits.max_columns:
        raise Invalid.field(
            "vector", f"A vector has {width} numbers.", f"At most {limits.max_columns} are read."
        )


def _labels(archive: zipfile.ZipFile, name: str, rows: int, request: Request) -> list[Any]:
    shape, dtype = _measured(archive, name)
    marked = request.several and len(shape) == 2
    if shape[:1] != (rows,) or dtype.kind not in "iubUf" or (len(shape) != 1 and not marked):
        raise Invalid.field(
            name,
            f"The labels have the shape {shape} and type {dtype}.",
            f"Give one number or text for each of the {rows} vectors.",
        )
    columns = shape[1] if marked else 1
    if rows * columns * dtype.itemsize > request.limits.max_member_bytes:
        raise Invalid.field(name, "The labels are too large.", "Use shorter labels, or numbers.")
    values = next(_pieces(archive, name, rows), None)
    found = [] if values is None else list(values.tolist())
    return _named_marks(name, found, columns, request.classes) if marked else found


def _named_marks(
    name: str, rows: list[list[Any]], columns: int, classes: Sequence[str]
) -> list[list[str]]:
    """Turn rows of 0 and 1 into lists of the classes they mark."""
    names = list(classes) or [str(place) for place in range(columns)]
    if len(names) != columns:
        raise Invalid.field(
            name,
            f"The labels have {columns} columns, the project has {len(names)} classes.",
            "Give one column of 0 and 1 for each class, in their order.",
        )
    return [[each for each, mark in zip(names, row, strict=True) if mark] for row in rows]


def _step(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    width = int(np.prod(shape[1:], dtype=np.float64)) * dtype.itemsize
    return max(1, CHUNK_BYTES // max(width, 1))


def _pieces(archive: zipfile.ZipFile, name: str, step: int) -> Iterator[Array]:
    with archive.open(f"{name}.npy") as file:
        shape, _, dtype = _header(file)
        row = int(np.prod(shape[1:], dtype=np.float64)) * dtype.itemsize
        for start in range(0, shape[0], step):
            count = min(step, shape[0] - start)
            held = file.read(count * row)
            count = len(held) // row if row else 0
            if count:
                yield np.frombuffer(held[: count * row], dtype).reshape(count, *shape[1:])
            if len(held) < row * min(step, shape[0] - start):
                raise EOFError("the array ends early")


def _streamed(archive: zipfile.ZipFile, name: str) -> Iterator[Array]:
    with archive:
        shape, dtype = _measured(archive, name)
        yield from _pieces(archive, name, _step(shape, dtype))


def _reader(
    request: Request,
    chunks: Iterator[Array],
    total: int,
    labels: list[Any] | None,
    mapping: dict[str, str],
) -> Reader:
    tally = Tally()
    read_label = label_reader(request.classes, several=request.several)

    def rows() -> Iterator[Row | BadRow]:
        for number, values in _numbered(chunks, tally):
            if isinstance(values, BadRow):
                yield values
            elif number > request.after:
                label = labels[number - 1] if labels and number <= len(labels) else None
                yield _row(number, values, *read_label(label))

    return Reader(rows(), tally, format=request.format, total=total, mapping=mapping)


def _numbered(chunks: Iterator[Array], tally: Tally) -> Iterator[tuple[int, list[Any] | BadRow]]:
    try:
        for chunk in chunks:
            for values in chunk.reshape(len(chunk), -1).astype(np.float64, copy=False):
                tally.position += 1
                yield tally.position, values.tolist()
    except (*BROKEN, RuntimeError) as error:
        number = tally.position + 1
        remedy = "Save it again. The rows before are kept."
        yield number, BadRow(number, f"The file is broken from here on ({error}).", remedy)


def _row(number: int, values: list[Any], label: str | None, warning: str) -> Row | BadRow:
    try:
        payload = {"vector": vector_of(values, ["vector"])}
    except Invalid as error:
        return bad_row(number, error)
    return Row(number, None, payload, label, {}, None, digest_of(payload), warning)


def _broken(error: Exception) -> Invalid:
    return Invalid(f"The array file cannot be read ({str(error)[:150]}). Save it again.")
