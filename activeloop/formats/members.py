"""Names of image files inside an archive or a folder: safe, hidden, and which class they say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from activeloop import answers
from activeloop.errors import Invalid
from activeloop.formats.cells import MAX_ID
from activeloop.formats.columns import listed, meant
from activeloop.formats.images import admit
from activeloop.formats.rows import BadRow, Limits, Request, Row, bad_row, shorten

LITTER = frozenset(["thumbs.db", "desktop.ini", "__macosx"])
UNWRITABLE = ("Cc", "Cs")
DRIVE = re.compile(r"[A-Za-z]:")


def hidden(name: str) -> bool:
    """Tell whether a path is litter: `__MACOSX`, hidden files and folders, thumbnails."""
    parts = name.split("/")
    return any(
        part.lower() in LITTER or (part.startswith(".") and part.strip(".")) for part in parts
    )


def check_name(name: str) -> None:
    """Refuse a path that leads out of its archive, or that cannot be written down.

    Raises:
        Invalid: naming the path.
    """
    escapes = name.startswith("/") or "\\" in name or DRIVE.match(name) or ".." in name.split("/")
    if escapes:
        raise Invalid.field(
            shorten(name),
            "The name leads out of the archive.",
            "Pack the folder again with plain relative names.",
        )
    if len(name) > MAX_ID or any(unicodedata.category(each) in UNWRITABLE for each in name):
        raise Invalid.field(
            "name",
            f"The name is longer than {MAX_ID} characters or holds unprintable ones.",
            "Rename the file.",
        )


def wrapper(names: Iterable[str], classes: Sequence[str]) -> str:
    """Give the one folder around everything, with its slash, when it is no class; else "".

    Packing a folder wraps all its files in it: that folder says nothing about them.
    """
    seen: set[str] = set()
    deep = True
    for name in names:
        first, slash, rest = name.partition("/")
        if not slash:
            return ""
        seen.add(first)
        deep = deep and "/" in rest
        if len(seen) > 1:
            return ""
    if not seen:
        return ""
    (only,) = seen
    known = only in classes if classes else not deep
    return "" if known else f"{only}/"


def label_of(name: str, request: Request) -> str | None:
    """Read the class out of a path's first folder; None when there is no folder.

    Raises:
        Invalid: when the folder is none of the project's classes.
    """
    folder, slash, _ = name.partition("/")
    if not slash or request.mapping.get("label") == "":
        return None
    label = folder.strip()
    if request.classes and label not in request.classes:
        raise Invalid.field(
            shorten(folder),
            f"The folder {shorten(folder)} is none of the project's classes."
            f"{meant(label, request.classes)}",
            f"Rename it to one of {listed(request.classes)}, or import without labels by "
            "mapping label to nothing.",
        )
    return label


def check_mapping(request: Request) -> None:
    """Refuse what an image archive or folder cannot be read as.

    Raises:
        Invalid: when the project does not hold images or columns are mapped.
    """
    if request.kind != "image":
        raise Invalid(
            f"A {request.format} is read as images, and this project's kind is {request.kind}. "
            "Import a CSV, JSON Lines or Parquet file."
        )
    for ours, theirs in request.mapping.items():
        if ours != "label" or theirs:
            raise Invalid.field(
                ours,
                f"A {request.format} of images has no columns to map.",
                "The first folder is the class; map label to nothing to ignore it.",
            )


def row_of(
    number: int, name: str, inner: str, fetch: Callable[[], bytes], request: Request
) -> Row | BadRow:
    """Make the row of one image.

    Args:
        number: of the member.
        name: its whole path, kept as external id.
        inner: its path without the wrapping folder.
        fetch: reads the file; may raise Invalid.
        request: what is read and for which project.
    """
    try:
        check_name(name)
        label = label_of(inner, request)
        if label is not None and request.several:
            label = answers.joined([label], request.classes)
        image = admit(fetch(), request.limits)
    except Invalid as error:
        found = bad_row(number, error)
        where = name.encode(errors="replace").decode().replace("\x00", "?")
        return BadRow(number, found.problem, found.remedy, where[:MAX_ID])
    payload = image.payload(name.rsplit("/", 1)[-1])
    return Row(number, name, payload, label, {}, image.blob, image.digest)


def check_size(size: int, packed: int, limits: Limits) -> None:
    """Refuse a file that is too large, or that unpacks to suspiciously much.

    Raises:
        Invalid: when it is over a limit.
    """
    if size > limits.max_member_bytes:
        raise Invalid.field(
            "", f"The file has {size} bytes.", f"At most {limits.max_member_bytes} are read."
        )
    if size > limits.ratio_from_bytes and size > limits.max_ratio * max(packed, 1):
        raise Invalid.field(
            "",
            f"The file unpacks to {size // max(packed, 1)} times its size, as a zip bomb does.",
            f"At most {limits.max_ratio} times is allowed.",
        )
