"""Whatever the bytes are, a reader gives rows and bad rows or refuses; it does nothing else."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from activeloop.errors import ActiveloopError
from activeloop.formats import FORMATS, BadRow, Limits, Row, read, sniff
from activeloop.spec import Kind

LIMITS = Limits(max_line_bytes=4096, max_record_lines=50, max_image_pixels=100_000)
TEXTUAL = st.text(st.sampled_from(list('",;\t|\n\r{}[]:ab1\\u\x00é山')), max_size=300).map(
    lambda text: f"text,label,vector\n{text}".encode()
)


@cache
def sound(named: str) -> bytes:
    """A sound file of each format."""
    held = io.BytesIO()
    if named in ("csv", "tsv"):
        return b'text,label,v0,v1\n"a ""b""",yes,1,2\n\xe5\xb1\xb1,no,3,4\n' * 3
    if named == "jsonl":
        return b'{"text": "a", "label": "yes", "vector": [1, 2], "m": {"n": null}}\n' * 5
    if named == "json":
        return b'[{"text": "a", "label": "yes", "vector": [1, 2]}, {"text": "b"}]'
    if named == "parquet":
        columns = {"text": ["a", "b"] * 20, "label": ["yes"] * 40, "vector": [[1.0, 2.0]] * 40}
        pq.write_table(pa.table(columns), held)
    elif named == "npy":
        np.save(held, np.eye(4))
    elif named == "npz":
        np.savez_compressed(held, X=np.eye(4), y=np.arange(4))
    else:
        _zip(held)
    return held.getvalue()


def _zip(held: io.BytesIO) -> None:
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"):
            inner = io.BytesIO()
            Image.effect_noise((20, 20), 50).save(inner, kind)
            archive.writestr(f"cat/{kind}", inner.getvalue())


@st.composite
def mangled(draw: st.DrawFn, named: str) -> bytes:
    """A sound file with some bytes changed, cut out, doubled or put in."""
    content = bytearray(sound(named))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 30))
        new = draw(st.binary(max_size=12) | st.just(bytes(content[at : at + length]) * 2))
        content[at : at + length] = new
    return bytes(content)


def look(content: bytes, named: str, kind: Kind) -> None:
    """Read it all and check that only rows, bad rows or our own errors come out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            reader = read(path, kind=kind, format=named, mapping={}, limits=LIMITS)
            for item in reader:
                assert isinstance(item, Row | BadRow)
                assert item.number >= 1
                if isinstance(item, BadRow):
                    assert item.problem
                else:
                    str(item.payload).encode()
                    str(item.metadata).encode()
                assert 0 <= reader.position <= reader.total
        except ActiveloopError as refusal:
            said = refusal.message
            assert said
        try:
            assert sniff(path) in FORMATS
        except ActiveloopError as refusal:
            said = refusal.message
            assert said


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("named", [each for each in FORMATS if each != "image-folder"])
@settings(max_examples=40, deadline=5000)
@given(data=st.data())
def test_a_damaged_file_never_raises_anything_but_our_own_errors(
    named: str, kind: Kind, data: st.DataObject
) -> None:
    look(data.draw(mangled(named)), named, kind)


@settings(max_examples=300, deadline=5000)
@given(TEXTUAL, st.sampled_from(get_args(Kind)))
def test_any_text_is_read_or_refused_as_csv(content: bytes, kind: Kind) -> None:
    look(content, "csv", kind)


@settings(max_examples=100, deadline=5000)
@given(content=st.binary(max_size=200), named=st.sampled_from(FORMATS), packed=st.booleans())
def test_any_bytes_are_read_or_refused_as_anything(
    content: bytes, named: str, *, packed: bool
) -> None:
    look(gzip.compress(content) if packed else content, named, "text")
