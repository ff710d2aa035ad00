"""How two texts differ: line by line, and within lines that changed word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html import escape

WORDS = re.compile(r"\w+|\s+|[^\w\s]")
MOST_WORDS = 1000
"""Changed passages longer than this are told as a whole: comparing words takes their square."""
KEPT = 2
"""Lines shown on each side of a change; what lies further off is left out."""


def marked(old: str, new: str) -> str:
    """Give the new text with what was added and taken out marked, as HTML that is all escaped.

    Example:
        >>> marked("Be kind.", "Be <very> kind.")
        'Be <ins>&lt;very&gt; </ins>kind.'
    """
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    pieces: list[str] = []
    for place, (what, i, j, k, end) in enumerate(found):
        if what == "equal":
            pieces += _shortened(b[k:end], first=place == 0, last=place == len(found) - 1)
        else:
            pieces += _words(WORDS.findall("".join(a[i:j])), WORDS.findall("".join(b[k:end])))
    return "".join(pieces)


def _words(a: Sequence[str], b: Sequence[str]) -> Iterator[str]:
    if max(len(a), len(b)) > MOST_WORDS:
        yield from _change(a, b)
        return
    for what, i, j, k, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if what == "equal":
            yield escape("".join(b[k:end]))
        else:
            yield from _change(a[i:j], b[k:end])


def _change(gone: Sequence[str], came: Sequence[str]) -> Iterator[str]:
    if gone:
        yield f"<del>{escape(''.join(gone))}</del>"
    if came:
        yield f"<ins>{escape(''.join(came))}</ins>"


def _shortened(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[str]:
    before = [] if first else lines[:KEPT]
    after = [] if last else lines[-KEPT:]
    if len(lines) <= len(before) + len(after) + 1:
        yield escape("".join(lines))
        return
    yield escape("".join(before))
    yield "…\n"
    yield escape("".join(after))
