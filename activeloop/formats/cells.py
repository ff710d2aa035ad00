"""Single cells: what a label, an id, a number or a piece of metadata may look like."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from activeloop.errors import Invalid
from activeloop.formats.columns import listed, meant
from activeloop.formats.rows import Scalar, shorten

MISSING = frozenset(["", "na", "n/a", "#n/a", "nan", "null", "none"])
MAX_ID = 512
REMEMBERED = 10_000
GIVE_ONE = "give one, or make a project whose spec says answer: several."


def number_or_text(name: str, value: Any) -> str | float | None:
    """Read a table cell: None when missing, a float when it reads as a number, else text.

    Raises:
        Invalid: when the value is infinite or is a list or an object.
    """
    if isinstance(value, str):
        return _spelled(name, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float):
        return None if value is None else _finite(name, value)
    raise Invalid.field(
        name, f"The cell holds a {type(value).__name__}, not a number or text.", "Flatten it."
    )


def _spelled(name: str, value: str) -> str | float | None:
    bare = value.strip()
    if bare.casefold() in MISSING:
        return None
    # Python reads 1_000 and other scripts' digits as numbers; a spreadsheet does not
    if "_" in bare or not bare.isascii():
        return value
    try:
        return _finite(name, float(bare))
    except ValueError:
        return value


def vector_of(values: Sequence[Any], names: Sequence[str]) -> list[float]:
    """Read the numbers of a vector.

    Args:
        values: numbers, or cells that read as numbers.
        names: the column of each, or one for all.

    Raises:
        Invalid: naming the first value that is not a finite number.
    """
    try:
        vector = [float(value) for value in values if value.__class__ is not bool]
    except (TypeError, ValueError, OverflowError):
        vector = []
    if values and len(vector) == len(values) and all(map(math.isfinite, vector)):
        return vector
    for place, value in enumerate(values):
        name = names[place] if len(names) == len(values) else names[0]
        try:
            wrong = isinstance(value, bool) or not math.isfinite(float(value))
        except (TypeError, ValueError, OverflowError):
            wrong = True
        if wrong:
            raise Invalid.field(
                name,
                f"Number {place + 1} of the vector is {shorten(value)}.",
                "Give a finite number; impute missing values beforehand.",
            )
    raise Invalid.field(names[0], "The vector is empty.", "Give at least one number.")


def _finite(name: str, value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        raise _infinite(name) from None
    if math.isnan(number):
        return None
    if not math.isfinite(number):
        raise _infinite(name)
    return number


def _infinite(name: str) -> Invalid:
    return Invalid.field(
        name, "The number is infinite or too large.", "Leave the cell empty when it is unknown."
    )


def identity_of(value: Any, name: str) -> str | None:
    """Read an external id; None when the cell is empty.

    Raises:
        Invalid: when it is longer than 512 characters, or a list or an object.
    """
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        raise Invalid.field(name, "The id is neither text nor a number.", "Give each row one id.")
    identity = str(value)
    if len(identity) > MAX_ID:
        raise Invalid.field(
            name, f"The id has {len(identity)} characters.", f"Use at most {MAX_ID}."
        )
    return identity


def label_reader(
    classes: Sequence[str], *, several: bool = False
) -> Callable[[Any], tuple[str | None, str]]:
    """Make the function that reads a label cell: (label, warning).

    A label that is none of `classes` (when any are given) is not taken, and the warning says why.
    """
    if several:
        from activeloop.formats.several import labels_reader

        return labels_reader(classes)
    known = frozenset(classes)
    said: dict[str, str] = {}

    def read(value: Any) -> tuple[str | None, str]:
        if value.__class__ is str and value in known:
            return value, ""
        name, warning = name_of(value)
        if name is None or not known or name in known:
            return name, warning
        if name not in said and len(said) < REMEMBERED:
            said[name] = unknown(name, classes) + _hint(name, known)
        return None, said.get(name) or unknown(name, ())

    return read


def name_of(value: Any) -> tuple[str | None, str]:
    """Read one label, whatever form it has: (name, warning)."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or value == []:
        return None, ""
    if isinstance(value, bool):
        return ("true" if value else "false"), ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int | float):
        return str(value).strip() or None, ""
    if isinstance(value, list):
        return None, f"The row has {len(value)} labels and was imported without; {GIVE_ONE}"
    return None, "The label is not text and the row was imported without it."


def _hint(name: str, known: frozenset[str]) -> str:
    """Say so when a cell names several classes of a project that takes one."""
    from activeloop.formats.several import parted

    parts = parted(name)
    if len(parts) < 2 or not known.issuperset(parts):
        return ""
    return f" It names {len(parts)} classes; {GIVE_ONE}"


def unknown(name: str, classes: Sequence[str]) -> str:
    """Say that a label is no class, and which might be meant."""
    hint = (meant(name, classes) or f" The classes are {listed(classes)}.") if classes else ""
    return (
        f"The label {shorten(name)} is none of the project's classes; "
        f"the row was imported without a label.{hint}"
    )


def flatten(record: Mapping[str, Any]) -> dict[str, Scalar]:
    """Make metadata flat: objects by dotted names, lists as JSON text, no NaN."""
    flat: dict[str, Scalar] = {}
    for name, value in record.items():
        if value is None or value.__class__ is str or value.__class__ is bool:
            flat[name] = value
        elif isinstance(value, dict):
            inner = flatten({f"{name}.{key}": each for key, each in value.items()})
            flat.update({key: each for key, each in inner.items() if key not in record})
        elif isinstance(value, int | float):
            flat[name] = value if math.isfinite(value) else None
        else:
            flat[name] = json.dumps(value, ensure_ascii=False, default=str)
    return flat


def check_storable(value: Any, where: str = "") -> None:
    """Refuse text that a database cannot hold: NUL, or half of a surrogate pair.

    Raises:
        Invalid: naming the column.
    """
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid.field(where, "The text contains a NUL character.", "Remove it.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Invalid.field(
                where, "The text holds half of a surrogate pair.", "Write the whole character."
            ) from None
    elif isinstance(value, dict):
        for key, each in value.items():
            check_storable(key, where)
            check_storable(each, where or key)
    elif isinstance(value, list):
        for each in value:
            check_storable(each, where)
