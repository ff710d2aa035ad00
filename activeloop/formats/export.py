"""Rows back to files: CSV that a spreadsheet can open without harm, JSON Lines without loss."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# the last four are what some spreadsheets take for the first four
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
FLUSHED_CHARACTERS = 1 << 16
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def write_csv(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None, *, raw: bool = False
) -> Iterator[bytes]:
    """Write rows as CSV (UTF-8, CRLF, everything quoted), piece by piece.

    A text cell that a spreadsheet would run as a formula gets a leading apostrophe; numbers are
    left as they are. CSV is for looking at: JSON Lines is the form that loses nothing.

    Args:
        rows: flat mappings.
        columns: the header; the first row's keys when not given. Other keys are left out.
        raw: leave formulas as they are; for programs, never for a spreadsheet.

    Source:
        https://owasp.org/www-community/attacks/CSV_Injection
    """
    cell = _plain if raw else _cell
    held = io.StringIO()
    writer = csv.writer(held, quoting=csv.QUOTE_ALL)
    header = list(columns) if columns is not None else None
    if header is not None:
        writer.writerow([cell(name) for name in header])
    for row in rows:
        if header is None:
            header = list(row)
            writer.writerow([cell(name) for name in header])
        writer.writerow([cell(row.get(name)) for name in header])
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
    """Give a cell that no spreadsheet takes for a formula."""
    found = _plain(value)
    runs = isinstance(found, str) and found.startswith(FORMULA_STARTS)
    return f"'{found}" if runs else found


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
