"""Confident learning finds flipped labels, and is what its paper says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activeloop.errors import CannotLearn
from activeloop.learn import confident, features, folds, recipes
from activeloop.learn.types import Bools, Float32s, Ints
from activeloop.spec import FeatureSpec


def clouds(
    seed: int, *, n: int = 600, classes: int = 4, apart: float = 3.0
) -> tuple[Float32s, Ints]:
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    centres = rng.normal(size=(classes, 12)) * apart / np.sqrt(2 * 12) * 2
    return (centres[y] + rng.normal(size=(n, 12))).astype(np.float32), y.astype(np.int64)


def flipped(y: Ints, share: float, classes: int, seed: int) -> tuple[Ints, Bools]:
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(y)) < share
    moved = (y + rng.integers(1, classes, size=len(y))) % classes
    return np.where(wrong, moved, y).astype(np.int64), wrong


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_most_flipped_labels_are_found_and_most_that_are_found_were_flipped(share: float) -> None:
    X, y = clouds(3)
    given_, wrong = flipped(y, share, 4, 4)
    proba = folds.out_of_fold(recipes.get("linear"), X, given_, 4, seed=0)
    found = confident.suspects(proba, given_)
    hit = wrong[found.rows]
    assert hit.sum() / wrong.sum() > 0.7
    assert hit.mean() > 0.9
    right = found.suggested[hit] == y[found.rows][hit]
    assert right.mean() > 0.8
    top = wrong[found.rows[: int(wrong.sum()) // 2]]
    assert top.mean() > 0.95, "the ranking puts the surest first"


def test_each_sample_is_predicted_by_a_model_that_has_not_seen_it() -> None:
    # one that had seen a label of pure noise would know it
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 200)).astype(np.float32), rng.integers(2, size=300)
    proba = folds.out_of_fold(recipes.get("linear"), X, y.astype(np.int64), 2, seed=0)
    assert abs((proba.argmax(axis=1) == y).mean() - 0.5) < 0.1


@given(y=st.lists(st.integers(0, 4), min_size=5, max_size=80), seed=st.integers(0, 99))
def test_folds_are_even_within_each_class(y: list[int], seed: int) -> None:
    given_ = np.array(y)
    dealt = folds.deal(given_, 5, np.random.default_rng(seed))
    for name in set(y):
        counts = np.bincount(dealt[given_ == name], minlength=5)
        assert counts.max() - counts.min() <= 1


@settings(max_examples=60)
@given(
    n=st.integers(2, 60),
    classes=st.integers(2, 5),
    seed=st.integers(0, 1000),
)
def test_the_rule_of_the_paper_said_again_sample_by_sample(n: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(classes, 0.5), size=n)
    y = rng.integers(classes, size=n)
    limits = {c: proba[y == c, c].mean() for c in range(classes) if (y == c).any()}
    expected = {}
    for row in range(n):
        sure = [c for c, limit in limits.items() if proba[row, c] >= limit]
        best = max(sure, key=lambda c: proba[row, c], default=None)
        if best is not None and best != y[row]:
            margin = proba[row, y[row]] - np.delete(proba[row], y[row]).max()
            if margin < 0:
                expected[row] = (best, margin)
    found = confident.suspects(proba, y)
    assert dict(zip(found.rows.tolist(), found.suggested.tolist(), strict=True)) == {
        row: best for row, (best, _) in expected.items()
    }
    assert np.allclose(found.margin, [expected[row][1] for row in found.rows.tolist()])
    assert (np.diff(found.margin) >= 0).all()


def test_wrong_marks_are_found_where_a_sample_has_several() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(800, 6)).astype(np.float32)
    truth = X @ rng.normal(size=(6, 3)) > 0
    wrong = rng.random(truth.shape) < 0.05
    proba = folds.out_of_fold(recipes.get("linear"), X, truth ^ wrong, 3, seed=0)
    found = confident.suspect_marks(proba, truth ^ wrong)
    told = np.zeros_like(wrong)
    told[found.rows] = found.wrong
    assert (told & wrong).sum() / wrong.sum() > 0.5
    assert (told & wrong).sum() / told.sum() > 0.9


def test_labels_of_one_class_cannot_be_doubted() -> None:
    with pytest.raises(CannotLearn):
        folds.out_of_fold(
            recipes.get("linear"), np.ones((9, 2), np.float32), np.zeros(9, np.int64), 2, seed=0
        )


@pytest.mark.slow
def test_flipped_labels_of_banking77_are_found(shared_data: Path) -> None:
    with (shared_data / "banking77.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["label"] for row in rows})[:12]
    rows = [row for row in rows if row["label"] in names][:1200]
    y = np.array([names.index(row["label"]) for row in rows], np.int64)
    recipe = features.make(FeatureSpec(), "text")
    payloads = [{"text": row["text"]} for row in rows]
    X = recipe.fit(payloads).transform(payloads)
    given_, wrong = flipped(y, 0.08, len(names), 1)
    proba = folds.out_of_fold(recipes.get("linear"), X, given_, len(names), seed=0, folds=3)
    found = confident.suspects(proba, given_)
    hit = wrong[found.rows]
    assert hit.sum() / wrong.sum() > 0.85
    assert hit.mean() > 0.6
