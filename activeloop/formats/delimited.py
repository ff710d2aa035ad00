"""CSV and TSV: rows in bounded memory, and a way on after every kind of damage."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from activeloop.errors import Invalid
from activeloop.formats.columns import choose
from activeloop.formats.lines import BadLine, lines
from activeloop.formats.rows import BadRow, Limits, Reader, Request, Row, Tally, bad_row
from activeloop.formats.shaping import shaper

DELIMITERS = ",;\t|"
SAMPLED = 20
SAMPLED_CHARACTERS = 1 << 16
FEWEST_RECORD_LINES = 64


class _Stop(Exception):
    """The record at hand cannot be finished, because of `line`."""

    def __init__(self, line: BadLine) -> None:
        super().__init__(line.problem)
        self.line = line


class _Feed:
    """Lines for csv.reader: counted, bounded per record, and replayable after its first line."""

    def __init__(self, source: Iterator[str | BadLine], limits: Limits) -> None:
        self._source = source
        self._again: deque[str | BadLine] = deque()
        self._most_bytes = limits.max_line_bytes
        self.most_lines = limits.max_record_lines
        self.held: list[str | BadLine] = []
        self.number = 0
        self._bytes = 0
        self.ended = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._source)
        self.number += 1
        self.held.append(line)
        if not isinstance(line, str):
            self.ended = line.last
            raise _Stop(line)
        self._bytes += len(line)
        if self._bytes > self._most_bytes or len(self.held) > self.most_lines:
            raise _Stop(_UNCLOSED)
        return line

    def begin(self) -> int:
        """Start a record and give the number of its first line."""
        self.held = []
        self._bytes = 0
        return self.number + 1

    def replay(self) -> None:
        """Give the record's lines after the first once more.

        Each replay halves the number of lines a record may span, so that a file full of stray
        quotes is still read in linear time.
        """
        self._again.extendleft(reversed(self.held[1:]))
        self.number -= len(self.held) - 1
        if len(self.held) > FEWEST_RECORD_LINES:
            self.most_lines = max(FEWEST_RECORD_LINES, self.most_lines // 2)


_UNCLOSED = BadLine(
    "A quote is opened and not closed.",
    "Close it, or double it when it belongs to the text. Reading went on at the next line.",
)


def read_delimited(request: Request) -> Reader:
    """Read a CSV or TSV file.

    Raises:
        Invalid: when the file has no usable header or lacks a needed column.
    """
    delimiter = "\t" if request.format == "tsv" else sniff_delimiter(request.path, request.limits)
    # a process-wide limit of the csv module, only ever raised: our own limit is on the record
    if csv.field_size_limit() < request.limits.max_line_bytes:
        csv.field_size_limit(request.limits.max_line_bytes)
    columns, sample = _beginning(request, delimiter)
    choice = choose(request.kind, columns, request.mapping, sample, several=request.of_several)
    tally = Tally()
    shape = shaper(request, choice, flat=True)

    def rows() -> Iterator[Row | BadRow]:
        wide, after = len(columns), request.after
        records = _records(request, delimiter, tally, wide)
        next(records, None)
        for number, cells in records:
            if number <= after:
                continue
            if cells.__class__ is list:
                yield shape(number, dict(zip(columns, cells, strict=True)))
            else:
                yield cells  # type: ignore[misc]

    return Reader(
        rows(),
        tally,
        format=request.format,
        total=request.path.stat().st_size,
        mapping=choice.mapping(request.kind),
        columns=columns,
    )


def sniff_delimiter(path: Path, limits: Limits) -> str:
    """Tell which of , ; tab | separates the cells: the one that makes the most even rows."""
    sample: list[str] = []
    for line in islice(lines(path, limits), SAMPLED):
        if not isinstance(line, str):
            break
        sample.append(line)
        if sum(map(len, sample)) > SAMPLED_CHARACTERS:
            break

    def evenness(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            return 0.0, 0
        wide = len(rows[0]) if rows else 0
        even = sum(len(row) == wide for row in rows) / len(rows) if wide > 1 else 0.0
        return even, wide

    best = max(DELIMITERS, key=evenness)
    return best if evenness(best)[1] > 1 else ","


def _beginning(request: Request, delimiter: str) -> tuple[list[str], dict[str, str]]:
    """Read the header and, to tell columns of numbers, the first good row."""
    records = _records(request, delimiter, Tally(), None)
    _, header = next(records, (0, BadRow(1, "The file is empty.", "Give it a header and rows.")))
    if isinstance(header, BadRow):
        raise Invalid.field("header", header.problem, header.remedy)
    names = [name.strip() or f"column_{place}" for place, name in enumerate(header, start=1)]
    if len(names) > request.limits.max_columns:
        raise Invalid.field(
            "header",
            f"The file has {len(names)} columns.",
            f"At most {request.limits.max_columns} are read.",
        )
    doubled = sorted(name for name in set(names) if names.count(name) > 1)[:5]
    if doubled:
        raise Invalid.field(
            "header", f"The column {', '.join(doubled)} stands twice.", "Rename one of them."
        )
    for _, cells in islice(records, SAMPLED):
        if isinstance(cells, list) and len(cells) == len(names):
            return names, dict(zip(names, cells, strict=True))
    return names, {}


def _records(
    request: Request, delimiter: str, tally: Tally, wide: int | None
) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Give (line number of its start, cells or what is wrong), the header first.

    Args:
        request: what is read.
        delimiter: what separates the cells.
        tally: moved on as the file is read.
        wide: how many cells a row must have; None takes any number.
    """
    feed = _Feed(lines(request.path, request.limits, tally), request.limits)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while not feed.ended:
        start = feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (_Stop, csv.Error) as error:
            yield start, _failed(start, feed, error)
            feed.replay()
            continue
        if wide is None or len(cells) == wide:
            if cells:
                yield start, cells
        elif cells:
            yield start, _uneven(start, len(cells), wide)
            _rescue(feed, delimiter, wide)


def _rescue(feed: _Feed, delimiter: str, wide: int) -> None:
    """Read the rows again that a stray quote has swallowed into the one before them."""
    if len(feed.held) > 1 and _alone(feed.held[1], delimiter) == wide > 1:
        feed.replay()


def _failed(start: int, feed: _Feed, error: _Stop | csv.Error) -> BadRow:
    if isinstance(error, _Stop):
        return _broken(start, feed, error.line)
    return _unparsable(start, error)


def _broken(start: int, feed: _Feed, line: BadLine) -> BadRow:
    if len(feed.held) > 1 and line is not _UNCLOSED and not line.last:
        # the bad line is replayed after this, and reported under its own number
        return BadRow(
            start,
            f"A quote is opened here and runs into line {feed.number}, which cannot be read.",
            _UNCLOSED.remedy,
        )
    return BadRow(feed.number if line.last else start, line.problem, line.remedy)


def _unparsable(start: int, error: csv.Error) -> BadRow:
    if "unexpected end of data" in str(error):
        return BadRow(start, _UNCLOSED.problem, _UNCLOSED.remedy)
    return bad_row(
        start,
        Invalid.field(
            "",
            f"The row cannot be taken apart ({error}).",
            "Double the quotes that belong to the text and put the cell in quotes.",
        ),
    )


def _uneven(start: int, found: int, wide: int) -> BadRow:
    return BadRow(
        start,
        f"The row has {found} cells, the header {wide}.",
        "Put a cell that contains the separator in quotes, or fill in the missing cells.",
    )


def _alone(line: str | BadLine, delimiter: str) -> int:
    try:
        return len(next(csv.reader([str(line)], delimiter=delimiter), []))
    except csv.Error:
        return 0
