"""Text lines out of a file of any size, in bounded memory."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from activeloop.formats.rows import Limits, Tally

BLOCK = 1 << 18
GZIP_MAGIC = b"\x1f\x8b"
BOMBS_FROM = 64 << 20
UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read as text; `last` says that nothing can be read after it."""

    problem: str
    remedy: str
    last: bool = False


def lines(path: Path, limits: Limits, tally: Tally | None = None) -> Iterator[str | BadLine]:
    """Give the lines of a UTF-8 (or UTF-16 with BOM) file, plain or gzip, with their line ends.

    Lines end at a line feed; in a file whose beginning has carriage returns only, at those.
    A line longer than the limit, not valid in its encoding, or with a NUL is given as a BadLine.
    """
    with path.open("rb") as file:
        blocks = _decoded(_blocks(file, limits, tally or Tally()))
        yield from _split(blocks, limits.max_line_bytes)


def _blocks(file: BinaryIO, limits: Limits, tally: Tally) -> Iterator[bytes | BadLine]:
    magic = file.read(2)
    file.seek(0)
    packed = magic == GZIP_MAGIC
    source = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
    size = 0
    while True:
        try:
            block = source.read(BLOCK)
        except (OSError, EOFError, zlib.error) as error:
            yield BadLine(
                f"The compressed file is broken from here on ({error}).",
                "Compress it again, or send it uncompressed. The rows before are kept.",
                last=True,
            )
            return
        if not block:
            return
        size += len(block)
        tally.position = file.tell()
        if size > limits.max_total_bytes or (
            packed and size > max(BOMBS_FROM, limits.max_ratio * tally.position)
        ):
            yield BadLine(
                f"The file unpacks to more than allowed ({size} bytes so far).",
                "Send it uncompressed or in parts. The rows before are kept.",
                last=True,
            )
            return
        yield block


def _decoded(blocks: Iterator[bytes | BadLine]) -> Iterator[bytes | BadLine]:
    """Take off the byte order mark and turn UTF-16 into UTF-8."""
    first = next(blocks, None)
    if not isinstance(first, bytes):
        if first is not None:
            yield first
        return
    encoding = UTF16.get(first[:2])
    if encoding is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    # lone surrogates pass through, and so make exactly their own line invalid UTF-8
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    yield decoder.decode(first[2:]).encode("utf-8", "surrogatepass")
    for block in blocks:
        if isinstance(block, BadLine):
            yield block
            return
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        yield b"\xff"


def _split(blocks: Iterator[bytes | BadLine], longest: int) -> Iterator[str | BadLine]:
    tail: list[bytes] = []
    held = 0
    skipping = False
    end = b""
    for block in blocks:
        if isinstance(block, BadLine):
            # the unfinished line before it is part of the damage
            yield block
            return
        end = end or _line_end(block)
        cut = block.rfind(end) + 1
        if skipping:
            if not cut:
                continue
            block = block[block.find(end) + 1 :]  # noqa: PLW2901 - the rest of the long line is dropped
            cut = block.rfind(end) + 1
            skipping = False
        if not cut:
            tail.append(block)
            held += len(block)
            if held > longest:
                yield _too_long(longest)
                tail, held, skipping = [], 0, True
            continue
        yield from _texts(b"".join((*tail, block[:cut])), end, longest)
        tail = [block[cut:]]
        held = len(block) - cut
    rest = b"".join(tail)
    if rest and not skipping:
        yield from _texts(rest, end, longest)


def _line_end(block: bytes) -> bytes:
    return b"\r" if b"\r" in block and b"\n" not in block else b"\n"


def _texts(whole: bytes, end: bytes, longest: int) -> Iterator[str | BadLine]:
    try:
        text = whole.decode()
    except UnicodeDecodeError:
        text = ""
    if text and len(whole) <= longest and "\x00" not in text:
        yield from io.StringIO(text, newline=end.decode())
        return
    for raw in io.BytesIO(whole if end == b"\n" else whole.replace(b"\r", b"\n")):
        yield _text(raw, longest)


def _text(raw: bytes, longest: int) -> str | BadLine:
    if len(raw) > longest:
        return _too_long(longest)
    if b"\x00" in raw:
        return BadLine("The line contains a NUL character.", "Remove it, or export the file again.")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        wrong = raw[error.start]
        return BadLine(
            f"The line is not valid UTF-8: byte 0x{wrong:02x} at position {error.start + 1}.",
            "Save the file as UTF-8 and import it again; what is already in is not doubled.",
        )


def _too_long(longest: int) -> BadLine:
    return BadLine(
        f"The line is longer than {longest} bytes.",
        "Shorten it, or look for a missing line break; ACTIVELOOP_MAX_LINE_MB raises the limit.",
    )
