"""What kind of file this is: by its first bytes, then its media type, then its name."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from activeloop.errors import Invalid, UnsupportedFormat
from activeloop.formats.lines import GZIP_MAGIC
from activeloop.formats.rows import Limits

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "zip", "image-folder", "npy", "npz")
SUPPORTED = (
    "Supported are CSV and TSV, JSON Lines (each also gzip-compressed), JSON arrays, Parquet, "
    "a zip or a folder of images, and for vectors .npy and .npz."
)
HEAD = 1 << 16
TEXT_TYPES = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/vnd.ms-excel": "csv",
    "text/tab-separated-values": "tsv",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/json-lines": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/json": "json",
}
SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv"} | dict.fromkeys(
    (".jsonl", ".ndjson", ".json"), "jsonl"
)
REFUSED = {
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document; save it as CSV",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; pack a zip",
    b"Rar!": "a RAR archive; pack a zip",
    b"BZh": "compressed by bzip2; use gzip",
    b"\xfd7zXZ": "compressed by xz; use gzip",
    b"\x28\xb5\x2f\xfd": "compressed by Zstandard; use gzip",
    b"SQLite format 3": "an SQLite database; export CSV",
    b"\x89HDF": "an HDF5 file; save .npy or Parquet",
    b"\x80\x04\x95": "a pickle, which is never loaded",
    b"\x89PNG": "a single image; put images into a zip",
    b"\xff\xd8\xff": "a single image; put images into a zip",
    b"GIF8": "a single image; put images into a zip",
    b"\x7fELF": "a program",
}
OFFICE = {
    "xl/workbook.xml": "an Excel workbook; save it as CSV",
    "word/document.xml": "a Word document",
    "content.xml": "an OpenDocument file; save it as CSV",
}


def sniff(path: Path, *, name: str = "", media_type: str = "") -> str:
    """Tell a file's format.

    Args:
        path: the file or folder.
        name: what the file was called where it came from; the path's name when empty.
        media_type: what the sender says it is.

    Returns:
        One of FORMATS.

    Raises:
        UnsupportedFormat: when it is none of them; the sentence lists them.
        Invalid: when the file is empty or missing.
    """
    if path.is_dir():
        return "image-folder"
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise Invalid(f"The file {path.name!r} cannot be read ({error.strerror}).") from error
    if not head.strip():
        raise Invalid("The file is empty.")
    if found := _by_magic(head, path):
        return found
    called = name or path.name
    if head.startswith(GZIP_MAGIC):
        head, called = _unpacked(path), called.removesuffix(".gz")
    return _textual(head, called, media_type)


def _by_magic(head: bytes, path: Path) -> str:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path)
    for magic, said in REFUSED.items():
        if head.startswith(magic):
            raise UnsupportedFormat(f"The file is {said}. {SUPPORTED}")
    return ""


def _zipped(path: Path) -> str:
    from activeloop.formats.archives import open_zip

    with open_zip(path, Limits()) as archive:
        names = set(archive.namelist())
    for member, said in OFFICE.items():
        if member in names:
            raise UnsupportedFormat(f"The file is {said}. {SUPPORTED}")
    if names and all(each.endswith(".npy") for each in names):
        return "npz"
    return "zip"


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            head = file.read(HEAD)
    except (OSError, EOFError, zlib.error) as error:
        raise Invalid(
            f"The gzip file is cut off or broken ({str(error)[:100]}). Compress it again."
        ) from error
    if not head.strip():
        raise Invalid("The compressed file is empty.")
    if head[257:262] == b"ustar":
        raise UnsupportedFormat(f"The file is a tar archive; pack a zip. {SUPPORTED}")
    return head


def _textual(head: bytes, name: str, media_type: str) -> str:
    start = _text(head).lstrip("\ufeff \t\r\n")
    if head[257:262] == b"ustar":
        raise UnsupportedFormat(f"The file is a tar archive; pack a zip. {SUPPORTED}")
    said = TEXT_TYPES.get(media_type.partition(";")[0].strip().lower()) or SUFFIXES.get(
        Path(name).suffix.lower()
    )
    if said in ("jsonl", "json"):
        return "json" if start.startswith("[") else "jsonl"
    if said:
        return said
    if start.startswith("{"):
        return "jsonl"
    if start.startswith("["):
        return "json"
    first = start.partition("\n")[0]
    if "\x00" in start or start.startswith("<") or not any(each in first for each in ",;\t|"):
        raise UnsupportedFormat(f"The file's format is not recognised. {SUPPORTED}")
    return "tsv" if "\t" in first and "," not in first else "csv"


def _text(head: bytes) -> str:
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if head.startswith(mark):
            return head.decode("utf-16", errors="replace")
    return head.decode(errors="replace")
