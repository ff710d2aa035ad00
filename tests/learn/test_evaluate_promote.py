from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import f1_score, log_loss

from activeloop.learn.evaluate import measure
from activeloop.learn.pairs import paired_difference
from activeloop.learn.promote import Decision, Standing, decide, first
from activeloop.policies import PromotionPolicy


def _proba(n: int, classes: int, seed: int) -> Any:
    return np.random.default_rng(seed).dirichlet(np.ones(classes), size=n)


@given(st.integers(1, 80), st.integers(2, 6), st.integers(0, 1000))
def test_every_figure_lies_in_its_interval_and_agrees_with_scikit_learn(
    n: int, classes: int, seed: int
) -> None:
    proba = _proba(n, classes, seed)
    y = np.random.default_rng(seed + 1).integers(0, classes, n)
    found = measure(y, proba, rng=np.random.default_rng(0))
    assert {"accuracy", "macro_f1", "log_loss", "brier", "ece"} <= set(found)
    for estimate in found.values():
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.n == n
    predicted = proba.argmax(axis=1)
    theirs = f1_score(y, predicted, average="macro")
    assert found["macro_f1"].value == pytest.approx(theirs)
    expected = log_loss(y, proba, labels=range(classes))
    if proba.min() > 1e-6:
        assert found["log_loss"].value == pytest.approx(expected)
    wilson = binomtest(int((predicted == y).sum()), n).proportion_ci(method="wilson")
    assert found["accuracy"].low == pytest.approx(wilson.low, abs=1e-9)
    assert found["accuracy"].high == pytest.approx(wilson.high, abs=1e-9)


def test_no_labels_give_no_figures() -> None:
    none = np.array([], np.int64)
    assert measure(none, np.empty((0, 3)), rng=np.random.default_rng(0)) == {}


def test_all_right_is_not_taken_for_certainty() -> None:
    found = measure(np.arange(8) % 4, np.eye(4)[np.arange(8) % 4], rng=np.random.default_rng(0))
    assert found["macro_f1"].value == 1.0
    assert found["macro_f1"].low < 0.75


ONE_LOOK = {"rule": "unless_worse", "looks": 1, "min_audit": 20, "min_per_class": 0}


def _decide(
    gains: int, losses: int, both: int, neither: int = 0, *, descends: bool = False, **policy: Any
) -> Decision:
    before = [False] * gains + [True] * losses + [True] * both + [False] * neither
    after = [True] * gains + [False] * losses + [True] * both + [False] * neither
    right, wrong = [0.9, 0.1], [0.1, 0.9]
    champion, challenger = (
        np.array([right if hit else wrong for hit in hits]).reshape(-1, 2)
        for hits in (before, after)
    )
    y = np.zeros(len(before), np.int64)
    asked = PromotionPolicy(**{**ONE_LOOK, **policy})
    return decide(y, champion, challenger, asked, standing=Standing(descends))


@pytest.mark.parametrize(("gains", "losses", "n"), [(1, 0, 44), (7, 3, 50), (0, 0, 30), (2, 9, 11)])
def test_the_ends_are_where_the_score_test_by_brute_force_just_fails(
    gains: int, losses: int, n: int
) -> None:
    found = paired_difference(gains, losses, n)
    for end in (found.low, found.high):
        if abs(end) > 0.999:
            continue
        # The likeliest share of losses among those that make the difference exactly `end`.
        share = np.linspace(max(0.0, -end), (1 - end) / 2, 400_001)
        with np.errstate(divide="ignore", invalid="ignore"):
            likelihood = sum(
                np.where(count > 0, count * np.log(p), 0.0)
                for count, p in (
                    (gains, share + end),
                    (losses, share),
                    (n - gains - losses, 1 - 2 * share - end),
                )
            )
        best = share[np.nanargmax(likelihood)]
        variance = (2 * best + end - end**2) / n
        statistic = ((gains - losses) / n - end) / np.sqrt(variance)
        assert abs(statistic) == pytest.approx(1.959964, abs=2e-3)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60))
def test_the_interval_holds_the_difference_mirrors_and_is_never_a_point(
    gains: int, losses: int, alike: int
) -> None:
    n = gains + losses + alike
    if not n:
        return
    one, other = paired_difference(gains, losses, n), paired_difference(losses, gains, n)
    assert one.low <= one.value <= one.high
    assert one.high - one.low > 0.001
    assert one.low == pytest.approx(-other.high, abs=1e-6)


def test_two_that_never_disagree_are_told_apart_only_with_enough_labels() -> None:
    few, many = _decide(0, 0, 25), _decide(0, 0, 100)
    assert (few.verdict, many.verdict) == ("hold", "promote")
    assert "cannot be excluded" in few.because
    assert few.difference is not None
    assert few.difference.low < -0.1


def test_a_clear_loss_is_rejected_and_a_clear_gain_promoted() -> None:
    worse, better = _decide(2, 15, 60), _decide(15, 2, 60)
    assert worse.verdict == "reject"
    assert worse.p_worse == pytest.approx(binomtest(15, 17, alternative="greater").pvalue)
    assert better.verdict == "promote"
    assert _decide(15, 2, 60, rule="better").verdict == "promote"


def test_better_holds_what_not_worse_promotes() -> None:
    assert _decide(5, 3, 200).verdict == "promote"
    assert _decide(5, 3, 200, rule="better").verdict == "hold"


def test_a_point_loss_within_chance_is_held() -> None:
    assert _decide(3, 5, 400).verdict == "hold"


def test_too_few_labels_and_manual_projects_are_held_with_the_reason() -> None:
    assert "tests from 20 on" in _decide(5, 0, 5).because
    empty = _decide(0, 0, 0)
    assert (empty.verdict, empty.difference) == ("hold", None)
    assert "Only people promote" in _decide(30, 0, 100, rule="manual").because


def test_the_first_version_is_promoted_for_want_of_another() -> None:
    assert first(0).verdict == "promote"


def test_a_descendant_follows_the_labels_until_it_looks_worse() -> None:
    assert _decide(0, 0, 3, descends=True).verdict == "promote"
    assert _decide(0, 0, 0, descends=True).verdict == "promote"
    assert _decide(0, 2, 3, descends=True).verdict == "promote"
    assert _decide(0, 3, 4, descends=True).verdict == "hold"
    assert _decide(2, 15, 60, descends=True).verdict == "reject"


def test_what_does_not_descend_must_show_that_it_is_not_worse() -> None:
    assert _decide(0, 0, 25).verdict == "hold"
    assert _decide(0, 0, 25, rule="not_worse", descends=True).verdict == "hold"
