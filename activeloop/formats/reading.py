"""Read any file that can be imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from activeloop.errors import Invalid, UnsupportedFormat
from activeloop.formats.rows import Limits, Reader, Request
from activeloop.formats.sniffing import FORMATS, SUPPORTED, sniff
from activeloop.spec import Kind

Open = Callable[[Request], Reader]
DEFAULTS = Limits()


def read(
    path: Path,
    *,
    kind: Kind,
    format: str,  # noqa: A002 - the caller's word
    mapping: Mapping[str, str],
    limits: Limits = DEFAULTS,
    classes: Sequence[str] = (),
    after: int = 0,
    several: bool = False,
) -> Reader:
    """Open a file as rows for a project; nothing but its beginning is read yet.

    Args:
        path: the file, or for "image-folder" the folder.
        kind: what the project's samples are.
        format: as `sniff` says.
        mapping: our field (text, image, vector, features, id, label) -> their column; usual
            names are found without. An empty column means that there is none.
        limits: what one file may ask for.
        classes: the project's classes; when given, other labels are not taken.
        after: rows up to this number were dealt with before and are passed over.
        several: whether a row may have several labels.

    Returns:
        The rows, good and bad, in the order of the file, in bounded memory.

    Raises:
        UnsupportedFormat: when the format is none that is known.
        Invalid: when the file is broken as a whole, does not fit the kind, or lacks a column.
    """
    if format not in FORMATS:
        raise UnsupportedFormat(f"The format {format!r} is not known. {SUPPORTED}")
    request = Request(path, kind, format, mapping, limits, tuple(classes), after, several)
    try:
        return _opener(format)(request)
    except OSError as error:
        raise Invalid(f"The file {path.name!r} cannot be read ({error.strerror}).") from error


def measure(path: Path) -> int:
    """Give the work units that reading a file takes, as `Reader.total` does.

    Returns:
        Bytes for text files, members of a zip, files of a folder, rows of Parquet and arrays.
    """
    if path.is_dir():
        return read(path, kind="image", format="image-folder", mapping={}).total
    found = sniff(path)
    if found in ("csv", "tsv", "jsonl", "json"):
        return path.stat().st_size
    kind: Kind = "image" if found == "zip" else "vectors"
    if found == "parquet":
        from activeloop.formats.parquet import count_rows

        return count_rows(path)
    reader = read(path, kind=kind, format=found, mapping={})
    reader.close()
    return reader.total


def _opener(name: str) -> Open:
    # each reader is imported when used: Pillow, pyarrow and numpy are heavy
    if name in ("csv", "tsv"):
        from activeloop.formats.delimited import read_delimited as opened
    elif name == "jsonl":
        from activeloop.formats.jsonlines import read_lines as opened
    elif name == "json":
        from activeloop.formats.jsonlines import read_array as opened
    elif name == "parquet":
        from activeloop.formats.parquet import read_parquet as opened
    elif name == "zip":
        from activeloop.formats.archives import read_zip as opened
    elif name == "npy":
        from activeloop.formats.arrays import read_npy as opened
    elif name == "npz":
        from activeloop.formats.arrays import read_npz as opened
    else:
        from activeloop.formats.folders import read_folder as opened
    return opened
