"""Rows written back to files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activeloop.formats import Row, read, write_csv, write_jsonl

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)


@given(TEXTS)
def test_no_text_cell_begins_like_a_formula_and_nothing_else_changes(text: str) -> None:
    written = b"".join(write_csv([{"text": text}])).decode()
    (_, (cell,)) = csv.reader(io.StringIO(written, newline=""))
    assert cell[:1] not in {*"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"}
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text


@given(TEXTS)
def test_raw_cells_are_read_back_as_they_were(text: str) -> None:
    written = b"".join(write_csv([{"text": text}], raw=True)).decode()
    (_, (cell,)) = csv.reader(io.StringIO(written, newline=""))
    assert cell == text


def test_numbers_are_left_as_numbers_also_when_negative() -> None:
    written = b"".join(write_csv([{"a": -1.5, "b": None, "c": True, "=d": "-1"}]))
    assert written == b'"a","b","c","\'=d"\r\n"-1.5","","true","\'-1"\r\n'


def test_given_columns_are_the_header_even_without_rows() -> None:
    assert b"".join(write_csv([], ["a", "b"])) == b'"a","b"\r\n'
    assert b"".join(write_csv([{"b": 1, "x": 2}], ["a", "b"])).endswith(b'"","1"\r\n')


@given(st.lists(st.dictionaries(TEXTS, SCALARS)))
def test_json_lines_lose_nothing(rows: list[dict[str, object]]) -> None:
    written = b"".join(write_jsonl(rows)).decode()
    assert [json.loads(line) for line in written.split("\n")[:-1]] == rows


@pytest.mark.parametrize("text", ["a", "two\nlines", 'q"', "山高月小", "a\u2028b"])
def test_what_is_written_as_json_lines_is_read_back_with_the_same_digest(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(write_jsonl([{"text": text, "label": "yes", "n": 1}])))
    (row,) = read(path, kind="text", format="jsonl", mapping={})
    assert isinstance(row, Row)
    assert (row.payload, row.label, row.metadata) == ({"text": text}, "yes", {"n": 1})


def test_a_long_export_comes_in_pieces() -> None:
    assert len(list(write_csv({"text": "x" * 1000} for _ in range(1000)))) > 5
