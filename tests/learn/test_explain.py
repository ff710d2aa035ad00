"""Contributions add up to the score, stand where their words stand, and are SHAP's."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.sparse import vstack

from activeloop.learn import features, recipes
from activeloop.learn.explain import Linear, linear_of, place, why_not
from activeloop.learn.explain import image as picture
from activeloop.learn.explain import text as words
from activeloop.learn.features.image import ImageFeaturizer
from activeloop.spec import FeatureSpec

WORDS = ["sunny", "warm", "bright", "cold", "rainy", "dark", "day", "night", "walk"]
NARROW = FeatureSpec(params={"width": 2**10})


def texts(rng: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    return [{"text": " ".join(rng.choice(WORDS, 5))} for _ in range(rows)]


def learned(recipe: str, *, several: bool = False, classes: int = 3) -> tuple[Any, Any, Any, Any]:
    """Give payloads, featurizer, features and a model that learned whether it is sunny or cold."""
    rng = np.random.default_rng(7)
    payloads = texts(rng, 80)
    featurizer = features.make(NARROW, "text").fit([])
    X = featurizer.transform(payloads)
    has = np.array([[word in each["text"] for word in WORDS[:classes]] for each in payloads])
    y: Any = has if several else has.argmax(axis=1)
    return payloads, featurizer, X, recipes.get(recipe).fit(X, y, classes, seed=3)


def taken_apart(model: Any, X: Any, row: int) -> tuple[Linear, Any]:
    linear = linear_of(model)
    assert linear is not None
    mean = np.asarray(X.mean(axis=0), np.float64).ravel()
    return linear, linear.parts(X[row : row + 1], mean)


@pytest.mark.parametrize("recipe", ["linear", "online"])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_parts_add_up_to_the_score_that_the_probabilities_are_made_of(
    recipe: str, classes: int, *, several: bool
) -> None:
    _, _, X, model = learned(recipe, several=several, classes=classes)
    for row in range(5):
        linear, parts = taken_apart(model, X, row)
        proba = model.predict_proba(X[row : row + 1])[0][linear.classes]
        odds = 1 / (1 + np.exp(-parts.scores))
        if not several:
            odds = odds if recipe == "online" else np.exp(parts.scores)
            odds = odds / odds.sum()
        np.testing.assert_allclose(odds, proba, atol=1e-5)
        assert np.abs(parts.given).max() > 0.05


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("dense", [False, True])
def test_contributions_are_those_of_shap(*, several: bool, dense: bool) -> None:
    with warnings.catch_warnings():
        # while it is imported it calls what Matplotlib will take away
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap
    _, _, X, model = learned("linear", several=several)
    linear = linear_of(model)
    assert linear is not None
    if dense:  # the same weights over dense rows
        rng = np.random.default_rng(1)
        X = rng.normal(size=(300, 12)).astype(np.float32)
        y = (X[:, :3] + rng.normal(size=(300, 3))).argmax(axis=1)
        linear = linear_of(recipes.get("linear").fit(X, y, 3, seed=0))
        assert linear is not None
    whole = np.asarray(X if dense else X.toarray(), np.float64)
    mean, every = whole.mean(axis=0), np.arange(linear.width)
    offsets = linear.offsets - (linear.offsets.mean() if linear.centred else 0)
    # beyond a hundred rows SHAP would take some of them as the background, and say nothing
    masker = shap.maskers.Independent(whole, max_samples=len(whole))
    theirs = shap.LinearExplainer((linear.at(every).T, offsets), masker)
    values = theirs.shap_values(whole[:4])
    for row in range(4):
        parts = linear.parts(X[row : row + 1], mean)
        ours = np.zeros((linear.width, len(linear.classes)))
        ours[parts.columns] = parts.given
        there = np.zeros(linear.width, bool)
        there[parts.columns] = True
        np.testing.assert_allclose(ours[there], values[row][there], atol=1e-9)
        np.testing.assert_allclose(parts.absent, values[row][~there].sum(axis=0), atol=1e-9)
        np.testing.assert_allclose(parts.base, theirs.expected_value, atol=1e-9)


ODD = st.text(
    st.sampled_from("aAbß İΣςσ 月光日本ก็é\u0301\u200d👩1_,.!<>\n\t\x1c\u2003"), max_size=40
)


@given(ODD, st.integers(1, 3), st.integers(1, 5), st.sampled_from([2**8, 2**12]))
@settings(max_examples=80, deadline=None)
def test_every_feature_of_a_text_is_found_again_where_it_stands(
    text: str, longest: int, characters: int, width: int
) -> None:
    params = {"width": width, "words": longest, "characters": characters}
    featurizer = features.make(FeatureSpec(params=params), "text").fit([])
    X: Any = featurizer.transform([{"text": text}])
    row = list(zip(X.indices, X.data, strict=True))
    found = words.grams(text, params)
    counts = Counter(found.columns.tolist())
    for half in (slice(0, width // 2), slice(width // 2, width)):
        told = {j: v for j, v in row if half.start <= j < half.stop}
        damped = {j: 1 + np.log(counts[j]) for j in counts if half.start <= j < half.stop}
        assert told.keys() == damped.keys()
        length = np.linalg.norm(list(told.values())) / (np.linalg.norm(list(damped.values())) or 1)
        assert all(abs(damped[j] * length - told[j]) < 1e-5 for j in told)
    assert "".join(piece.text for piece in words.pieces(text)) == text


@given(ODD.map(lambda odd: f"sunny {odd} cold"))
@settings(max_examples=40, deadline=None)
def test_the_spans_of_a_text_and_what_stands_apart_add_up_to_the_score(text: str) -> None:
    _, featurizer, X, model = MODEL
    row = featurizer.transform([{"text": text}])
    _, parts = taken_apart(model, vstack([row, X], format="csr"), 0)
    placed = place(featurizer, {"text": text}, parts)
    np.testing.assert_allclose(parts.base + placed.total(), parts.scores, rtol=0, atol=1e-9)
    assert [line.name for line in placed.apart][-1] == "Where words begin and end"


MODEL = learned("linear")


def test_the_word_that_decides_is_the_one_that_is_marked() -> None:
    _, featurizer, X, model = MODEL
    text = "night Sunny walk"
    row = featurizer.transform([{"text": text}])
    linear, _ = taken_apart(model, X, 0)
    mean = np.asarray(X.mean(axis=0), np.float64).ravel()
    placed = place(featurizer, {"text": text}, linear.parts(row, mean))
    strongest = placed.pieces[int(placed.pieces_given[:, 0].argmax())]
    assert (strongest.text, strongest.start) == ("Sunny", 6)


def test_ngrams_that_share_a_feature_share_what_it_adds_and_this_is_counted() -> None:
    params = {"width": 256, "words": 1, "characters": 1}
    found = words.grams(" ".join(f"w{n}" for n in range(300)), params)
    assert found.shared > 50
    column = Counter(found.columns[:300].tolist()).most_common(1)[0]
    density, edges, untraced = words.spread(found, np.array([column[0]]), np.array([[1.0]]))
    covered = np.flatnonzero(density[:, 0] > 1e-12)
    assert density.sum() == pytest.approx(1.0)
    assert (edges.tolist(), untraced.tolist()) == ([0.0], [0.0])
    assert len(covered) > column[1]
    assert words.grams("one two", {**params, "width": 2**20}).shared == 0


def test_a_text_longer_than_what_is_read_is_marked_no_further() -> None:
    _, featurizer, X, model = MODEL
    text = "sunny " * 4000
    linear, _ = taken_apart(model, X, 0)
    mean = np.asarray(X.mean(axis=0), np.float64).ravel()
    parts = linear.parts(featurizer.transform([{"text": text}]), mean)
    placed = place(featurizer, {"text": text}, parts)
    assert placed.read == 20_000
    assert np.abs(placed.pieces_given[-10:]).max() == 0
    np.testing.assert_allclose(parts.base + placed.total(), parts.scores, atol=1e-9)


def png(corner: tuple[int, int], rng: np.random.Generator) -> bytes:
    """Draw a red square in a corner of noise."""
    pixels = rng.integers(0, 90, (64, 64, 3)).astype(np.uint8)
    top, left = corner
    pixels[top : top + 16, left : left + 16] = (230, 20, 20)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def test_regions_of_a_picture_and_what_has_no_place_add_up_and_point_to_what_differs() -> None:
    rng = np.random.default_rng(0)
    corners = [(0, 0), (48, 48)]
    y = np.arange(40) % 2
    blobs = [png(corners[at], rng) for at in y]
    featurizer = ImageFeaturizer()
    X = featurizer.transform([{}] * 40, blobs=blobs)
    model = recipes.get("linear").fit(X, y, 2, seed=0)
    _, parts = taken_apart(model, X, 0)
    placed = place(featurizer, {}, parts)
    np.testing.assert_allclose(parts.base + placed.total(), parts.scores, atol=1e-9)
    assert placed.grid is not None
    quarters = placed.grid[..., 0].reshape(2, 4, 2, 4).sum(axis=(1, 3))
    # both corners tell: the square is in the one and not in the other
    assert min(quarters[0, 0], quarters[1, 1]) > max(quarters[0, 1], quarters[1, 0])
    assert len(placed.apart) == 3


@pytest.mark.parametrize("parts", [2, 3, 4, 8])
def test_laid_over_the_grid_nothing_is_lost(parts: int) -> None:
    np.testing.assert_allclose(picture.overlap(parts).sum(axis=0), 1)


def test_columns_of_a_table_add_up_and_the_one_that_matters_leads() -> None:
    rng = np.random.default_rng(2)
    payloads = [
        {"size": float(rng.normal()), "noise": float(rng.normal()), "side": rng.choice(["l", "r"])}
        for _ in range(120)
    ]
    y = np.array([int(each["size"] > 0) for each in payloads])
    featurizer = features.make(FeatureSpec(), "table").fit(payloads)
    X = featurizer.transform(payloads)
    _, parts = taken_apart(recipes.get("linear").fit(X, y, 2, seed=0), X, 0)
    placed = place(featurizer, payloads[0], parts)
    np.testing.assert_allclose(parts.base + placed.total(), parts.scores, atol=1e-9)
    strengths = {line.name: abs(line.given[1]) for line in placed.lines}
    assert max(strengths, key=lambda name: strengths[name]) == "size"
    assert {line.name: line.value for line in placed.lines} == payloads[0]


def test_components_of_a_vector_add_up() -> None:
    X = np.random.default_rng(4).normal(size=(60, 5)).astype(np.float32)
    payloads = [{"vector": row.tolist()} for row in X]
    featurizer = features.make(FeatureSpec(), "vectors").fit(payloads)
    model = recipes.get("linear").fit(X, (X[:, 1] > 0).astype(np.int64), 2, seed=0)
    _, parts = taken_apart(model, X, 3)
    placed = place(featurizer, payloads[3], parts)
    np.testing.assert_allclose(parts.base + placed.total(), parts.scores, atol=1e-9)
    assert int(np.argmax([abs(line.given[1]) for line in placed.lines])) == 1


def test_weights_in_any_order_are_found_by_their_column() -> None:
    _, _, X, model = learned("linear")
    heads = model.heads
    order = np.random.default_rng(0).permutation(len(heads.columns))
    shuffled = replace(heads, columns=heads.columns[order], weights=heads.weights[order])
    one, other = taken_apart(model, X, 0)[1], taken_apart(replace(model, heads=shuffled), X, 0)[1]
    np.testing.assert_array_equal(one.given, other.given)
    np.testing.assert_allclose(one.base, other.base, atol=1e-12)


def test_a_forest_is_given_no_made_up_numbers() -> None:
    _, _, _, model = learned("forest")
    assert linear_of(model) is None
    assert "none are shown" in why_not("forest")
