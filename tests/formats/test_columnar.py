"""Parquet files and numpy arrays."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from activeloop.errors import Invalid
from activeloop.formats import BadRow, Limits, Reader, Row, measure, read, sniff


def opened(path: Path, **more: object) -> Reader:
    options = {"kind": "text", "mapping": {}, **more}
    return read(path, format=sniff(path), **options)  # type: ignore[arg-type]


def parquet(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=1000)
    return path


def test_parquet_rows_keep_their_types_as_metadata(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a.parquet",
        text=["a", "b", None],
        label=[0, 1, 1],
        when=[dt.datetime(2026, 1, 2, tzinfo=dt.UTC)] * 3,
        n=[1.5, float("nan"), 3.0],
    )
    first, second, third = opened(path, classes=("0", "1"))
    assert isinstance(first, Row)
    assert (first.label, first.metadata) == ("0", {"when": "2026-01-02 00:00:00.000000Z", "n": 1.5})
    assert isinstance(second, Row)
    assert second.metadata["n"] is None
    assert isinstance(third, BadRow)
    assert (third.number, third.where) == (3, "text")


def test_every_row_of_several_row_groups_comes_once_and_in_order(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", text=[f"t{n}" for n in range(5000)])
    reader = opened(path)
    found = [row.payload["text"] for row in reader if isinstance(row, Row)]
    assert found == [f"t{n}" for n in range(5000)]
    assert reader.position == reader.total == measure(path) == 5000


def test_parquet_lists_are_vectors(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", embedding=[[1.0, 2.0], [1.0, float("inf")], [1.0]])
    first, *others = opened(path, kind="vectors")
    assert isinstance(first, Row)
    assert first.payload == {"vector": [1.0, 2.0]}
    assert [type(other) for other in others] == [BadRow, BadRow]


def test_parquet_images_as_bytes_are_read(tmp_path: Path) -> None:
    held = io.BytesIO()
    Image.new("L", (3, 2)).save(held, "PNG")
    images = [{"bytes": held.getvalue(), "path": "a/b.png"}, {"bytes": b"no", "path": None}]
    row, problem = opened(parquet(tmp_path / "a.parquet", image=images), kind="image")
    assert isinstance(row, Row)
    assert (row.payload["name"], row.payload["width"], row.blob) == ("b.png", 3, held.getvalue())
    assert isinstance(problem, BadRow)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_parquet_file_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = parquet(tmp_path / "a.parquet", text=[f"t{n}" for n in range(500)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Invalid, match="cut off or broken"):
        opened(path)


MEASURED = """
import sys
from pathlib import Path
import pyarrow
from activeloop.formats import read
rows = read(Path(sys.argv[1]), kind="text", format="parquet", mapping={"text": "text"})
print(sum(1 for _ in rows), pyarrow.default_memory_pool().max_memory() >> 20)
"""


def test_a_long_text_repeated_in_a_dictionary_is_not_multiplied_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), ["x" * 1_000_000])
    pq.write_table(pa.table({"text": text}), path)
    assert path.stat().st_size < 1_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    count, mebibytes = map(int, done.stdout.split())
    assert count == 1000
    assert mebibytes < 200


def test_an_array_gives_one_vector_a_row_whatever_its_inner_shape(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    np.save(tmp_path / "a.npy", values)
    rows = [row.payload["vector"] for row in opened(tmp_path / "a.npy", kind="vectors")]  # type: ignore[union-attr]
    assert rows == values.reshape(4, 6).tolist()


def test_labels_beside_an_array_are_taken(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.eye(3), y=np.array([0, 1, 5]))
    rows = list(opened(tmp_path / "a.npz", kind="vectors", classes=("0", "1")))
    assert [row.label for row in rows if isinstance(row, Row)] == ["0", "1", None]
    assert "'5'" in getattr(rows[2], "warning", "")


def test_a_hole_in_an_array_is_a_bad_row(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[1, 2], [np.nan, 1], [3, 4]]))
    found = list(opened(tmp_path / "a.npy", kind="vectors"))
    assert [type(item) for item in found] == [Row, BadRow, Row]


def test_an_array_of_objects_is_refused_and_never_unpickled(tmp_path: Path) -> None:
    for name, save in (("a.npy", np.save), ("a.npz", np.savez)):
        save(tmp_path / name, np.array([[{}], [1]], dtype=object), allow_pickle=True)
        mapping = {"vector": "arr_0"} if name == "a.npz" else {}
        with pytest.raises(Invalid):
            opened(tmp_path / name, kind="vectors", mapping=mapping)


def test_arrays_without_vectors_are_refused_with_what_was_found(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", foo=np.eye(3))
    with pytest.raises(Invalid, match="Arrays found: foo"):
        opened(tmp_path / "a.npz", kind="vectors")


def test_a_vector_wider_than_the_limit_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 50)))
    with pytest.raises(Invalid, match="50 numbers"):
        opened(tmp_path / "a.npy", kind="vectors", limits=Limits(max_columns=49))
