"""Rows back to files: CSV that a spreadsheet can open without harm, JSON Lines without loss."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
FLUSHED_CHARACTERS = 1 << 16
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def write_csv(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> Iterator[bytes]:
    """Write rows as CSV (UTF-8, CRLF, everything quoted), piece by piece.

    A text cell that a spreadsheet would run as a formula gets a leading apostrophe; numbers are
    left as they are. CSV is for looking at: JSON Lines is the form that loses nothing.

    Args:
        rows: flat mappings.
        columns: the header; the first row's keys when not given. Other keys are left out.
    """
    held = io.StringIO()
    writer = csv.writer(held, quoting=csv.QUOTE_ALL)
    header = list(columns) if columns is not None else None
    if header is not None:
        writer.writerow([_cell(name) for name in header])
    for row in rows:
        if header is None:
            header = list(row)
            writer.writerow([_cell(name) for name in header])
        writer.writerow([_cell(row.get(name)) for name in header])
        if held.tell() > FLUSHED_CHARACTERS:
            yield held.getvalue().encode()
            held.seek(0)
            held.truncate()
    if held.tell():
        yield held.getvalue().encode()


def write_jsonl(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Write rows as JSON Lines in UTF-8, one object each, keys in the order given.

    Raises:
        ValueError: when a value is NaN or infinite, which JSON cannot say.
    """
    for row in rows:
        yield (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
