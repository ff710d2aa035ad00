"""Several labels in one row: a list, a cell with separators, or a column of 0 and 1 for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from activeloop import answers
from activeloop.formats.cells import name_of, unknown
from activeloop.formats.rows import shorten

SEPARATORS = "|;"
"""A cell is parted at the first of these that it holds."""
YES = frozenset(["1", "1.0", "true", "t", "yes", "y", "x"])
NO = frozenset(["0", "0.0", "false", "f", "no", "n", ""])

Said = tuple[str | None, str]


def parted(text: str) -> list[str]:
    """Part a cell into names.

    Example:
        >>> parted("red | dark; old")
        ['red', 'dark; old']
        >>> parted("red;dark")
        ['red', 'dark']
    """
    separator = next((each for each in SEPARATORS if each in text), None)
    names = [text] if separator is None else text.split(separator)
    return [name.strip() for name in names if name.strip()]


def together(names: Sequence[str]) -> str:
    """Write names into one cell, so that `labels_reader` reads them back.

    Example:
        >>> together(["red", "dark"]), together([]), together(["a|b", "c"])
        ('red|dark', '[]', '["a|b", "c"]')
    """
    plain = all(name == name.strip() and not set(name) & set(SEPARATORS) for name in names)
    if names and plain and not names[0].startswith("["):
        return SEPARATORS[0].join(names)
    return json.dumps(list(names), ensure_ascii=False)


def labels_reader(classes: Sequence[str]) -> Callable[[Any], Said]:
    """Make the function that reads a cell of several labels: (answer as text, warning).

    A list, also as JSON text, is its names, an empty one "none of them"; other text is parted at
    `|`, or else at `;`, unless it is a class as it stands; an empty cell says nothing. With a
    name that is none of `classes` (when any are given) the whole cell is not taken: the
    other names alone would be another answer.
    """
    known = frozenset(classes)

    def read(value: Any) -> Said:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None, ""
        names: list[str] = []
        for each in _items(value, known):
            name, warning = name_of(each)
            if warning or name is None:
                return None, warning or "A label is empty; the row was imported without labels."
            if known and name not in known:
                return None, unknown(name, classes)
            names.append(name)
        return answers.joined(names, classes), ""

    return read


def _items(value: Any, known: frozenset[str]) -> list[Any]:
    if isinstance(value, list):
        return value
    if not isinstance(value, str) or value.strip() in known:
        return [value]
    if value.lstrip().startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return found
    return list(parted(value))


def read_marks(record: Mapping[str, Any], names: Sequence[str], classes: Sequence[str]) -> Said:
    """Read one column for each class: (answer as text, warning).

    Args:
        record: the row; columns that are not there count as empty.
        names: the columns, named as the classes.
        classes: the project's, in order.

    Returns:
        No answer when all the cells are empty.
    """
    cells = {name: _spelled(record.get(name)) for name in names}
    if not any(cells.values()):
        return None, ""
    odd = next((name for name, cell in cells.items() if cell not in YES | NO), None)
    if odd is not None:
        return None, (
            f"The column {odd!r} holds {shorten(record.get(odd))}, not 0 or 1; "
            "the row was imported without labels."
        )
    return answers.joined((name for name, cell in cells.items() if cell in YES), classes), ""


def _spelled(value: Any) -> str:
    return "" if value is None else str(value).strip().casefold()
