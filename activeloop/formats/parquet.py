"""Parquet, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from activeloop.errors import Invalid
from activeloop.formats.cells import check_storable
from activeloop.formats.columns import choose
from activeloop.formats.rows import (
    MEBIBYTE,
    BadRow,
    Reader,
    Request,
    Row,
    Tally,
    bad_row,
)
from activeloop.formats.shaping import Shape, shaper

BATCH_ROWS = 1024
HELD_BYTES = 32 * MEBIBYTE
BUFFER_BYTES = MEBIBYTE
BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, RuntimeError)


def read_parquet(request: Request) -> Reader:
    """Read a Parquet file.

    Raises:
        Invalid: when it is broken as a whole or lacks a needed column.
    """
    file = _open(request)
    total = file.metadata.num_rows
    names = tuple(file.schema_arrow.names)
    if len(set(names)) != len(names) or len(names) > request.limits.max_columns:
        file.close()
        raise Invalid(
            f"The file has {len(names)} columns; each needs its own name, and at most "
            f"{request.limits.max_columns} are read."
        )
    try:
        choice = choose(
            request.kind, names, request.mapping, _sample(file), several=request.of_several
        )
    except Invalid:
        file.close()
        raise
    tally = Tally()
    rows = _rows(file, request, shaper(request, choice), tally)
    return Reader(
        rows,
        tally,
        format=request.format,
        total=total,
        mapping=choice.mapping(request.kind),
        columns=names,
    )


def _rows(
    file: pq.ParquetFile, request: Request, shape: Shape, tally: Tally
) -> Iterator[Row | BadRow]:
    with file:
        for number, record in _records(file, tally):
            if number <= request.after:
                continue
            if isinstance(record, BadRow):
                yield record
                continue
            try:
                check_storable(record)
            except Invalid as error:
                yield bad_row(number, error)
            else:
                yield shape(number, record)


def _open(request: Request) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(request.path, buffer_size=BUFFER_BYTES)
        texts = [
            field.name
            for field in file.schema_arrow
            if pa.types.is_string(field.type) or pa.types.is_binary(field.type)
        ]
        file.close()
        # texts stay in their dictionary, so that a long one repeated a million times is held once
        return pq.ParquetFile(request.path, buffer_size=BUFFER_BYTES, read_dictionary=texts)
    except BROKEN as error:
        raise Invalid(
            f"The Parquet file is cut off or broken ({str(error)[:100]}). Write or upload it again."
        ) from error


def _sample(file: pq.ParquetFile) -> dict[str, Any]:
    """Stand-in values by type, to tell columns of numbers without reading any."""

    def numeric(kind: pa.DataType) -> bool:
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))

    return {field.name: 1.0 if numeric(field.type) else None for field in file.schema_arrow}


def _records(file: pq.ParquetFile, tally: Tally) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            plain = _plain(batch)
            step = max(1, min(BATCH_ROWS, HELD_BYTES // _widest(plain)))
            for start in range(0, plain.num_rows, step):
                for record in plain.slice(start, step).to_pylist():
                    tally.position += 1
                    yield tally.position, record
    except BROKEN as error:
        yield (
            tally.position + 1,
            BadRow(
                tally.position + 1,
                f"The file is broken from here on ({str(error)[:100]}).",
                "Write or upload it again. The rows before are kept.",
            ),
        )


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Turn dates, decimals and the like into text, which is what JSON can hold."""
    columns = [column if _jsonable(column.type) else _as_text(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _jsonable(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _jsonable(kind.value_type)
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_boolean,
            pa.types.is_integer,
            pa.types.is_floating,
            pa.types.is_nested,
            pa.types.is_null,
        )
    )


def _as_text(column: pa.Array) -> pa.Array:
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowException:
        return pa.nulls(len(column), pa.string())


def _widest(batch: pa.RecordBatch) -> int:
    """Give the bytes that the batch's widest row may have once its texts are spelled out."""
    widest = 1
    for column in batch.columns:
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if pa.types.is_string(texts.type) or pa.types.is_binary(texts.type):
            widest += pc.max(pc.binary_length(texts)).as_py() or 0
    return widest


def count_rows(path: Path) -> int:
    """Give the number of rows that the file says it has.

    Raises:
        Invalid: when it is broken.
    """
    with _open(Request(path, "table", "parquet")) as file:
        return int(file.metadata.num_rows)
