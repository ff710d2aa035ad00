"""Several labels per sample: measures, recipes, figures and the gate, against plain formulas."""

from __future__ import annotations

import doctest
import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binom
from sklearn import metrics
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression

from activeloop.errors import CannotLearn, Invalid
from activeloop.learn import (
    evaluate,
    evaluate_marks,
    pairs,
    persist,
    recipes,
    select,
    strategies,
    targets,
)
from activeloop.learn.recipes import contract, logistic
from activeloop.learn.recipes.design import prepare
from activeloop.learn.types import Block, View
from activeloop.policies import PromotionPolicy
from activeloop.testing import Broken, check_recipe

MODULES = [evaluate_marks, pairs, targets, logistic, contract]
CLASSES = 5
FOLLOW = PromotionPolicy(rule="unless_worse", looks=1, min_audit=20, min_per_class=0)


def view_of(proba: Any = None, committee: Any = None, marks: Any = None) -> View:
    n = len(proba) if proba is not None else committee.shape[1]
    known = None if marks is None else np.zeros((len(marks), 1), np.float32)
    X = np.zeros((n, 1), np.float32)
    return View(X, proba, committee, known, marks, np.random.default_rng(0))


def scores(name: str, view: View, **given: float) -> Any:
    chosen = strategies.get(name)
    return chosen.score(view, params=chosen.settle(given))


def odds(*shape: int) -> Any:
    return hnp.arrays(np.float64, shape, elements=st.floats(0, 1, allow_subnormal=False))


def topics(n: int, seed: int = 0) -> tuple[Any, Any]:
    X, Y = make_multilabel_classification(n, 30, n_classes=CLASSES, n_labels=2, random_state=seed)
    return X.astype(np.float32), Y.astype(bool)


@pytest.mark.parametrize("module", MODULES)
def test_every_example_in_a_docstring_runs(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


@given(odds(7, CLASSES))
def test_scores_lie_in_their_range_and_are_what_a_plain_loop_finds(proba: Any) -> None:
    from scipy.special import entr

    entropy = (entr(proba) + entr(1 - proba)).mean(axis=1)
    assert np.allclose(scores("binary-entropy", view_of(proba)), entropy, atol=1e-9)
    assert entropy.max() <= np.log(2) + 1e-9
    margin = [1 - min(abs(2 * p - 1) for p in row) for row in proba]
    assert np.allclose(scores("binary-margin", view_of(proba)), margin)
    assert np.array_equal(scores("binary-badge", view_of(proba)), margin)


@given(odds(7, CLASSES), hnp.arrays(np.bool_, (4, CLASSES)))
def test_margin_and_cardinality_are_what_a_plain_loop_finds(proba: Any, marks: Any) -> None:
    view = view_of(proba, marks=marks)
    usual = sum(row.sum() for row in marks) / len(marks)
    for row, margin, odd in zip(
        proba,
        scores("margin-cardinality", view, beta=1.0),
        scores("margin-cardinality", view, beta=0.0),
        strict=True,
    ):
        named, others = [p for p in row if p >= 0.5], [p for p in row if p < 0.5]
        gap = min(named, default=0.5) - max(others, default=0.5)
        assert margin == pytest.approx(1 - gap)
        assert 0 <= margin <= 1
        assert odd == pytest.approx(abs(len(named) - usual))
    both = scores("margin-cardinality", view, beta=0.5)
    assert np.all((both >= 0) & (both <= CLASSES**0.5))


def test_a_balance_beyond_one_is_refused() -> None:
    view = view_of(np.full((1, 2), 0.5), marks=np.ones((1, 2), bool))
    with pytest.raises(Invalid, match="beta must be at most 1"):
        scores("margin-cardinality", view, beta=2.0)


@given(odds(3, 6, CLASSES))
def test_mutual_information_adds_up_that_of_each_class_by_itself(committee: Any) -> None:
    told = scores("binary-mutual-information", view_of(committee=committee))
    by_class = [
        scores(
            "mutual-information",
            view_of(committee=np.stack([1 - committee[..., c], committee[..., c]], axis=-1)),
        )
        for c in range(CLASSES)
    ]
    assert np.allclose(told, np.sum(by_class, axis=0), atol=1e-9)
    alike = view_of(committee=np.stack([committee[0]] * 3))
    assert np.allclose(scores("binary-mutual-information", alike), 0, atol=1e-9)


def test_the_binary_margin_picks_what_modal_picks_by_binary_minimum() -> None:
    from modAL.multilabel import SVM_binary_minimum

    decisions = np.random.default_rng(5).normal(size=(200, CLASSES))

    def machine(c: int) -> SimpleNamespace:
        return SimpleNamespace(decision_function=lambda X: X[:, c])

    machines = SimpleNamespace(estimators_=[machine(c) for c in range(CLASSES)])
    picked = SVM_binary_minimum(SimpleNamespace(estimator=machines), decisions)
    ours = scores("binary-margin", view_of(1 / (1 + np.exp(-decisions))))
    assert int(ours.argmax()) == int(picked)


def test_a_batch_is_spread_where_the_best_by_score_are_near_each_other() -> None:
    """The most doubtful rows are fifty in one place; the batch looks elsewhere as well."""
    X, Y = topics(600)
    model = recipes.get("linear").fit(X[:100], Y[:100], CLASSES, seed=0)

    def asked(name: str) -> Any:
        return select.rank(
            [Block(0, X[100:])], model, strategy=name, params={}, eligible=np.ones(500, bool),
            labelled=None, batch_size=20, length=20, rng=np.random.default_rng(1),
        ).seqs  # fmt: skip

    def apart(rows: Any) -> float:
        chosen = X[100:][rows]
        return float(np.linalg.norm(chosen[:, None] - chosen[None], axis=2).mean())

    spread, greedy = asked("binary-badge"), asked("binary-margin")
    assert len(set(spread.tolist())) == 20
    assert set(spread.tolist()) != set(greedy.tolist())
    assert apart(spread) > apart(greedy)


@pytest.mark.parametrize(("name", "answer"), [("margin", "several"), ("binary-margin", "one")])
def test_a_strategy_for_the_other_kind_of_answer_is_refused(name: str, answer: str) -> None:
    X, Y = topics(60)
    told = Y if answer == "several" else Y[:, 0].astype(np.int64)
    model = recipes.get("linear").fit(X, told, CLASSES if answer == "several" else 2, seed=0)
    with pytest.raises(Invalid, match=f"'{name}' is not for a model"):
        select.rank(
            [Block(0, X)], model, strategy=name, params={}, eligible=np.ones(60, bool),
            labelled=None, batch_size=5, length=5, rng=np.random.default_rng(1),
        )  # fmt: skip


def test_each_class_is_fitted_as_scikit_learn_fits_it_alone() -> None:
    X, Y = topics(300)
    Z = prepare(X, idf=False).Z
    together = logistic.fit_logistic(Z, Y, strength=3.0)
    for c in range(CLASSES):
        alone = LogisticRegression(C=3.0, tol=1e-6, max_iter=2000).fit(Z, Y[:, c])
        ours = Z @ together.coef[:, c] + together.offsets[c]
        assert np.abs(ours - alone.decision_function(Z)).max() < 0.2
        assert np.corrcoef(ours, alone.decision_function(Z))[0, 1] > 0.999


def test_classes_found_a_few_at_a_time_are_those_found_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, Y = topics(200)
    Z = prepare(X, idf=False).Z
    monkeypatch.setattr(logistic, "TOLERANCE", 1e-6)
    together = logistic.fit_logistic(Z, Y, strength=3.0)
    monkeypatch.setattr(logistic, "MOST_TOGETHER", 2 * (Z.shape[1] + 1))
    apart = logistic.fit_logistic(Z, Y, strength=3.0)
    assert np.allclose(Z @ together.coef, Z @ apart.coef, atol=0.01)
    assert apart.offsets.shape == together.offsets.shape


@pytest.mark.parametrize("name", ["linear", "forest", "online"])
def test_a_class_that_no_row_or_every_row_is_of_gets_its_rate(name: str) -> None:
    X, Y = topics(99)
    Y[:, 1], Y[:, 3] = False, True
    model = recipes.get(name, {"trees": 16} if name == "forest" else {}).fit(X, Y, CLASSES, seed=0)
    proba = persist.load(persist.dump(model)).predict_proba(X)
    assert proba[:, 1] == pytest.approx(0.005)
    assert proba[:, 3] == pytest.approx(0.995)
    assert proba[:, 0].std() > 0.01


def test_the_linear_model_says_which_classes_have_a_base_rate() -> None:
    X, Y = topics(60)
    Y[:, 2] = False
    model = recipes.get("linear").fit(X, Y, CLASSES, seed=0)
    assert model.state()[0]["facts"]["base_rates"] == [2]


def test_held_out_scores_make_an_overconfident_model_honest() -> None:
    X, Y = topics(500, seed=3)
    model: Any = recipes.get("linear", {"C": 1000.0}).fit(X[:120], Y[:120], CLASSES, seed=0)
    assert model.facts["temperature"] > 1.2
    proba = model.predict_proba(X[120:]).astype(np.float64)
    raw = np.log(proba / (1 - proba)) * model.facts["temperature"]
    assert metrics.log_loss(Y[120:].ravel(), proba.ravel()) < metrics.log_loss(
        Y[120:].ravel(), 1 / (1 + np.exp(-raw.ravel()))
    )


def test_a_forest_is_calibrated_of_several_labels_as_well() -> None:
    X, Y = topics(900)
    model = recipes.ForestRecipe({"trees": 60}).fit(X[:300], Y[:300], CLASSES, seed=0)
    plain = replace(model, facts={})

    def loss(one: Any) -> float:
        proba = np.clip(one.predict_proba(X[300:]).astype(float), 1e-12, 1 - 1e-12)
        return float(-np.log(np.where(Y[300:] > 0, proba, 1 - proba)).mean())

    assert model.facts["temperature"] < 0.95
    assert loss(model) < loss(plain) - 0.005
    again = recipes.restore("forest", *model.state())
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


def test_labels_that_are_all_the_same_cannot_be_learned() -> None:
    X, Y = topics(20)
    with pytest.raises(CannotLearn, match="have the same labels"):
        recipes.get("linear").fit(X, np.repeat(Y[:1], 20, axis=0), CLASSES, seed=0)


def test_a_recipe_whose_rows_of_several_labels_sum_to_one_is_found_out() -> None:
    from activeloop.learn.recipes import LinearRecipe

    class OneForAll(LinearRecipe):
        name = "one-for-all"

        def fit(self, X: Any, y: Any, n_classes: int, **given: Any) -> Any:
            told = y.argmax(axis=1) if y.ndim == 2 else y
            model = super().fit(X, told, n_classes, **given)
            object.__setattr__(model, "recipe", "one-for-all")
            return model

    with pytest.raises(Broken, match="several"):
        check_recipe(OneForAll)  # type: ignore[arg-type]


@given(hnp.arrays(np.bool_, (12, CLASSES)), odds(12, CLASSES), st.integers(0, 9))
@settings(max_examples=25)
def test_figures_are_those_of_scikit_learn(marks: Any, proba: Any, seed: int) -> None:
    found = evaluate.measure(marks, proba, rng=np.random.default_rng(seed))
    told = proba >= 0.5
    assert found["accuracy"].value == pytest.approx(metrics.accuracy_score(marks, told))
    assert found["hamming_loss"].value == pytest.approx(metrics.hamming_loss(marks, told))
    ranked = metrics.label_ranking_average_precision_score(marks, proba)
    assert found["ranking_precision"].value == pytest.approx(ranked)
    if marks.any() or told.any():
        micro = metrics.f1_score(marks, told, average="micro", zero_division=0)
        assert found["micro_f1"].value == pytest.approx(micro)
    seen = (marks | told).any(axis=0)
    if seen.sum() > 1:  # of one column scikit-learn makes two classes
        macro = metrics.f1_score(marks[:, seen], told[:, seen], average="macro", zero_division=0)
        assert found["macro_f1"].value == pytest.approx(macro)
    clipped = np.clip(proba, 1e-7, 1 - 1e-7)
    plain = -np.where(marks, np.log(clipped), np.log(1 - clipped)).mean()
    assert found["log_loss"].value == pytest.approx(plain, abs=1e-6)
    assert all(each.low <= each.value <= each.high for each in found.values())


def test_a_perfect_model_on_few_labels_is_not_certain() -> None:
    marks = np.eye(5, dtype=bool)
    found = evaluate.measure(marks, marks.astype(float), rng=np.random.default_rng(0))
    by_class = evaluate_marks.by_class(
        marks, marks.astype(float), list("abcde"), rng=np.random.default_rng(0)
    )
    for each in (found["micro_f1"], found["macro_f1"], *by_class.values()):
        assert each.value == 1
        assert each.low < 0.75


def test_classes_that_do_not_occur_have_no_figure_of_their_own() -> None:
    marks = np.array([[True, False], [False, False]])
    found = evaluate_marks.by_class(marks, marks * 0.9, ["a", "b"], rng=np.random.default_rng(0))
    assert list(found) == ["a"]


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_the_permutation_test_counts_every_way_to_flip_the_signs(differences: list[int]) -> None:
    sums = [
        sum(sign * each for sign, each in zip(signs, differences, strict=True))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    total = sum(differences)
    low, high = pairs.flipped(np.array(differences))
    assert low == pytest.approx(sum(each <= total for each in sums) / len(sums))
    assert high == pytest.approx(sum(each >= total for each in sums) / len(sums))


@given(st.integers(0, 30), st.integers(0, 30))
def test_with_one_decision_a_sample_it_is_the_exact_mcnemar_test(gains: int, losses: int) -> None:
    low, high = pairs.flipped(np.array([1] * gains + [-1] * losses, np.int64))
    assert low == pytest.approx(binom.sf(losses - 1, gains + losses, 0.5))
    assert high == pytest.approx(binom.sf(gains - 1, gains + losses, 0.5))


def noisy(marks: Any, wrong: float, seed: int) -> Any:
    """Give probabilities by which so many decisions are wrong."""
    flip = np.random.default_rng(seed).random(marks.shape) < wrong
    return np.where(marks ^ flip, 0.9, 0.1)


@pytest.mark.parametrize(
    ("champion", "challenger", "verdict", "said"),
    [
        (0.05, 0.20, "reject", "worse beyond chance"),
        (0.20, 0.05, "promote", "learned all that the champion did"),
        (0.05, 0.05, "promote", "0 right that the champion gets wrong, and 0 the other"),
    ],
)
def test_the_gate_decides_on_class_decisions_in_words(
    champion: float, challenger: float, verdict: str, said: str
) -> None:
    from activeloop.learn.promote import Standing, decide

    marks = np.random.default_rng(1).random((80, CLASSES)) < 0.3
    found = decide(
        marks,
        noisy(marks, champion, 2),
        noisy(marks, challenger, 2),
        FOLLOW,
        standing=Standing(descends=True),
    )
    assert found.verdict == verdict
    assert said in found.because
    assert f"Of {80 * CLASSES} class decisions on 80 audit samples" in found.because


def test_a_loss_that_exact_match_hardly_shows_is_seen_in_the_decisions() -> None:
    """Of forty classes nearly every sample has something wrong, before and after."""
    from activeloop.learn.promote import Standing, decide

    marks = np.random.default_rng(1).random((60, 40)) < 0.1
    before, after = noisy(marks, 0.10, 2), noisy(marks, 0.20, 3)
    found = decide(marks, before, after, FOLLOW, standing=Standing(descends=True))
    assert found.difference is not None
    assert abs(found.difference.value) < 0.05
    assert found.verdict == "reject"
    assert found.p_worse < 1e-6


@pytest.mark.parametrize(("n", "verdict"), [(30, "hold"), (400, "promote")])
def test_one_that_does_not_descend_must_show_that_exact_match_is_not_lost(
    n: int, verdict: str
) -> None:
    from activeloop.learn.promote import decide

    marks = np.random.default_rng(1).random((n, CLASSES)) < 0.3
    proba = noisy(marks, 0.1, 2)
    found = decide(marks, proba, proba, FOLLOW)
    assert found.verdict == verdict
    assert "points of exact match" in found.because


def test_marks_that_do_not_fit_the_probabilities_are_refused() -> None:
    marks = np.ones((3, 2), bool)
    for wrong in (np.ones((3, 3)), np.ones((2, 2))):
        with pytest.raises(Invalid):
            evaluate.measure(marks, wrong, rng=np.random.default_rng(0))
        with pytest.raises(Invalid):
            pairs.paired(marks, wrong, wrong)
