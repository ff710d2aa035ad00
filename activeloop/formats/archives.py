"""A zip of images, read member by member; nothing is ever unpacked to disk."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from activeloop.errors import Invalid, TooLarge
from activeloop.formats.members import (
    check_mapping,
    check_name,
    check_size,
    hidden,
    row_of,
    wrapper,
)
from activeloop.formats.rows import BadRow, Limits, Reader, Request, Row, Tally

END = b"PK\x05\x06"
END_SIZE = 22
END64 = b"PK\x06\x06"
LOCATOR_SIZE = 20
LONGEST_COMMENT = 65_535
ENTRY_BYTES = 46
USUAL_ENTRY_BYTES = 512
UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError)
ENCRYPTED = 0x1


def open_zip(path: Path, limits: Limits) -> zipfile.ZipFile:
    """Open a zip, after making sure that its directory fits in memory.

    Raises:
        Invalid: when it is broken.
        TooLarge: when it has too many members.
    """
    _check_directory(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except (*BROKEN, struct.error, LookupError, OverflowError, MemoryError) as error:
        raise Invalid(
            f"The zip is cut off or broken ({str(error)[:100]}). Pack or upload it again."
        ) from error
    if len(archive.filelist) > limits.max_members:
        archive.close()
        raise _too_many(len(archive.filelist), limits)
    return archive


def read_zip(request: Request) -> Reader:
    """Read a zip of images; the first folder is the class, if there is one.

    Raises:
        Invalid: when it is broken as a whole, or the project does not hold images.
    """
    check_mapping(request)
    archive = open_zip(request.path, request.limits)
    members = archive.infolist()
    tally = Tally()

    def rows() -> Iterator[Row | BadRow]:
        with archive:
            yield from _rows(archive, members, request, tally)

    return Reader(rows(), tally, format=request.format, total=len(members))


def _rows(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], request: Request, tally: Tally
) -> Iterator[Row | BadRow]:
    wrapped = wrapper((_name(each) for each in members if _wanted(each)), request.classes)
    overlapping = _overlapping(members)
    budget = [request.limits.max_total_bytes]
    for number, member in enumerate(members, start=1):
        tally.position = number
        if not _wanted(member):
            tally.skipped += 1
            continue
        if number <= request.after:
            continue

        def fetch(member: zipfile.ZipInfo = member) -> bytes:
            _check_member(member, overlapping, request.limits)
            budget[0] -= member.file_size
            if budget[0] < 0:
                raise Invalid.field(
                    "", "The archive unpacks to more than allowed.", "Send it in parts."
                )
            return _content(archive, member)

        name = _name(member)
        yield row_of(number, name, name.removeprefix(wrapped), fetch, request)


def _name(member: zipfile.ZipInfo) -> str:
    return member.orig_filename


def _wanted(member: zipfile.ZipInfo) -> bool:
    name = _name(member)
    try:
        check_name(name)
    except Invalid:
        return True  # to be reported
    return not (name.endswith("/") or hidden(name))


def _overlapping(members: list[zipfile.ZipInfo]) -> frozenset[int]:
    """Give the offsets of members that share bytes, as the members of a zip bomb do."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    return frozenset(
        former.header_offset
        for former, latter in pairwise(ordered)
        if former.header_offset + former.compress_size > latter.header_offset
    )


def _check_member(member: zipfile.ZipInfo, overlapping: frozenset[int], limits: Limits) -> None:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise Invalid.field("", "The member is a link or a device.", "Pack the file itself.")
    if member.flag_bits & ENCRYPTED:
        raise Invalid.field("", "The member is encrypted.", "Pack it without a password.")
    if member.compress_type not in UNPACKED:
        raise Invalid.field(
            "", "The member is compressed by an unusual method.", "Pack with deflate or store."
        )
    if member.header_offset in overlapping:
        raise Invalid.field(
            "", "The member overlaps another, as in a zip bomb.", "Pack the files again."
        )
    check_size(member.file_size, member.compress_size, limits)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as file:
            return file.read(member.file_size + 1)
    except (*BROKEN, RuntimeError, struct.error) as error:
        raise Invalid.field(
            "", f"The member is cut off or broken ({str(error)[:100]}).", "Pack it again."
        ) from error


def _check_directory(path: Path, limits: Limits) -> None:
    """Refuse a directory that would not fit in memory, before zipfile reads it whole."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - LONGEST_COMMENT - END_SIZE - LOCATOR_SIZE - 56)
        file.seek(start)
        ending = file.read()
    at = ending.rfind(END)
    if at < 0 or len(ending) < at + END_SIZE:
        raise Invalid("The zip is cut off: its directory is missing. Pack or upload it again.")
    count, length = struct.unpack_from("<HI", ending, at + 10)
    wide = ending.rfind(END64, 0, at)
    if wide >= 0 and len(ending) >= wide + 48:
        count, length = struct.unpack_from("<QQ", ending, wide + 32)
    if count > limits.max_members or length > limits.max_members * USUAL_ENTRY_BYTES:
        raise _too_many(max(count, length // ENTRY_BYTES), limits)


def _too_many(count: int, limits: Limits) -> TooLarge:
    return TooLarge(
        f"The zip has about {count} members; at most {limits.max_members} are read. "
        "Send it in parts."
    )
