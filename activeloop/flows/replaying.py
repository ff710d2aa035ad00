"""Turn a labelled file into a pool without labels, a truth, and a test set nobody labels."""

from __future__ import annotations

import json
import random
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from activeloop import answers, formats
from activeloop.errors import Invalid
from activeloop.formats import Row
from activeloop.formats.columns import NAMES
from activeloop.spec import Answer, Kind

RARE = 2
"""A class with fewer samples than this cannot stand in both the pool and the test set."""
PEEKED = 20
"""Rows that are looked at to tell what a file holds."""
FIELDS: dict[str, Kind] = {
    "text": "text",
    "image": "image",
    "vector": "vectors",
    "features": "table",
}
"""What a mapping of these fields says about the kind."""


@dataclass(frozen=True)
class Labelled:
    """A file whose every row has a label."""

    kind: Kind
    classes: tuple[str, ...]
    rows: Sequence[Row]
    left_out: int
    answer: Answer = "one"


@dataclass(frozen=True)
class Split:
    """A pool to be labelled, what is true of it, and a test set."""

    pool: Sequence[Row]
    test: Sequence[Row]
    truth: Mapping[str, str]


def read(
    path: Path,
    *,
    label: str,
    kind: Kind | None,
    mapping: Mapping[str, str],
    answer: Answer = "one",
) -> Labelled:
    """Read all labelled rows of a file into memory, each content once.

    A row that repeats another (by digest) is left out, so that none stands in both pool and test;
    so is a row of a class with fewer than two rows.

    Raises:
        Invalid: when the file cannot be read as asked, or has fewer than two classes.
    """
    columns = {**mapping, "label": label} if label else dict(mapping)
    format_ = formats.sniff(path, name=path.name)
    kind_of = kind or _guess(path, format_, columns)
    by_digest: dict[str, Row] = {}
    left_out = unlabelled = 0
    fault = ""
    several = answer == "several"
    for row in formats.read(path, kind=kind_of, format=format_, mapping=columns, several=several):
        if not isinstance(row, Row):
            fault = fault or f"Row {row.number}: {row.problem}"
        elif row.label is None:
            unlabelled += 1
        elif by_digest.setdefault(row.digest, row) is row:
            continue
        left_out += 1
    _want_rows(path, kind_of, len(by_digest), unlabelled, fault)
    said = {digest: answers.read(answer, str(row.label)) for digest, row in by_digest.items()}
    counts = Counter(name for names in said.values() for name in names)
    common = {name for name, count in counts.items() if count >= RARE}
    if len(common) < 2:
        listed = ", ".join(f"{name!r} ({count:,})" for name, count in counts.most_common(3))
        raise Invalid(
            f"A simulation wants two classes of {RARE} different samples or more; "
            f"{path.name} has {listed}."
        )
    rows = [row for digest, row in by_digest.items() if common.issuperset(said[digest])]
    left_out += len(by_digest) - len(rows)
    return Labelled(kind_of, tuple(sorted(common)), rows, left_out, answer)


def _want_rows(path: Path, kind: Kind, found: int, unlabelled: int, fault: str) -> None:
    if found:
        return
    if unlabelled:
        raise Invalid(
            f"None of the {unlabelled:,} samples of {path.name} has a label. "
            + (
                "Put the images of each class into a folder named after it."
                if kind == "image"
                else "Name the column with --label."
            )
        )
    raise Invalid(f"{path.name} holds nothing that can be read as {kind}. {fault}".rstrip())


def _guess(path: Path, format_: str, columns: Mapping[str, str]) -> Kind:
    """Tell what a file holds: images and arrays by format, columns by name and first rows."""
    if format_ in ("zip", "image-folder"):
        return "image"
    if format_ in ("npy", "npz"):
        return "vectors"
    for field, kind in FIELDS.items():
        if field in columns:
            return kind
    with closing(formats.read(path, kind="table", format=format_, mapping=columns)) as reader:
        seen = list(islice(reader, PEEKED))
    broken = {row.where.casefold() for row in seen if not isinstance(row, Row)}
    fields = {name.casefold() for row in seen if isinstance(row, Row) for name in row.payload}
    if broken & set(NAMES["vector"]):
        return "vectors"
    return "text" if fields & set(NAMES["text"]) else "table"


def split(data: Labelled, *, test_share: float, seed: int) -> Split:
    """Set a random share of each class apart for testing; number the rest as the pool.

    A row of several classes counts to the rarest of them, one of none to a group of its own.
    """
    chance = random.Random(seed)  # noqa: S311 - a reproducible split, no secret
    by_class: dict[str, list[Row]] = {name: [] for name in data.classes}
    said = [answers.read(data.answer, str(row.label)) for row in data.rows]
    counts = Counter(name for names in said for name in names)
    for row, names in zip(data.rows, said, strict=True):
        rarest = min(names, key=lambda name: (counts[name], name), default="")
        by_class.setdefault(rarest, []).append(row)
    pool: list[Row] = []
    test: list[Row] = []
    for rows in filter(None, by_class.values()):
        chance.shuffle(rows)
        held = max(1, round(len(rows) * test_share))
        test += rows[:held]
        pool += rows[held:]
    chance.shuffle(pool)
    truth = {_name(data.kind, n): str(row.label) for n, row in enumerate(pool)}
    return Split(pool, test, truth)


def _name(kind: Kind, number: int) -> str:
    return f"{number:07d}.png" if kind == "image" else f"{number:07d}"


def write_pool(folder: Path, kind: Kind, pool: Sequence[Row]) -> tuple[Path, dict[str, str]]:
    """Write the pool as a file to import, without its labels; give it and its mapping."""
    if kind == "image":
        path = folder / "pool.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for number, row in enumerate(pool):
                archive.writestr(_name(kind, number), row.blob or b"")
        return path, {}
    path = folder / "pool.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(pool):
            file.write(json.dumps(_line(kind, number, row.payload), ensure_ascii=False) + "\n")
    return path, {"id": "sample_number", "label": ""}


def _line(kind: Kind, number: int, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"sample_number": _name(kind, number), **payload}
