"""A folder of images; links are never followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from activeloop.errors import Invalid
from activeloop.formats.members import check_mapping, check_size, hidden, row_of, wrapper
from activeloop.formats.rows import BadRow, Reader, Request, Row, Tally

DEEPEST = 32


def read_folder(request: Request) -> Reader:
    """Read a folder of images; the first folder below it is the class, if there is one.

    Raises:
        Invalid: when it is no folder, or the project does not hold images.
    """
    check_mapping(request)
    root = request.path.resolve()
    if not root.is_dir():
        raise Invalid(f"{request.path.name!r} is not a folder.")
    tally = Tally()
    return Reader(
        _rows(root, request, tally), tally, format=request.format, total=count_files(root)
    )


def count_files(root: Path) -> int:
    """Count the files below a folder, hidden ones and links too."""
    return sum(1 for _ in _walk(root))


def _rows(root: Path, request: Request, tally: Tally) -> Iterator[Row | BadRow]:
    named = (name for name, _ in _walk(root) if not hidden(name))
    wrapped = wrapper(named, request.classes)
    for number, (name, path) in enumerate(_walk(root), start=1):
        tally.position = number
        if hidden(name):
            tally.skipped += 1
        elif number > request.after:

            def fetch(path: Path = path) -> bytes:
                return _content(path, request)

            yield row_of(number, name, name.removeprefix(wrapped), fetch, request)


def _walk(folder: Path, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Path]]:
    """Give every entry that is not a folder, sorted within each folder."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise Invalid(f"The folder {prefix or folder.name!r} cannot be read: {error}.") from error
    for entry in entries:
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
            yield from _walk(Path(entry.path), f"{name}/", depth + 1)
        else:
            yield name, Path(entry.path)


def _content(path: Path, request: Request) -> bytes:
    if path.is_symlink():
        raise Invalid.field("", "It is a symbolic link.", "Put the file itself in the folder.")
    if not path.is_file():
        raise Invalid.field("", "It is not a regular file.", "Remove it from the folder.")
    limits = request.limits
    try:
        # the folder may change under us: a link put in the file's place is not followed either
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            check_size(os.fstat(file.fileno()).st_size, limits.max_member_bytes, limits)
            return file.read(limits.max_member_bytes + 1)
    except OSError as error:
        raise Invalid.field("", f"The file cannot be read ({error.strerror}).", "") from error
