"""Which column of a file is the text, the label, the id, the image or the vector."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from activeloop.errors import Invalid
from activeloop.spec import Kind

NAMES = {
    "text": (
        *("text", "sentence", "content", "question", "utterance", "review", "comment"),
        *("message", "body", "document", "query", "prompt", "passage", "headline", "title"),
    ),
    "image": ("image", "img", "picture", "photo"),
    "vector": ("vector", "embedding", "embeddings", "features", "vec", "x"),
    "label": ("label", "labels", "class", "category", "intent", "target", "sentiment", "y"),
    "id": ("id", "external_id", "uid", "uuid", "guid", "key", "_id"),
}
WANTED = {"text": "text", "image": "image", "table": "features", "vectors": "vector"}
NUMBERED = re.compile(r"(?P<stem>.*?)[_ ]?(?P<number>\d+)")
LISTED = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns taken for each of our fields.

    Attributes:
        content: the text, image or vector column; for numeric vector columns, table features and
            a text of several fields all of them, in order.
        spread: whether `content` are the single numbers of a vector.
        id: the column of the external id, or None.
        label: the column of the label, or None.
        marks: of several labels, the columns of 0 and 1, named as the classes; `label` is None.
    """

    content: tuple[str, ...]
    id: str | None
    label: str | None
    spread: bool = False
    marks: tuple[str, ...] = ()

    def mapping(self, kind: Kind) -> dict[str, str]:
        """Give the choice in the words of a mapping: our field -> their column."""
        label = ",".join(self.marks) or self.label
        found = {WANTED[kind]: ",".join(self.content), "id": self.id, "label": label}
        return {ours: theirs for ours, theirs in found.items() if theirs}


def choose(
    kind: Kind,
    columns: Sequence[str],
    mapping: Mapping[str, str],
    sample: Mapping[str, Any],
    *,
    several: Sequence[str] | None = None,
) -> Choice:
    """Choose the columns: as mapped, else by their usual names, whatever their case.

    Args:
        kind: what the project's samples are.
        columns: the columns of the file.
        mapping: our field -> their column; an empty column means "none".
        sample: one row, to tell columns of numbers when vectors are spread over columns.
        several: the classes, when a row may have several labels; None when it has one.

    Raises:
        Invalid: when the mapping names an unknown field or column, or the file lacks one.
    """
    _check_fields(kind, mapping)
    identity = _one("id", columns, mapping)
    marks = _marks(columns, mapping, several) if several is not None else ()
    label = None if marks else _one("label", columns, mapping)
    rest = [name for name in columns if name not in (identity, label, *marks)]
    if kind == "table":
        return Choice(_features(columns, rest, mapping), identity, label, marks=marks)
    wanted = WANTED[kind]
    if kind == "vectors" and (numbers := _spread(columns, rest, mapping, sample)):
        return Choice(numbers, identity, label, spread=True, marks=marks)
    if kind == "text" and len(fields := _fields(columns, mapping)) > 1:
        return Choice(fields, identity, label, marks=marks)
    content = _one(wanted, rest if not mapping.get(wanted) else columns, mapping)
    if content is None and len(rest) == 1 and (identity or label or marks) and kind == "text":
        content = rest[0]
    if content is None:
        raise Invalid.field(
            wanted,
            f"No column holds the {wanted}. Columns found: {listed(columns)}.",
            f"Name it with a mapping, as in {wanted}={columns[0] if columns else 'COLUMN'}, or "
            "give the file a header.",
        )
    return Choice((content,), identity, label, marks=marks)


def listed(names: Iterable[str]) -> str:
    """Write names for a sentence, cut when there are many."""
    every = list(names)
    more = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return (", ".join(name[:60] for name in every[:LISTED]) or "none") + more


def meant(name: str, known: Iterable[str]) -> str:
    """Give " Did you mean 'x'?" when a known name is close, else nothing."""
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name[:200].casefold(), list(folded), n=1)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""


def _check_fields(kind: Kind, mapping: Mapping[str, str]) -> None:
    fields = (WANTED[kind], "id", "label")
    for ours in mapping:
        if ours not in fields:
            raise Invalid.field(
                ours,
                f"A mapping for {kind} knows no field {ours!r}.{meant(ours, fields)}",
                f"The fields are {listed(fields)}.",
            )


def _one(ours: str, columns: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    if ours in mapping:
        return _present(ours, mapping[ours], columns) if mapping[ours] else None
    folded: dict[str, str] = {}
    for name in columns:
        folded.setdefault(name.strip().casefold(), name)
    return next((folded[name] for name in NAMES[ours] if name in folded), None)


def _present(ours: str, theirs: str, columns: Sequence[str]) -> str:
    if theirs in columns:
        return theirs
    raise Invalid.field(
        ours,
        f"The file has no column {theirs!r}.{meant(theirs, columns)}",
        f"Columns found: {listed(columns)}.",
    )


def _several(ours: str, given: str, columns: Sequence[str]) -> tuple[str, ...]:
    if given in columns:
        return (given,)
    return tuple(_present(ours, name.strip(), columns) for name in given.split(","))


def _fields(columns: Sequence[str], mapping: Mapping[str, str]) -> tuple[str, ...]:
    """Give the columns that make up a text of several fields, when so many are mapped."""
    given = mapping.get("text")
    return _several("text", given, columns) if given else ()


def _marks(
    columns: Sequence[str], mapping: Mapping[str, str], classes: Sequence[str]
) -> tuple[str, ...]:
    """Give the columns of 0 and 1: those mapped, or one for every class when nothing is mapped."""
    given = mapping.get("label")
    if given is None:
        alone = _one("label", columns, {}) is None and set(classes) <= set(columns)
        return tuple(classes) if alone else ()
    if not given or given in columns:
        return ()
    chosen = _several("label", given, columns)
    stray = next((name for name in chosen if classes and name not in classes), None)
    if stray is not None:
        raise Invalid.field(
            "label",
            f"The column {stray!r} is none of the project's classes.{meant(stray, classes)}",
            "Columns of 0 and 1 are named as the classes.",
        )
    return chosen


def _features(
    columns: Sequence[str], rest: list[str], mapping: Mapping[str, str]
) -> tuple[str, ...]:
    given = mapping.get("features")
    chosen = _several("features", given, columns) if given else tuple(rest)
    if not chosen:
        raise Invalid.field(
            "features",
            f"No column is left for the features. Columns found: {listed(columns)}.",
            "Name them with a mapping, as in features=age,income.",
        )
    return chosen


def _spread(
    columns: Sequence[str], rest: list[str], mapping: Mapping[str, str], sample: Mapping[str, Any]
) -> tuple[str, ...]:
    """Give the columns over which a vector is spread; empty when it stands in one column."""
    given = mapping.get("vector")
    if given:
        chosen = _several("vector", given, columns)
        alone = len(chosen) == 1 and not is_number(sample.get(chosen[0]))
        return () if alone else chosen
    named = _one("vector", rest, {})
    if named is not None and not is_number(sample.get(named)):
        return ()
    numbers = [name for name in rest if is_number(sample.get(name))]
    stems: dict[str, list[str]] = {}
    for name in numbers:
        if found := NUMBERED.fullmatch(name):
            stems.setdefault(found["stem"].casefold(), []).append(name)
    longest = max(stems.values(), key=len, default=[])
    return tuple(longest if len(longest) > 1 else numbers)


def is_number(value: Any) -> bool:
    """Tell whether a cell reads as a finite number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        return math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False
