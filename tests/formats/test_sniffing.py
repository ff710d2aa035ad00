"""What kind of file it is."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activeloop.errors import Invalid, UnsupportedFormat
from activeloop.formats import sniff


def zip_of(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return held.getvalue()


def parquet() -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), held)
    return held.getvalue()


def npy() -> bytes:
    held = io.BytesIO()
    np.save(held, np.eye(2))
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "media_type", "wanted"),
    [
        (b"text,label\na,b", "a.csv", "", "csv"),
        (b"text\na", "upload", "text/csv; charset=utf-8", "csv"),
        (b"text\tlabel\na\tb", "a.tsv", "", "tsv"),
        (b"text\tlabel\na\tb", "upload", "", "tsv"),
        (b'{"text": "a"}', "upload", "application/octet-stream", "jsonl"),
        (b'[{"text": "a"}]', "a.jsonl", "", "json"),
        (b'{"text": "a"}', "a.json", "application/json", "jsonl"),
        (gzip.compress(b'{"text": "a"}', mtime=0), "a.jsonl.gz", "application/gzip", "jsonl"),
        (gzip.compress(b"text\na", mtime=0), "a.csv.gz", "", "csv"),
        ("text,label\na,b".encode("utf-16"), "upload", "", "csv"),
        (parquet(), "lies.csv", "text/csv", "parquet"),
        (zip_of("1.png"), "lies.csv", "text/csv", "zip"),
        (zip_of("X.npy", "y.npy"), "a.npz", "", "npz"),
        (npy(), "upload", "", "npy"),
    ],
)
def test_the_bytes_decide_before_the_media_type_and_the_name(
    tmp_path: Path, content: bytes, name: str, media_type: str, wanted: str
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert sniff(path, name=name, media_type=media_type) == wanted


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zip_of("xl/workbook.xml"), "Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "zip"),
        (b"\x80\x04\x95abc", "pickle"),
        (b"<html>a,b</html>", "not recognised"),
        (b"hello", "not recognised"),
    ],
)
def test_what_is_not_supported_is_refused_with_what_is(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormat, match=said) as caught:
        sniff(path)
    assert "Parquet" in caught.value.message


@pytest.mark.parametrize("content", [b"", b" \n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid, match="empty"):
        sniff(path)


def test_a_folder_is_a_folder_of_images(tmp_path: Path) -> None:
    assert sniff(tmp_path) == "image-folder"


def test_importing_the_formats_brings_nothing_heavy_in() -> None:
    code = (
        "import sys, activeloop.formats;"
        "print([m for m in ('numpy', 'pyarrow', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
