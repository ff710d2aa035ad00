"""JSON Lines and JSON arrays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from activeloop.errors import Invalid, TooLarge
from activeloop.formats import BadRow, Limits, Reader, Row, read, sniff


def opened(path: Path, content: bytes, **more: object) -> Reader:
    path.write_bytes(content)
    options = {"kind": "text", "mapping": {}, **more}
    return read(path, format=sniff(path), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"text": "a"', "broken"),
        (b"[1]", "not a JSON object"),
        (b'{"text": "a", "text": "b"}', "stands twice"),
        (b'{"text": "a", "score": NaN}', "NaN is not JSON"),
        (b'{"text": 5}', "wants text"),
        (b'{"other": "a"}', "is missing"),
        (b'{"text": ""}', "empty"),
        (b'{"text": "a\\u0000"}', "NUL"),
        (b'{"text": "\\ud800"}', "surrogate"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "too long"),
        (b'{"text": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deep"),
        (b'{"text": "a", "id": [1]}', "neither text nor a number"),
    ],
)
def test_a_bad_line_is_reported_by_number_and_costs_only_itself(
    tmp_path: Path, line: bytes, said: str
) -> None:
    content = b'{"text": "first", "id": 1}\n' + line + b'\n\n{"text": "last"}\n'
    first, problem, last = opened(tmp_path / "a.jsonl", content)
    assert isinstance(problem, BadRow)
    assert (first.number, problem.number, last.number) == (1, 2, 4)
    assert said in problem.problem
    assert problem.remedy


def test_nested_metadata_is_flattened_and_a_label_may_be_a_list_of_one(tmp_path: Path) -> None:
    record = {"text": "a", "label": ["yes"], "meta": {"who": {"age": 3}}, "tags": ["x"], "ok": True}
    (row,) = opened(tmp_path / "a.jsonl", json.dumps(record).encode(), classes=("yes", "no"))
    assert isinstance(row, Row)
    assert row.label == "yes"
    assert row.metadata == {"meta.who.age": 3, "tags": '["x"]', "ok": True}


def test_a_list_of_several_labels_is_not_taken_and_the_row_says_so(tmp_path: Path) -> None:
    (row,) = opened(tmp_path / "a.jsonl", b'{"text": "a", "label": ["yes", "no"]}')
    assert isinstance(row, Row)
    assert row.label is None
    assert "2 labels" in row.warning


def test_a_whole_number_label_is_its_digits(tmp_path: Path) -> None:
    (row,) = opened(tmp_path / "a.jsonl", b'{"text": "a", "label": 3}', classes=("3", "4"))
    assert isinstance(row, Row)
    assert (row.label, row.warning) == ("3", "")


def test_a_column_that_appears_only_in_a_later_line_is_found(tmp_path: Path) -> None:
    content = b'{"text": "a"}\n{"text": "b", "label": "yes"}\n'
    assert [getattr(row, "label", "") for row in opened(tmp_path / "a.jsonl", content)] == [
        None,
        "yes",
    ]


def test_a_mapping_to_a_missing_key_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no column 'body'"):
        opened(tmp_path / "a.jsonl", b'{"text": "a"}', mapping={"text": "body"})


def test_the_same_table_has_the_same_digests_from_csv_and_from_json_lines(tmp_path: Path) -> None:
    rows = opened(tmp_path / "a.jsonl", b'{"a": 1, "b": "x", "c": null}', kind="table")
    cells = opened(tmp_path / "a.csv", b"c,b,a\n,x,1.0\n", kind="table")
    assert [row.digest for row in rows if isinstance(row, Row)] == [
        row.digest for row in cells if isinstance(row, Row)
    ]


def test_a_json_array_gives_its_items_and_reports_the_bad_ones(tmp_path: Path) -> None:
    first, problem, last = opened(tmp_path / "a.json", b'[{"text": "a"},\n 5, {"text": "b"}]')
    assert isinstance(problem, BadRow)
    assert (first.number, problem.number, last.number) == (1, 2, 3)


def test_a_large_json_array_is_refused_in_favour_of_json_lines(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="JSON Lines"):
        opened(tmp_path / "a.json", b"[" + b" " * 2000 + b"]", limits=Limits(max_json_bytes=1000))


def test_a_file_without_one_good_line_reports_every_line(tmp_path: Path) -> None:
    items = list(opened(tmp_path / "a.jsonl", b"{x}\n{y}\n"))
    assert [type(item) for item in items] == [BadRow, BadRow]
