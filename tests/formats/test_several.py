"""Several labels in a row: every form that is read, what is refused, and the way back."""

from __future__ import annotations

import doctest
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from activeloop import answers
from activeloop.errors import Invalid
from activeloop.formats import BadRow, Row, read, several, sniff, write_csv, write_jsonl

CLASSES = ("red", "dark", "very old", "a;b", "=odd")
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)


def rows(path: Path, kind: Any = "text", **given: Any) -> list[Row]:
    options = {"mapping": {}, "classes": CLASSES, "several": True, **given}
    found = list(read(path, kind=kind, format=sniff(path), **options))
    assert not [each for each in found if isinstance(each, BadRow)], found
    return [each for each in found if isinstance(each, Row)]


def labels(found: list[Row]) -> list[Any]:
    return [None if row.label is None else json.loads(row.label) for row in found]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_examples_in_the_docstrings_run() -> None:
    assert doctest.testmod(several).failed == 0


def test_a_cell_is_parted_or_a_list_and_comes_in_the_order_of_the_classes(tmp_path: Path) -> None:
    cells = [
        ("dark|red", ["red", "dark"]),
        ("dark; red", ["red", "dark"]),
        (" very old ", ["very old"]),
        ("a;b", ["a;b"]),
        ("a;b|red", ["red", "a;b"]),
        ('["dark", "red"]', ["red", "dark"]),
        ("red|red", ["red"]),
        ("[]", []),
        ("", None),
    ]
    lines = [
        f'text {n},"{cell.replace(chr(34), chr(34) * 2)}"' for n, (cell, _) in enumerate(cells)
    ]
    path = written(tmp_path / "few.csv", "\n".join(["text,labels", *lines]) + "\n")
    assert labels(rows(path)) == [wanted for _, wanted in cells]


def test_lists_in_json_and_parquet_are_the_names_and_an_empty_one_is_none_of_them(
    tmp_path: Path,
) -> None:
    told = [["dark", "red"], [], None, ["very old"]]
    lines = [json.dumps({"text": f"text {n}", "labels": each}) for n, each in enumerate(told)]
    path = written(tmp_path / "few.jsonl", "\n".join(lines) + "\n")
    wanted = [["red", "dark"], [], None, ["very old"]]
    assert labels(rows(path)) == wanted
    table = pa.table({"text": [f"text {n}" for n in range(4)], "labels": told})
    pq.write_table(table, tmp_path / "few.parquet")
    assert labels(rows(tmp_path / "few.parquet")) == wanted


def test_a_column_of_0_and_1_for_each_class_is_read_without_a_mapping(tmp_path: Path) -> None:
    lines = ["age,height,red,dark", "1,2,1,0", "3,4,yes,TRUE", "5,6,0,", "7,8,,"]
    path = written(tmp_path / "few.csv", "\n".join(lines) + "\n")
    found = rows(path, kind="table", classes=("red", "dark"))
    assert labels(found) == [["red"], ["red", "dark"], [], None]
    assert found[0].payload == {"age": 1.0, "height": 2.0}


def test_columns_of_0_and_1_can_be_mapped_and_one_that_is_no_class_is_refused(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "few.csv", "text,red,dark,other\nwine,1,1,9\nsky,0,1,9\n")
    found = rows(path, mapping={"label": "red,dark"})
    assert labels(found) == [["red", "dark"], ["dark"]]
    assert found[0].metadata == {"other": "9"}
    with pytest.raises(Invalid, match="'other' is none of the project's classes"):
        rows(path, mapping={"label": "red,other"})


def test_a_mark_that_is_neither_0_nor_1_is_not_guessed(tmp_path: Path) -> None:
    path = written(tmp_path / "few.csv", "text,red,dark\nwine,1,maybe\n")
    (found,) = rows(path, classes=("red", "dark"))
    assert found.label is None
    assert "'dark' holds 'maybe', not 0 or 1" in found.warning


def test_one_unknown_name_leaves_the_whole_answer_out_and_says_which(tmp_path: Path) -> None:
    path = written(tmp_path / "few.csv", "text,labels\nwine,red|drak\n")
    (found,) = rows(path)
    assert found.label is None
    assert "'drak' is none of the project's classes" in found.warning
    assert "Did you mean 'dark'?" in found.warning


@pytest.mark.parametrize("cell", ['["red", "dark"]', '"red|dark"', '"red;dark"'])
def test_several_labels_are_refused_where_a_project_takes_one_with_the_remedy(
    tmp_path: Path, cell: str
) -> None:
    path = written(tmp_path / "few.jsonl", f'{{"text": "wine", "label": {cell}}}\n')
    (found,) = rows(path, several=False)
    assert (found.number, found.label) == (1, None)
    assert "2 " in found.warning
    assert "answer: several" in found.warning


def test_arrays_mark_the_classes_by_columns(tmp_path: Path) -> None:
    X, y = np.eye(3), np.array([[1, 0], [1, 1], [0, 0]])
    np.savez(tmp_path / "few.npz", X=X, y=y)
    found = rows(tmp_path / "few.npz", kind="vectors", classes=("red", "dark"))
    assert labels(found) == [["red"], ["red", "dark"], []]
    with pytest.raises(Invalid, match="2 columns, the project has 5 classes"):
        rows(tmp_path / "few.npz", kind="vectors")
    with pytest.raises(Invalid, match="one number or text for each"):
        rows(tmp_path / "few.npz", kind="vectors", several=False)


def test_the_folder_of_an_image_is_its_one_label(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    with zipfile.ZipFile(tmp_path / "few.zip", "w") as archive:
        archive.writestr("red/one.png", picture.getvalue())
    assert labels(rows(tmp_path / "few.zip", kind="image")) == [["red"]]


@given(st.lists(NAMES, unique=True, min_size=1, max_size=5), st.data())
def test_what_is_written_into_a_cell_is_read_back(names: list[str], data: st.DataObject) -> None:
    classes = [name.strip() or "x" for name in names]
    chosen = data.draw(st.lists(st.sampled_from(classes), unique=True))
    text, warning = several.labels_reader(classes)(several.together(chosen))
    assert (text, warning) == (answers.joined(chosen, classes), "")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_written_rows_are_read_back_with_their_labels(tmp_path: Path, form: str) -> None:
    told: list[list[str]] = [["red", "dark"], [], ["a;b", "very old"], ["red"]]
    made = [{"text": f"text {n}", "label": names} for n, names in enumerate(told)]
    if form == "csv":
        shown = [row | {"label": several.together(list(row["label"]))} for row in made]
        content = b"".join(write_csv(shown))
    else:
        content = b"".join(write_jsonl(made))
    path = tmp_path / f"few.{form}"
    path.write_bytes(content)
    found = [json.loads(row.label or "null") for row in rows(path)]
    assert [set(names) for names in found] == [set(names) for names in told]
