"""The figures against scikit-learn's and fairlearn's, and the intervals against their promise."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from activeloop.learn import evaluate, evaluate_marks, fairness, lure
from activeloop.learn.measures import classes, counting, ranks, reliability, resampling
from activeloop.learn.types import Estimate

MODULES = [evaluate, fairness, lure, classes, counting, ranks, reliability, resampling]
CLOSE = 1e-9


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def rounded(n: int, classes: int, seed: int) -> tuple[Any, Any]:
    """Give labels and probabilities with ties, which rankings must share."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(classes), n).round(1) + 0.01
    return rng.integers(0, classes, n), proba / proba.sum(axis=1, keepdims=True)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 120), st.integers(2, 6), st.integers(0, 1000))
def test_figures_of_one_label_are_scikit_learns(n: int, classes: int, seed: int) -> None:
    y, proba = rounded(n, classes, seed)
    found = evaluate.measure(y, proba, rng=np.random.default_rng(0))
    said, seen = proba.argmax(axis=1), np.unique(y)
    theirs = {
        "balanced_accuracy": metrics.recall_score(
            y, said, labels=seen, average="macro", zero_division=0
        ),
        "brier": ((proba - np.eye(classes)[y]) ** 2).sum(axis=1).mean(),
    }
    averaged = {
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "f1": metrics.f1_score,
    }
    for name, score in averaged.items():
        for average in ("macro", "micro"):
            theirs[f"{average}_{name}"] = score(y, said, average=average, zero_division=0)
    if len(seen) > 1:
        marks = np.eye(classes)[y]
        of = [(marks[:, c], proba[:, c]) for c in seen]
        theirs["roc_auc"] = np.mean([metrics.roc_auc_score(*each) for each in of])
        theirs["pr_auc"] = np.mean([metrics.average_precision_score(*each) for each in of])
    else:
        assert "roc_auc" not in found
    for name, value in theirs.items():
        assert found[name].value == pytest.approx(value, abs=CLOSE), name
        assert found[name].low <= found[name].value <= found[name].high


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 80), st.integers(2, 5), st.integers(0, 1000))
def test_figures_of_several_labels_are_scikit_learns(n: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    marks, proba = rng.random((n, classes)) < 0.4, rng.random((n, classes)).round(1)
    found = evaluate_marks.measure(marks, proba, rng=rng)
    said = proba >= 0.5
    used = np.flatnonzero(marks.any(axis=0) | said.any(axis=0)).tolist()
    if marks.any() and said.any():
        for name, score in (
            ("precision", metrics.precision_score),
            ("recall", metrics.recall_score),
            ("f1", metrics.f1_score),
        ):
            for average, labels in (("micro", None), ("macro", used)):
                theirs = score(marks, said, labels=labels, average=average, zero_division=0)
                assert found[f"{average}_{name}"].value == pytest.approx(theirs, abs=CLOSE)
    both = np.flatnonzero(marks.any(axis=0) & ~marks.all(axis=0)).tolist()
    if both:
        of = [(marks[:, c], proba[:, c]) for c in both]
        auc = np.mean([metrics.roc_auc_score(*each) for each in of])
        area = np.mean([metrics.average_precision_score(*each) for each in of])
        sides = [metrics.balanced_accuracy_score(marks[:, c], said[:, c]) for c in both]
        assert found["roc_auc"].value == pytest.approx(auc, abs=CLOSE)
        assert found["pr_auc"].value == pytest.approx(area, abs=CLOSE)
        assert found["balanced_accuracy"].value == pytest.approx(np.mean(sides), abs=CLOSE)
    brier = np.mean([metrics.brier_score_loss(m, p) for m, p in zip(marks.T, proba.T, strict=True)])
    assert found["brier"].value == pytest.approx(brier, abs=CLOSE)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 60), st.integers(2, 4), st.integers(0, 1000))
def test_areas_under_weights_are_those_of_the_rows_repeated(n: int, C: int, seed: int) -> None:
    y, proba = rounded(n, C, seed)
    marks = np.eye(C)[y] > 0
    (weights,) = resampling.resamples(n, np.random.default_rng(seed), count=3)
    found = ranks.areas(weights, marks, proba)
    for b, row in enumerate(weights.astype(int)):
        again = ranks.areas(np.ones((1, n)), np.repeat(marks, row, 0), np.repeat(proba, row, 0))
        for name, value in again.items():
            assert found[name][b] == pytest.approx(value[0], abs=CLOSE, nan_ok=True)


def test_reliability_bins_hold_every_claim_and_give_the_calibration_error() -> None:
    y, proba = rounded(300, 4, 1)
    bins = reliability.bins(y, proba)
    assert sum(each.n for each in bins) == 300
    ece = sum(abs(each.hits - each.mean * each.n) for each in bins) / 300
    found = evaluate.measure(y, proba, rng=np.random.default_rng(0), ranked=False)
    assert found["ece"].value == pytest.approx(ece, abs=CLOSE)
    marks = np.random.default_rng(0).random((50, 4)) < 0.5
    assert sum(each.n for each in reliability.bins(marks, proba[:50])) == 200


@settings(deadline=None, max_examples=25)
@given(st.integers(40, 200), st.integers(2, 4), st.integers(0, 1000))
def test_gaps_between_groups_are_fairlearns(n: int, groups: int, seed: int) -> None:
    from fairlearn.metrics import (  # type: ignore[import-untyped]
        demographic_parity_difference,
        equal_opportunity_difference,
        equalized_odds_difference,
    )

    rng = np.random.default_rng(seed)
    y, said = rng.integers(0, 3, n), rng.integers(0, 3, n)
    group = np.array([f"g{each}" for each in rng.integers(0, groups, n)])
    if min(
        ((y[group == g] == c).sum() for g in set(group) for c in range(3)), default=0
    ) < 1 or any(set(y[group == g]) == {c} for g in set(group) for c in range(3)):
        return  # fairlearn makes a rate with nothing behind it 0; ours leaves it out
    if len(set(group)) < 2:
        return
    truth, told = np.eye(3)[y] > 0, np.eye(3)[said] > 0
    found = fairness.fairness(truth, told, group.tolist(), rng=rng, fewest=1, fewest_behind=1)
    peers = {
        "demographic_parity": demographic_parity_difference,
        "equal_opportunity": equal_opportunity_difference,
        "equalised_odds": equalized_odds_difference,
    }
    for name, theirs in peers.items():
        worst = max(theirs(y == c, said == c, sensitive_features=group) for c in range(3))
        assert found.gaps[name].value == pytest.approx(worst, abs=CLOSE), name
        assert found.gaps[name].low <= worst <= found.gaps[name].high


def test_a_small_group_is_shown_but_makes_no_gap() -> None:
    truth = np.eye(2)[np.arange(200) % 2] > 0
    said = truth.copy()
    said[190:] = ~said[190:]
    groups = ["a"] * 100 + ["b"] * 90 + ["tiny"] * 10
    found = fairness.fairness(truth, said, groups, rng=np.random.default_rng(0))
    assert found.groups["tiny"].n == 10
    assert not found.groups["tiny"].counted
    assert found.gaps["equal_opportunity"].value == 0
    counted = fairness.fairness(
        truth, said, groups, rng=np.random.default_rng(0), fewest=5, fewest_behind=5
    )
    assert counted.gaps["equal_opportunity"].value == 1


def test_one_group_has_no_gap() -> None:
    truth = np.eye(2)[np.arange(80) % 2] > 0
    found = fairness.fairness(truth, truth, ["all"] * 80, rng=np.random.default_rng(0))
    assert found.gaps == {}


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "brier", "roc_auc", "pr_auc"])
def test_the_intervals_hold_the_truth_as_often_as_they_say(name: str) -> None:
    rng = np.random.default_rng(7)
    y, proba = _population(rng, 60_000)
    whole = {each: found.value for each, found in _fast(y, proba, rng).items()}
    hits = 0
    for _ in range(200):
        rows = rng.integers(0, len(y), 300)
        found = evaluate.measure(y[rows], proba[rows], rng=rng, ranked=name.endswith("auc"))[name]
        hits += found.low <= whole[name] <= found.high
    # two standard errors of 200 tries around 92 to 97 %
    assert 0.88 <= hits / 200 <= 0.995


def _population(rng: np.random.Generator, n: int) -> tuple[Any, Any]:
    y = rng.integers(0, 4, n)
    scores = rng.normal(size=(n, 4)) + 1.5 * np.eye(4)[y]
    proba = np.exp(scores)
    return y, proba / proba.sum(axis=1, keepdims=True)


def _fast(y: Any, proba: Any, rng: np.random.Generator) -> dict[str, Any]:
    part = slice(0, 2000)
    found = evaluate.measure(y[part], proba[part], rng=rng, ranked=False)
    marks = np.eye(4)[y]
    whole = {
        "accuracy": float((proba.argmax(axis=1) == y).mean()),
        "macro_f1": float(metrics.f1_score(y, proba.argmax(axis=1), average="macro")),
        "brier": float(((proba - marks) ** 2).sum(axis=1).mean()),
        "roc_auc": float(metrics.roc_auc_score(marks, proba, average="macro")),
        "pr_auc": float(metrics.average_precision_score(marks, proba, average="macro")),
    }
    n = next(iter(found.values())).n
    return {name: Estimate(value, value, value, n) for name, value in whole.items()}
