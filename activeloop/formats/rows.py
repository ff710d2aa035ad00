"""What every reader gives: rows, bad rows, and a reader that knows how far it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from activeloop.errors import Invalid
from activeloop.spec import Kind

MEBIBYTE = 1 << 20
Scalar = str | int | float | bool | None


@dataclass(frozen=True, init=False)
class Row:
    """One sample as it came out of a file.

    Attributes:
        number: 1-based line (CSV, JSONL), item (JSON, arrays), row (Parquet) or member (images).
        external_id: the file's own name for the sample, if it has one.
        payload: the sample, in the shape of the project's kind.
        label: a class of the project, or None; of several labels a JSON array of classes as text
            (see `activeloop.answers`).
        metadata: everything else that the file says about the sample, flat.
        blob: the encoded image, for images.
        digest: SHA-256 (hex) of the content: equal content is the same sample.
        warning: why a label that came along was not taken; empty when all is well.
    """

    number: int
    external_id: str | None
    payload: dict[str, Any]
    label: str | None
    metadata: dict[str, Scalar]
    blob: bytes | None
    digest: str
    warning: str = ""

    def __init__(  # noqa: PLR0917 - one argument a field
        self,
        number: int,
        external_id: str | None,
        payload: dict[str, Any],
        label: str | None,
        metadata: dict[str, Scalar],
        blob: bytes | None,
        digest: str,
        warning: str = "",
    ) -> None:
        """Fill the fields directly: a quarter of what a frozen dataclass's own way costs."""
        own = self.__dict__
        own["number"] = number
        own["external_id"] = external_id
        own["payload"] = payload
        own["label"] = label
        own["metadata"] = metadata
        own["blob"] = blob
        own["digest"] = digest
        own["warning"] = warning


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot become a sample: where it is, what is wrong, what to do."""

    number: int
    problem: str
    remedy: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask of the reader; beyond it a row is refused, not read."""

    max_line_bytes: int = 16 * MEBIBYTE
    max_record_lines: int = 10_000
    max_columns: int = 16_384
    max_json_bytes: int = 32 * MEBIBYTE
    max_image_pixels: int = 40_000_000
    max_members: int = 1_000_000
    max_member_bytes: int = 64 * MEBIBYTE
    max_total_bytes: int = 64 * 1024 * MEBIBYTE
    max_ratio: int = 200
    ratio_from_bytes: int = MEBIBYTE


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be read, and for which project."""

    path: Path
    kind: Kind
    format: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    classes: Sequence[str] = ()
    after: int = 0
    several: bool = False

    @property
    def of_several(self) -> Sequence[str] | None:
        """The classes when a row may have several of them; None when it has one label."""
        return self.classes if self.several else None


class Tally:
    """How far a reader is; shared by the reader and the generator that feeds it."""

    __slots__ = ("position", "skipped")

    def __init__(self) -> None:
        """Start at nothing read and nothing skipped."""
        self.position = 0
        self.skipped = 0


class Reader(Iterator[Row | BadRow]):
    """The rows of one file, once, in the file's order.

    Attributes:
        format: what the file was read as.
        mapping: our field -> their column, as given or as chosen.
        columns: the columns found, in order; empty for images.
        total: work units in all: bytes of the file, members, rows or items.
    """

    def __init__(
        self,
        rows: Iterator[Row | BadRow],
        tally: Tally,
        *,
        format: str,  # noqa: A002 - the caller's word
        total: int,
        mapping: Mapping[str, str] | None = None,
        columns: Sequence[str] = (),
    ) -> None:
        """Wrap a generator of rows that moves `tally` on."""
        self._rows = rows
        self._tally = tally
        self.format = format
        self.total = total
        self.mapping = dict(mapping or {})
        self.columns = tuple(columns)

    @property
    def position(self) -> int:
        """Work units done, 0..total."""
        return min(self._tally.position, self.total)

    @property
    def skipped(self) -> int:
        """Members passed over silently: folders, hidden files, `__MACOSX`, thumbnails."""
        return self._tally.skipped

    def __iter__(self) -> Iterator[Row | BadRow]:  # noqa: PYI034 - see below
        """Give the rows; the bare generator, as a loop over it costs no call per row."""
        return self._rows

    def __next__(self) -> Row | BadRow:
        """Give the next row."""
        return next(self._rows)

    def close(self) -> None:
        """Close the file before its end."""
        close: Callable[[], None] | None = getattr(self._rows, "close", None)
        if close is not None:
            close()


def bad_row(number: int, error: Invalid) -> BadRow:
    """Turn the error of one row into its report."""
    if not error.problems:
        return BadRow(number, error.message, "")
    found = error.problems[0]
    return BadRow(number, found.problem, found.remedy, found.where)


def digest_of(payload: Mapping[str, Any]) -> str:
    """Give the SHA-256 (hex) of a payload's canonical JSON.

    Canonical: keys sorted, no spaces, UTF-8, no NaN.
    """
    written = json.dumps(
        payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(written.encode()).hexdigest()


def shorten(value: object, *, length: int = 60) -> str:
    """Quote a found value for a sentence, cut when it is long."""
    text = str(value) if len(str(value)) <= length else str(value)[: length - 1] + "…"
    return repr(text)
