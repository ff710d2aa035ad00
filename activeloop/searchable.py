"""What of a sample can be searched, and where in it a search hits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from activeloop.spec import Kind

SIGMA = str.maketrans("\u03c2\x00", "\u03c3 ")
"""The same letter at the end of a word; and what no database takes."""
AROUND = 60
"""Characters of a text shown before a hit."""


class Piece(NamedTuple):
    """A part of a shown text, and whether it is a hit."""

    text: str
    hit: bool = False


def fold(text: str) -> str:
    """Take away what a search overlooks, letter by letter, so that places stay the same.

    Example:
        >>> fold("ΟΔΟΣ İ 月光")
        'οδοσ İ 月光'
    """
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
    return lower.translate(SIGMA)


def texts(kind: Kind, payload: Mapping[str, Any], external_id: str | None) -> list[str]:
    """List what of a sample is searched: its text or values, its file's name, its own id."""
    match kind:
        case "text":
            found = [payload.get("text")]
        case "table":
            found = list(payload.values())
        case _:  # of a picture or a vector its name can be read
            found = [payload.get("name")]
    return [said(value) for value in (*found, external_id) if value not in (None, "")]


def said(value: Any) -> str:
    """Write a value of a table or of metadata as it is searched and shown."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def facts(meta: Mapping[str, Any]) -> list[str]:
    """Write metadata as `key=value`.

    Example:
        >>> facts({"author": "Li Bai", "year": 743})
        ['author=Li Bai', 'year=743']
    """
    return [f"{key}={said(value)}" for key, value in meta.items()]


def body(
    kind: Kind, payload: Mapping[str, Any], external_id: str | None, meta: Mapping[str, Any]
) -> str:
    """Write all that an index keeps of a sample as one text, folded."""
    return fold("\n".join([*texts(kind, payload, external_id), *facts(meta)]))


def marked(text: str, needle: str, *, most: int) -> list[Piece]:
    """Cut at most `most` characters out of a text around the first hit, with all hits marked.

    Example:
        >>> marked("A day in May", "day", most=40)
        [Piece(text='A ', hit=False), Piece(text='day', hit=True), Piece(text=' in May', hit=False)]
    """
    sought = fold(needle)
    first = fold(text).find(sought) if sought else -1
    start = max(0, first - AROUND) if first + len(sought) > most else 0
    shown = text[start : start + most]
    pieces = [Piece("…")] if start else []
    pieces += _cut(shown, sought) if first >= 0 else [Piece(shown)]
    return [*pieces, Piece("…")] if start + most < len(text) else pieces


def _cut(text: str, sought: str) -> list[Piece]:
    folded, at = fold(text), 0
    pieces = []
    while (found := folded.find(sought, at)) >= 0:
        pieces += [Piece(text[at:found]), Piece(text[found : found + len(sought)], hit=True)]
        at = found + len(sought)
    pieces.append(Piece(text[at:]))
    return [piece for piece in pieces if piece.text]
