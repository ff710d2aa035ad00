"""Files in, rows out: `sniff` what it is, `read` it, and write rows back."""

from activeloop.formats.export import write_csv, write_jsonl
from activeloop.formats.reading import measure, read
from activeloop.formats.rows import BadRow, Limits, Reader, Row
from activeloop.formats.sniffing import FORMATS, sniff

__all__ = [
    "FORMATS",
    "BadRow",
    "Limits",
    "Reader",
    "Row",
    "measure",
    "read",
    "sniff",
    "write_csv",
    "write_jsonl",
]
