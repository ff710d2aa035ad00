"""CSV and TSV files, sound and damaged."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from activeloop.errors import Invalid
from activeloop.formats import BadRow, Limits, Reader, Row, read, sniff
from activeloop.formats.rows import digest_of

CLASSES = ("yes", "no")


def opened(path: Path, content: bytes, **more: object) -> Reader:
    path.write_bytes(content)
    options = {"kind": "text", "mapping": {}, "classes": CLASSES, **more}
    return read(path, format=sniff(path), **options)  # type: ignore[arg-type]


def texts(items: list[Row | BadRow]) -> list[str]:
    return [item.payload["text"] for item in items if isinstance(item, Row)]


def bad(items: list[Row | BadRow]) -> list[BadRow]:
    return [item for item in items if isinstance(item, BadRow)]


def test_a_row_carries_text_label_id_metadata_and_the_digest_of_its_payload(tmp_path: Path) -> None:
    reader = opened(tmp_path / "a.csv", b"ID,Sentence,Label,source\n7,hello,yes,web\n")
    (row,) = reader
    assert row == Row(
        2, "7", {"text": "hello"}, "yes", {"source": "web"}, None, digest_of({"text": "hello"})
    )
    assert reader.mapping == {"text": "Sentence", "id": "ID", "label": "Label"}
    assert reader.columns == ("ID", "Sentence", "Label", "source")


@pytest.mark.parametrize(
    "text", ["plain", 'q"uote\\', "tab\there", "鳥鳴山更幽", "\u2028\x7f\x01", "😀"]
)
def test_the_hand_written_digest_of_a_text_is_that_of_its_canonical_json(
    tmp_path: Path, text: str
) -> None:
    held = io.StringIO()
    csv.writer(held).writerows([["text", "x"], [text, "1"]])
    (row,) = opened(tmp_path / "a.csv", held.getvalue().encode())
    assert isinstance(row, Row)
    assert (row.payload["text"], row.digest) == (text, digest_of({"text": text}))


def test_a_text_of_several_fields_keeps_them_apart_and_is_learned_from_as_a_whole(
    tmp_path: Path,
) -> None:
    content = b"title,body,source\nSnow,It fell.,web\n,Alone.,web\n,,web\n"
    reader = opened(tmp_path / "a.csv", content, mapping={"text": "title,body"})
    first, second, empty = reader
    assert isinstance(first, Row)
    assert first.payload == {
        "text": "Snow\n\nIt fell.",
        "fields": [{"name": "title", "text": "Snow"}, {"name": "body", "text": "It fell."}],
    }
    assert first.metadata == {"source": "web"}
    assert texts([second]) == ["Alone."]
    assert isinstance(empty, BadRow)
    assert "Every field is empty" in empty.problem


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found_also_when_the_text_is_full_of_commas(
    tmp_path: Path, delimiter: str
) -> None:
    lines = [f"text{delimiter}label", f'"a, b, c"{delimiter}yes', f'"d, e"{delimiter}no']
    items = list(opened(tmp_path / "a.csv", "\n".join(lines).encode()))
    assert texts(items) == ["a, b, c", "d, e"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(tmp_path: Path, encoding: str) -> None:
    items = list(opened(tmp_path / "a.csv", "text,label\n山高,yes\n".encode(encoding)))
    assert texts(items) == ["山高"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood(tmp_path: Path, end: str) -> None:
    content = end.join(["text,label", "a,yes", "b,no", ""]).encode()
    assert texts(list(opened(tmp_path / "a.csv", content))) == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"a,yes,more", "3 cells, the header 2"),
        (b"a", "1 cells, the header 2"),
        (b"\xff\xfe,yes", "not valid UTF-8: byte 0xff at position 1"),
        (b"a\x00b,yes", "NUL"),
        (b"  ,yes", "The text is empty"),
        (b"x" * 3000 + b",yes", "longer than 2000 bytes"),
        (b'"open,yes', "A quote is opened and not closed"),
        (b'"a"b,yes', "cannot be taken apart"),
    ],
)
def test_a_bad_line_is_reported_by_number_and_costs_only_itself(
    tmp_path: Path, line: bytes, said: str
) -> None:
    content = b"text,label\nfirst,yes\n" + line + b"\nlast,no\n"
    items = list(opened(tmp_path / "a.csv", content, limits=Limits(max_line_bytes=2000)))
    (problem,) = bad(items)
    assert (problem.number, texts(items)) == (3, ["first", "last"])
    assert said in problem.problem
    assert problem.remedy
    assert [item.number for item in items] == [2, 3, 4]


def test_a_quoted_cell_may_span_lines_and_later_numbers_stay_right(tmp_path: Path) -> None:
    items = list(opened(tmp_path / "a.csv", b'text,label\n"one\ntwo",yes\nlast,no\n'))
    assert texts(items) == ["one\ntwo", "last"]
    assert [item.number for item in items] == [2, 4]


def test_two_stray_quotes_do_not_swallow_the_rows_between_them(tmp_path: Path) -> None:
    content = b'text,label\n"stray,yes\nkept,no\nalso,yes\n"stray again,no\nend,yes\n'
    items = list(opened(tmp_path / "a.csv", content))
    assert texts(items) == ["kept", "also", "end"]
    assert [problem.number for problem in bad(items)] == [2, 5]


def test_an_unreadable_line_inside_an_open_quote_is_reported_beside_the_quote(
    tmp_path: Path,
) -> None:
    content = b'text,label\n"stray,yes\nkept,no\n\xff,no\nend,yes\n'
    items = list(opened(tmp_path / "a.csv", content))
    assert texts(items) == ["kept", "end"]
    assert [problem.number for problem in bad(items)] == [2, 4]
    assert "runs into line 4" in bad(items)[0].problem


def test_a_file_full_of_stray_quotes_is_read_in_linear_time(tmp_path: Path) -> None:
    content = b"text,label\n" + b'"stray,yes\nkept,no\n' * 20_000
    limits = Limits(max_record_lines=10_000)
    items = list(opened(tmp_path / "a.csv", content, limits=limits))
    assert len(texts(items)) == 20_000
    assert len(bad(items)) == 20_000


def test_an_unknown_label_is_not_taken_and_the_row_says_so(tmp_path: Path) -> None:
    (row,) = opened(tmp_path / "a.csv", b"text,label\na,yess\n")
    assert isinstance(row, Row)
    assert row.label is None
    assert "'yess'" in row.warning
    assert "Did you mean 'yes'?" in row.warning


def test_a_mapping_to_a_missing_column_names_it_and_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"no column 'qestion'.*Did you mean 'question'.*question, y"):
        opened(tmp_path / "a.csv", b"question,y\na,yes\n", mapping={"text": "qestion"})


def test_a_mapping_of_an_unknown_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Did you mean 'text'"):
        opened(tmp_path / "a.csv", b"question,y\na,yes\n", mapping={"txt": "question"})


def test_a_file_without_a_text_column_is_refused_with_the_columns_found(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Columns found: foo, bar, label"):
        opened(tmp_path / "a.csv", b"foo,bar,label\n1,2,yes\n")


def test_a_label_mapped_to_nothing_is_left_as_metadata(tmp_path: Path) -> None:
    (row,) = opened(tmp_path / "a.csv", b"text,label\na,yes\n", mapping={"label": ""})
    assert isinstance(row, Row)
    assert (row.label, row.metadata) == (None, {"label": "yes"})


@pytest.mark.parametrize(
    "content", [b"text,text\na,b\n", b"\xff,label\na,yes\n", b'"text,label\na']
)
def test_an_unusable_header_refuses_the_whole_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid, match="header"):
        opened(tmp_path / "a.csv", content)


def test_a_gzip_file_is_read_and_its_position_is_that_of_the_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    reader = opened(path, gzip.compress(b"text,label\na,yes\n"))
    assert texts(list(reader)) == ["a"]
    assert reader.position == reader.total == path.stat().st_size


def test_a_gzip_file_cut_off_keeps_what_was_read(tmp_path: Path) -> None:
    rows = "".join(f"text number {n} {n * 7919 % 10007},yes\n" for n in range(100_000))
    packed = gzip.compress(b"text,label\n" + rows.encode())
    items = list(opened(tmp_path / "a.csv.gz", packed[: len(packed) // 2]))
    assert len(texts(items)) > 10_000
    assert "broken from here on" in bad(items)[-1].problem
    assert len(bad(items)) == 1


def test_a_gzip_bomb_is_stopped(tmp_path: Path) -> None:
    packed = gzip.compress(b"text,label\n" + (b"a" * 5000 + b",yes\n") * 30_000)
    reader = opened(tmp_path / "a.csv.gz", packed)
    last: Row | BadRow | None = None
    count = 0
    for item in reader:
        last, count = item, count + 1
    assert isinstance(last, BadRow)
    assert "unpacks to more than allowed" in last.problem
    assert 1000 < count < 30_000


def test_reading_on_after_a_row_gives_exactly_the_rest(tmp_path: Path) -> None:
    content = b"text,label\n" + b"".join(b"t%d,yes\n" % n for n in range(50))
    whole = list(opened(tmp_path / "a.csv", content))
    rest = list(opened(tmp_path / "a.csv", content, after=whole[19].number))
    assert rest == whole[20:]


def test_a_table_cell_is_a_number_a_text_or_missing(tmp_path: Path) -> None:
    content = b"age,city,pay,label\n31,Bonn,1.5e3,yes\n,NA,x,no\ninf,a,b,no\n,,,no\n"
    items = list(opened(tmp_path / "a.csv", content, kind="table"))
    rows = [item.payload for item in items if isinstance(item, Row)]
    assert rows == [
        {"age": 31.0, "city": "Bonn", "pay": 1500.0},
        {"age": None, "city": None, "pay": "x"},
    ]
    assert [(problem.number, problem.where) for problem in bad(items)] == [(4, "age"), (5, "age")]


def test_mapped_features_leave_the_other_columns_as_metadata(tmp_path: Path) -> None:
    content = b"age,city,label\n31,Bonn,yes\n"
    (row,) = opened(tmp_path / "a.csv", content, kind="table", mapping={"features": "age"})
    assert isinstance(row, Row)
    assert (row.payload, row.metadata) == ({"age": 31.0}, {"city": "Bonn"})


@pytest.mark.parametrize(
    ("header", "cells", "mapping", "wanted"),
    [
        ("vector,label", '"[1, 2.5]",yes', {}, [1.0, 2.5]),
        ("id,v0,v1,age", "a,1,2,40", {}, [1.0, 2.0]),
        ("a,b,name", "1,2,x", {}, [1.0, 2.0]),
        ("a,b,c", "1,2,3", {"vector": "c,a"}, [3.0, 1.0]),
    ],
)
def test_a_vector_stands_in_one_column_or_in_many(
    tmp_path: Path, header: str, cells: str, mapping: dict[str, str], wanted: list[float]
) -> None:
    content = f"{header}\n{cells}\n".encode()
    (row,) = opened(tmp_path / "a.csv", content, kind="vectors", mapping=mapping)
    assert isinstance(row, Row)
    assert row.payload == {"vector": wanted}


def test_a_vector_with_a_hole_or_of_another_length_is_refused(tmp_path: Path) -> None:
    content = b'vector\n"[1,2]"\n"[1,NaN]"\n"[1]"\n"[3,4]"\n'
    items = list(opened(tmp_path / "a.csv", content, kind="vectors"))
    assert [problem.number for problem in bad(items)] == [3, 4]
    assert "has 1 numbers, not 2" in bad(items)[1].problem


MEASURED = """
import json, resource, sys
from pathlib import Path
from activeloop.formats import BadRow, read
path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
items = list(read(path, kind="text", format=sys.argv[2], mapping={"text": "text"}))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([[(type(i).__name__, i.number) for i in items], (after - before) / 1024]))
"""


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("a.csv", b"text,n\na,1\n", b"\nb,2\n"),
        ("a.jsonl", b'{"text":"a"}\n\n', b'\n{"text":"b"}\n'),
    ],
)
def test_a_line_of_300_megabytes_is_skipped_without_being_held(
    tmp_path: Path, name: str, start: bytes, end: bytes
) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(start)
        file.seek(300 << 20, io.SEEK_CUR)
        file.write(end)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path), path.suffix[1:]],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    items, grown_mebibytes = json.loads(done.stdout)
    kinds = [tuple(item) for item in items]
    first = 2 if name == "a.csv" else 1
    assert kinds == [("Row", first), ("BadRow", 3), ("Row", 4)]
    assert grown_mebibytes < 80
