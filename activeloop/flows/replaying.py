"""Turn a labelled file into a pool without labels, a truth, and a test set nobody labels."""

from __future__ import annotations

import json
import random
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activeloop import formats
from activeloop.errors import Invalid
from activeloop.formats import Row
from activeloop.spec import Kind

RARE = 2
"""A class with fewer samples than this cannot stand in both the pool and the test set."""


@dataclass(frozen=True)
class Labelled:
    """A file whose every row has a label."""

    kind: Kind
    classes: tuple[str, ...]
    rows: Sequence[Row]
    left_out: int


@dataclass(frozen=True)
class Split:
    """A pool to be labelled, what is true of it, and a test set."""

    pool: Sequence[Row]
    test: Sequence[Row]
    truth: Mapping[str, str]


def read(path: Path, *, label: str, kind: Kind | None, mapping: Mapping[str, str]) -> Labelled:
    """Read all labelled rows of a file into memory.

    Raises:
        Invalid: when the file has fewer than two classes, or its kind cannot be told.
    """
    kind_of = kind or _guess(path)
    columns = {**mapping, "label": label} if label else dict(mapping)
    found = formats.read(
        path, kind=kind_of, format=formats.sniff(path, name=path.name), mapping=columns
    )
    by_digest: dict[str, Row] = {}
    left_out = 0
    for row in found:
        if not isinstance(row, Row) or row.label is None:
            left_out += 1
        else:
            by_digest.setdefault(row.digest, row)
    counts = Counter(row.label for row in by_digest.values())
    common = {name for name, count in counts.items() if count >= RARE}
    rows = [row for row in by_digest.values() if row.label in common]
    if len(common) < 2:
        raise Invalid(f"{path.name} holds {len(common)} classes with two samples or more; want 2.")
    return Labelled(kind_of, tuple(sorted(map(str, common))), rows, left_out)


def _guess(path: Path) -> Kind:
    known = formats.sniff(path, name=path.name)
    if known in ("zip", "image-folder"):
        return "image"
    if known in ("npy", "npz"):
        return "vectors"
    raise Invalid(
        f"What {path.name} holds cannot be told from its format ({known}); "
        "say --kind text, table or vectors."
    )


def split(data: Labelled, *, test_share: float, seed: int) -> Split:
    """Set a random share of each class apart for testing; number the rest as the pool."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible split, no secret
    by_class: dict[str, list[Row]] = {name: [] for name in data.classes}
    for row in data.rows:
        by_class[str(row.label)].append(row)
    pool: list[Row] = []
    test: list[Row] = []
    for rows in by_class.values():
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
