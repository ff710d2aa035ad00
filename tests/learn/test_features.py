from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import sparse

from activeloop.errors import Corrupt, Invalid
from activeloop.learn import features
from activeloop.learn.persist import dump_featurizer, load_featurizer
from activeloop.spec import FeatureSpec, Kind

ROWS: list[dict[str, Any]] = [
    {"age": "31", "city": "Bern", "flat": 1.0},
    {"age": None, "city": "Ulm", "flat": 1.0},
    {"age": 45, "city": "Bern", "flat": 1.0},
    {"age": 29.5, "city": None, "flat": 1.0},
]


def _make(kind: Kind, payloads: list[dict[str, Any]] | None = None) -> features.Featurizer:
    return features.make(FeatureSpec(), kind).fit(payloads or [])


def _png(colour: str, size: tuple[int, int] = (20, 30), mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, colour).save(written, "png")
    return written.getvalue()


def _sparse(payloads: list[dict[str, Any]]) -> sparse.csr_matrix:
    rows = _make("text").transform(payloads)
    assert sparse.issparse(rows)
    return rows


@given(st.lists(st.text(max_size=40), max_size=6))
@settings(max_examples=40)
def test_text_rows_have_unit_length_or_are_empty_and_do_not_depend_on_their_neighbours(
    texts: list[str],
) -> None:
    payloads = [{"text": one} for one in texts]
    whole = _sparse(payloads).toarray()
    lengths = np.linalg.norm(whole, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
    for payload, row in zip(payloads, whole, strict=True):
        assert np.array_equal(_sparse([payload]).toarray()[0], row)


def test_chinese_lines_that_share_a_word_are_nearer_than_lines_that_share_none() -> None:
    rows = _make("text").transform(
        [{"text": "床前明月光"}, {"text": "举头望明月"}, {"text": "春眠不觉晓"}]
    )
    near, far = (rows[0] @ rows[other].T for other in (1, 2))
    assert near.toarray()[0, 0] > far.toarray()[0, 0] + 0.05


def test_words_and_characters_never_share_a_column() -> None:
    rows = _sparse([{"text": "where is my card"}])
    half = rows.shape[1] // 2
    words, characters = (rows.indices < half).sum(), (rows.indices >= half).sum()
    assert words == 7
    assert characters > words
    assert rows.dtype == np.float32


def test_a_payload_that_does_not_fit_is_named_by_its_index() -> None:
    with pytest.raises(Invalid, match="sample 1: wants a string under 'text'"):
        _make("text").transform([{"text": "a"}, {"text": 3}])
    vectors = _make("vectors", [{"vector": [1, 2]}])
    with pytest.raises(Invalid, match="sample 0: wants a vector of 2 numbers, found 3"):
        vectors.transform([{"vector": [1, 2, 3]}])
    with pytest.raises(Invalid, match=r"sample 1.*finite"):
        vectors.transform([{"vector": [1, 2]}, {"vector": [1, float("nan")]}])
    with pytest.raises(Invalid, match="sample 1: the image cannot be decoded"):
        _make("image").transform([{}, {}], blobs=[_png("red"), _png("red")[:40]])
    with pytest.raises(Invalid, match="sample 1: column 'city' holds a list"):
        _make("table", ROWS).transform([ROWS[0], {"city": ["Bern"]}])


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "1", "P", "LA"])
def test_an_image_of_any_mode_gives_a_finite_row_of_unit_length(mode: str) -> None:
    colour: Any = "white" if mode != "LA" else (9, 9)
    row = _make("image").transform([{}], blobs=[_png(colour, (1, 9), mode)])[0]
    assert row.dtype == np.float32
    assert np.isfinite(row).all()
    assert abs(float(np.linalg.norm(row)) - 1) < 1e-5


def test_images_of_like_colour_are_nearer_than_images_of_unlike_colour() -> None:
    blobs = [_png("red"), _png("#ee1111", (64, 64)), _png("blue")]
    rows = _make("image").transform([{}, {}, {}], blobs=blobs)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.1


def test_a_table_imputes_marks_missing_and_leaves_a_constant_column_at_zero() -> None:
    table = _make("table", ROWS)
    rows = table.transform([*ROWS, {"city": "Rom", "age": "many"}])
    age, missing, city, flat = rows[:, 0], rows[:, 1], rows[:, 2:6], rows[:, 6]
    assert missing.tolist() == [0, 1, 0, 0, 1]
    assert age[1] == age[4]
    assert abs(age[[0, 2, 3]].mean()) < 1e-6
    assert city.tolist()[0] == [1, 0, 0, 0]
    assert city.tolist()[3] == [0, 0, 0, 1]
    assert city.tolist()[4] == [0, 0, 1, 0]
    assert np.all(flat[:4] == 0)


def test_a_string_column_of_many_values_is_hashed_to_a_fixed_width() -> None:
    payloads = [{"note": f"word{i} shared"} for i in range(200)]
    table = _make("table", payloads)
    assert table.width == 64
    assert len(np.unique(table.transform(payloads), axis=0)) > 30


def _present(value: Any) -> bool:
    return value is not None and value != "" and value == value  # noqa: PLR0124 - NaN


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from("abc"),
            st.none()
            | st.text(max_size=5)
            | st.floats(allow_nan=True)
            | st.booleans()
            | st.integers(),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=60)
def test_any_flat_table_gives_finite_rows_in_any_split(rows: list[dict[str, Any]]) -> None:
    if not any(_present(value) for row in rows for value in row.values()):
        with pytest.raises(Invalid, match="No sample has a value"):
            _make("table", rows)
        return
    table = _make("table", rows)
    whole = table.transform(rows)
    assert np.isfinite(whole).all()
    parts = [table.transform(rows[:1]), table.transform(rows[1:])]
    assert np.array_equal(np.vstack(parts), whole)
    again = load_featurizer(dump_featurizer(table))
    assert again.fingerprint == table.fingerprint
    assert np.array_equal(again.transform(rows), whole)


def test_the_fingerprint_changes_with_parameters_and_fitted_state_only() -> None:
    one, two = _make("table", ROWS), _make("table", ROWS[:2])
    assert one.fingerprint == _make("table", ROWS).fingerprint
    assert one.fingerprint != two.fingerprint
    narrow = features.make(FeatureSpec(params={"width": 1024}), "text").fit([])
    assert narrow.fingerprint != _make("text").fingerprint
    assert features.restore(*narrow.state()).fingerprint == narrow.fingerprint


def test_unknown_recipes_and_parameters_are_refused_with_what_is_known() -> None:
    with pytest.raises(Invalid, match="Known: auto, image, table, text, vectors"):
        features.make(FeatureSpec(recipe="nope"), "text")
    with pytest.raises(Invalid, match="does not fit kind 'text'"):
        features.make(FeatureSpec(recipe="image"), "text")
    with pytest.raises(Invalid, match="Known: characters, width, words"):
        features.make(FeatureSpec(params={"widht": 3}), "text")
    with pytest.raises(Corrupt):
        features.restore({"recipe": "table"}, {})
