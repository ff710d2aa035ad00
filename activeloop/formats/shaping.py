"""From a record (column -> value) to the row of a project's kind."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Any

from activeloop.errors import Invalid
from activeloop.formats.cells import (
    MAX_ID,
    flatten,
    identity_of,
    label_reader,
    number_or_text,
    vector_of,
)
from activeloop.formats.columns import Choice
from activeloop.formats.rows import BadRow, Request, Row, Scalar, bad_row, digest_of, shorten
from activeloop.formats.several import read_marks

Record = dict[str, Any]
Content = tuple[dict[str, Any], bytes | None, str]
Shape = Callable[[int, Record], Row | BadRow]


def shaper(request: Request, choice: Choice, *, flat: bool = False) -> Shape:
    """Make the function that turns a numbered record into a row; the record is used up.

    Args:
        request: what is read and for which project.
        choice: the columns.
        flat: whether the values are known to be text cells, so that metadata need no flattening.
    """
    content = _CONTENT[request.kind](request, choice)
    read_label = label_reader(request.classes, several=request.several)
    marks, classes = choice.marks, request.classes
    id_column, label_column = choice.id, choice.label
    tidy: Callable[[Record], dict[str, Scalar]] = _same if flat else flatten

    def shape(number: int, record: Record) -> Row | BadRow:
        label, warning = None, ""
        try:
            payload, blob, digest = content(record)
            external = record.pop(id_column, None) if id_column else None
            if external.__class__ is not str or not 0 < len(external) <= MAX_ID:
                external = identity_of(external, id_column or "")
            if label_column:
                label, warning = read_label(record.pop(label_column, None))
            elif marks:
                label, warning = read_marks(record, marks, classes)
                for name in marks:
                    record.pop(name, None)
            return Row(number, external, payload, label, tidy(record), blob, digest, warning)
        except Invalid as error:
            return bad_row(number, error)
        except RecursionError:
            return BadRow(number, "The row is nested too deeply.", "Flatten it.")

    return shape


def _same(record: Record) -> dict[str, Scalar]:
    return record


def _text(_request: Request, choice: Choice) -> Callable[[Record], Content]:
    if len(choice.content) > 1:
        return _fields(choice.content)
    (column,) = choice.content
    sha256 = hashlib.sha256

    def content(record: Record) -> Content:
        text = record.pop(column, None)
        if text.__class__ is not str:
            raise _missing(column, text, "text")
        if not text or text.isspace():
            raise Invalid.field(column, "The text is empty.", "Fill it in or delete the row.")
        # the canonical JSON of the payload, written by hand: this is the hot path
        written = f'{{"text":{encode_basestring(text)}}}'.encode()
        return {"text": text}, None, sha256(written).hexdigest()

    return content


def _fields(columns: tuple[str, ...]) -> Callable[[Record], Content]:
    """Read a text of several fields: shown one by one, learned from as a whole."""

    def content(record: Record) -> Content:
        fields: dict[str, str] = {}
        for name in columns:
            text = record.pop(name, None)
            if text is not None and text.__class__ is not str:
                raise _missing(name, text, "text")
            if text and not text.isspace():
                fields[name] = text
        if not fields:
            raise Invalid.field(
                columns[0], "Every field is empty.", "Fill one in or delete the row."
            )
        # as a list: PostgreSQL does not keep the order of an object
        shown = [{"name": name, "text": text} for name, text in fields.items()]
        payload = {"text": "\n\n".join(fields.values()), "fields": shown}
        return payload, None, digest_of(payload)

    return content


def _table(_request: Request, choice: Choice) -> Callable[[Record], Content]:
    def content(record: Record) -> Content:
        payload = {name: number_or_text(name, record.pop(name, None)) for name in choice.content}
        if all(value is None for value in payload.values()):
            raise Invalid.field(
                choice.content[0], "Every feature is missing.", "Fill some in or delete the row."
            )
        return payload, None, digest_of(payload)

    return content


def _vectors(request: Request, choice: Choice) -> Callable[[Record], Content]:
    width = [0]
    longest = request.limits.max_columns

    def content(record: Record) -> Content:
        if choice.spread:
            given = [record.pop(name, None) for name in choice.content]
        else:
            given = _listed(choice.content[0], record.pop(choice.content[0], None))
        vector = vector_of(given, choice.content)
        width[0] = width[0] or len(vector)
        if len(vector) != width[0] or len(vector) > longest:
            raise Invalid.field(
                choice.content[0],
                f"The vector has {len(vector)} numbers, not {min(width[0], longest)}.",
                "All vectors of a project have the same length.",
            )
        payload = {"vector": vector}
        return payload, None, digest_of(payload)

    return content


def _listed(column: str, value: Any) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = value.replace(",", " ").split() if len(value) < 1 << 20 else value
    if not isinstance(value, list):
        raise _missing(column, value, "a list of numbers")
    return value


def _image(request: Request, choice: Choice) -> Callable[[Record], Content]:
    from activeloop.formats.images import admit

    (column,) = choice.content

    def content(record: Record) -> Content:
        given = record.pop(column, None)
        name, encoded = _encoded(column, given)
        image = admit(encoded, request.limits)
        return image.payload(name), image.blob, image.digest

    return content


def _encoded(column: str, value: Any) -> tuple[str, bytes]:
    """Find the image file in a cell: bytes, {bytes, path}, base64 or a data: URI."""
    name = ""
    if isinstance(value, dict):
        name, value = str(value.get("path") or ""), value.get("bytes")
    if isinstance(value, bytes):
        return name.rsplit("/", 1)[-1], value
    if not isinstance(value, str) or not value:
        raise _missing(column, value, "an image")
    try:
        if value.startswith("data:"):
            value = value.partition(",")[2]
        return name, base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid.field(
            column,
            f"{shorten(value)} is not an encoded image.",
            "Give the image itself in base64, or import a zip or a folder; "
            "paths and addresses are not followed.",
        ) from None


def _missing(column: str, value: Any, wanted: str) -> Invalid:
    found = "is missing" if value is None else f"holds {shorten(value)}"
    return Invalid.field(column, f"The column {found}; it wants {wanted}.", "Fill it in.")


_CONTENT: Mapping[str, Callable[[Request, Choice], Callable[[Record], Content]]] = {
    "text": _text,
    "image": _image,
    "table": _table,
    "vectors": _vectors,
}
