"""JSON Lines, and JSON arrays small enough to be held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

from activeloop.errors import Invalid, TooLarge
from activeloop.formats.cells import check_storable
from activeloop.formats.columns import Choice, choose
from activeloop.formats.lines import BadLine, lines
from activeloop.formats.rows import (
    MEBIBYTE,
    BadRow,
    Limits,
    Reader,
    Request,
    Row,
    Tally,
    bad_row,
    shorten,
)
from activeloop.formats.shaping import Shape, shaper

SAMPLED = 100
Numbered = tuple[int, str | BadLine]


def _constant(name: str) -> NoReturn:
    raise Invalid.field(
        "", f"{name} is not JSON.", "Write null, or leave the row out when it is the sample itself."
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise Invalid.field(doubled[:100], "The key stands twice in one object.", "Keep one.")
    return record


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def parse(text: str) -> dict[str, Any]:
    """Read one JSON object, strictly.

    Raises:
        Invalid: when it is broken, not an object, too deep, or holds NaN or a key twice.
    """
    try:
        record = _DECODER.decode(text)
        if not isinstance(record, dict):
            raise Invalid.field(
                "",
                f"The line holds {shorten(text.strip())}, not a JSON object.",
                'Write one object per line, as in {"text": "..."}.',
            )
        if "\\u" in text:
            check_storable(record)
    except json.JSONDecodeError as error:
        raise Invalid.field(
            "",
            f"The JSON is broken: {error.msg} at character {error.pos + 1}.",
            "Mend it; every object must stand on one line.",
        ) from error
    except RecursionError as error:
        raise Invalid.field("", "The JSON is nested too deeply.", "Flatten it.") from error
    except ValueError as error:
        raise Invalid.field(
            "", "The JSON holds a whole number that is too long.", "Write it as text."
        ) from error
    return record


def read_lines(request: Request) -> Reader:
    """Read a JSON Lines file.

    Raises:
        Invalid: when none of the first objects has a needed column.
    """
    found = _look(request)
    choice = _choice(request, found)
    tally = Tally()
    shape = shaper(request, choice) if choice else None

    def rows() -> Iterator[Row | BadRow]:
        for number, line in enumerate(lines(request.path, request.limits, tally), start=1):
            if number <= request.after:
                continue
            if isinstance(line, BadLine):
                yield BadRow(number, line.problem, line.remedy)
            elif line and not line.isspace():
                yield _row(shape, number, line, request.limits)

    return Reader(
        rows(),
        tally,
        format=request.format,
        total=request.path.stat().st_size,
        mapping=choice.mapping(request.kind) if choice else {},
        columns=tuple(found),
    )


def _row(shape: Shape | None, number: int, line: str, limits: Limits) -> Row | BadRow:
    try:
        record = parse(line)
        _check_width(record, limits)
    except Invalid as error:
        return bad_row(number, error)
    if shape is None:
        return BadRow(number, "The object is empty.", "Fill it in or delete the line.")
    return shape(number, record)


def _check_width(record: dict[str, Any], limits: Limits) -> None:
    if len(record) > limits.max_columns:
        raise Invalid.field(
            "", f"The object has {len(record)} keys.", f"At most {limits.max_columns} are read."
        )


def _look(request: Request) -> dict[str, Any]:
    """Give the keys of the first objects, each with its first value; empty when there is none."""
    found: dict[str, Any] = {}
    for number, line in enumerate(lines(request.path, request.limits), start=1):
        if number > SAMPLED and found:
            break
        if not isinstance(line, str) or line.isspace():
            continue
        try:
            record = parse(line)
            _check_width(record, request.limits)
        except Invalid:
            continue
        for key, value in record.items():
            found.setdefault(key, value)
    return found


def _choice(request: Request, found: dict[str, Any]) -> Choice | None:
    if not found:
        return None
    return choose(request.kind, tuple(found), request.mapping, found, several=request.of_several)


def read_array(request: Request) -> Reader:
    """Read a file that holds one JSON array of objects.

    Raises:
        TooLarge: when it is larger than what is held in memory at once.
        Invalid: when it is broken as a whole or lacks a needed column.
    """
    most = request.limits.max_json_bytes
    if request.path.stat().st_size > most:
        raise TooLarge(
            f"A JSON array is read as a whole, so it may have at most {most // MEBIBYTE} MiB. "
            "Write it as JSON Lines (one object per line), which may have any size."
        )
    items = _items(request)
    found: dict[str, Any] = {}
    for item in items[:SAMPLED]:
        if isinstance(item, dict):
            found.update({key: value for key, value in item.items() if key not in found})
    choice = _choice(request, found)
    shape = shaper(request, choice) if choice else None
    tally = Tally()

    def rows() -> Iterator[Row | BadRow]:
        for number, item in enumerate(items, start=1):
            tally.position = number
            if number > request.after:
                yield _item(shape, number, item, request.limits)

    return Reader(
        rows(),
        tally,
        format=request.format,
        total=len(items),
        mapping=choice.mapping(request.kind) if choice else {},
        columns=tuple(found),
    )


def _item(shape: Shape | None, number: int, item: Any, limits: Limits) -> Row | BadRow:
    if not isinstance(item, dict) or shape is None:
        return BadRow(
            number, f"The item is {shorten(item)}, not an object.", 'Write {"text": "..."}.'
        )
    try:
        check_storable(item)
        _check_width(item, limits)
    except Invalid as error:
        return bad_row(number, error)
    return shape(number, item)


def _items(request: Request) -> list[Any]:
    parts: list[str] = []
    most = request.limits.max_json_bytes
    for line in lines(
        request.path, replace(request.limits, max_line_bytes=most, max_total_bytes=most)
    ):
        if isinstance(line, BadLine):
            raise Invalid(f"{line.problem} {line.remedy}")
        parts.append(line)
    try:
        items = _DECODER.decode("".join(parts))
    except json.JSONDecodeError as error:
        raise Invalid(
            f"The JSON is broken: {error.msg} at line {error.lineno}, character {error.colno}. "
            "Mend it, or write JSON Lines, of which the good lines are kept."
        ) from error
    except (RecursionError, ValueError) as error:
        raise Invalid(f"The JSON cannot be read: {shorten(error)}.") from error
    if isinstance(items, dict):
        items = [items]
    if not isinstance(items, list):
        raise Invalid("The file holds a single JSON value, not an array of objects.")
    return items
