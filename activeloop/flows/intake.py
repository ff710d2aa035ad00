"""Cut what a reader gives into chunks that one transaction takes, and screen vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from activeloop.errors import ActiveloopError
from activeloop.formats import BadRow, Row
from activeloop.spec import Kind

Item: TypeAlias = Row | BadRow
FIRST_ROWS = 1000
FEWEST_ROWS = 1000
MOST_ROWS = 8000
MOST_IMAGES = 200
MOST_BYTES = 16 << 20
SECONDS = 0.1
LARGEST = 3.4e38
"""About the largest number that a float32 can hold."""


class Pace:
    """How many rows one transaction takes: as many as can be written in a tenth of a second.

    Fewer, and most of the time goes into waiting for the disk; more, and annotators wait for us.
    The wait for the disk itself is left out: on a slow disk fewer rows would only mean more waits.
    """

    def __init__(self, kind: Kind) -> None:
        """Start in the middle; images are few at a time because decoding takes long."""
        self.most = MOST_IMAGES if kind == "image" else MOST_ROWS
        self.rows = min(FIRST_ROWS, self.most)

    def took(self, seconds: float, rows: int) -> None:
        """Learn from a transaction that wrote so many rows in so long."""
        fitting = int(rows * SECONDS / max(seconds, 1e-6))
        wanted = max(self.rows // 2, min(fitting, self.rows * 2))
        self.rows = max(min(FEWEST_ROWS, self.most), min(wanted, self.most))


def chunked(reader: Iterator[Item], pace: Pace) -> Iterator[list[Item]]:
    """Cut the rows into chunks by number and size.

    Rows of one number are never parted, for a new try goes on after a number. When the reader
    gives up in the middle, what it gave before comes first, then its error.
    """
    held: list[Item] = []
    weight = last = 0
    fault: ActiveloopError | None = None
    rows = iter(reader)
    while True:
        try:
            item = next(rows)
        except StopIteration:
            break
        except ActiveloopError as error:
            fault = error
            break
        if (len(held) >= pace.rows or weight >= MOST_BYTES) and item.number > last:
            yield held
            held, weight = [], 0
        held.append(item)
        weight += _weight(item)
        last = max(last, item.number)
    if held:
        yield held
    if fault is not None:
        raise fault


def _weight(item: Item) -> int:
    """Estimate how many bytes a row takes."""
    if isinstance(item, BadRow):
        return 0
    size = len(item.blob or b"")
    for values in (item.payload.values(), item.metadata.values()):
        for value in values:
            if value.__class__ is str or value.__class__ is list:
                size += len(value)
    return size


def screen(chunk: list[Item], width: int | None) -> tuple[list[Item], int | None]:
    """Refuse vectors that do not fit those in the pool.

    Args:
        chunk: rows whose payload is a vector.
        width: how many numbers the pool's vectors have; None while it is empty.

    Returns:
        The chunk, misfits turned into bad rows, and the width known now.
    """
    screened: list[Item] = []
    for item in chunk:
        if isinstance(item, BadRow):
            screened.append(item)
            continue
        vector = item.payload["vector"]
        if width is None:
            width = len(vector)
        screened.append(_misfit(item.number, vector, width) or item)
    return screened, width


def _misfit(number: int, vector: list[float], width: int) -> BadRow | None:
    if len(vector) != width:
        return BadRow(
            number,
            f"The vector has {len(vector)} numbers, those of the project have {width}.",
            "All vectors of a project have the same length; make another project for others.",
            "vector",
        )
    if max(map(abs, vector), default=0.0) > LARGEST:
        return BadRow(
            number,
            "A number of the vector is too large for single precision.",
            "Scale the vectors; numbers may be up to 3.4e38.",
            "vector",
        )
    return None
