"""Rare classes: what balancing changes, and that probabilities keep to the shares there are."""

from __future__ import annotations

import numpy as np
import pytest

from activeloop.errors import Invalid
from activeloop.learn import recipes
from activeloop.learn.types import Float32s, Ints


def _rare(seed: int, rows: int, share: float = 0.1) -> tuple[Float32s, Ints]:
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < share).astype(np.int64)
    X = rng.normal(size=(rows, 4)).astype(np.float32)
    X[y == 1] += 0.8
    return X, y


def test_balanced_weights_leave_the_probabilities_at_the_shares_there_are() -> None:
    X, y = _rare(0, 3000)
    held, truth = _rare(1, 3000)
    found = recipes.get("linear", {"class_weight": "balanced"}).fit(X, y, 2, seed=0)
    mean = float(found.predict_proba(held)[:, 1].mean())
    assert abs(mean - truth.mean()) < 0.025  # uncorrected it is near 0.3
    plain = recipes.get("linear").fit(X, y, 2, seed=0)
    assert np.abs(plain.predict_proba(held) - found.predict_proba(held)).max() > 1e-3


def test_classes_of_one_size_are_fitted_as_without_weights() -> None:
    X, y = _rare(2, 200, 0.5)
    order = np.argsort(y, kind="stable")
    same = np.concatenate([order[:80], order[-80:]])
    plain, balanced = (
        recipes.get("linear", {"class_weight": how}).fit(X[same], y[same], 2, seed=0)
        for how in ("none", "balanced")
    )
    assert y[same].mean() == 0.5
    assert np.allclose(plain.predict_proba(X), balanced.predict_proba(X), atol=0.02)


def test_a_weight_that_is_not_known_is_refused_and_several_labels_have_none() -> None:
    with pytest.raises(Invalid, match="Known: none, balanced"):
        recipes.get("linear", {"class_weight": "heavy"})
    assert recipes.learns(recipes.get("linear", {"class_weight": "balanced"})) == ("one",)
    assert recipes.learns(recipes.get("linear")) == ("one", "several")
