"""Whom to believe and how far people agree: textbook figures, stories, and laws."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activeloop.errors import Invalid
from activeloop.events import Change, Event
from activeloop.learn.agreement import Rule
from activeloop.learn.crowd.agreeing import alpha, alpha_of_marks, cohen, fleiss
from activeloop.learn.crowd.believing import Believed, believe, gathered
from activeloop.learn.crowd.dawid_skene import dawid_skene
from activeloop.learn.crowd.sheet import NOBODY, Sheet, majority

PSYCHIATRISTS = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
        [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
        [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
        [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3],
        [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1],
        [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ]
)  # fmt: skip
"""Six psychiatrists' diagnoses of thirty patients: Fleiss (1971), table 1; kappa is .430."""


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def answered(*, samples: int, right: list[float], classes: int, seed: int) -> tuple[Any, Sheet]:
    """Let each person answer every sample, rightly with their own chance."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, classes, samples)
    shape = (samples, len(right))
    wrong = (truth[:, None] + chance.integers(1, classes, shape)) % classes
    said = np.where(chance.random(shape) < right, truth[:, None], wrong)
    rows, people = np.indices(shape)
    return truth, Sheet(rows.ravel(), people.ravel(), said.ravel(), *shape, classes)


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """Some people answer some samples."""
    samples, people, classes = (draw(st.integers(1, 6)), draw(st.integers(1, 4)),
                                draw(st.integers(2, 4)))  # fmt: skip
    every = list(itertools.product(range(samples), range(people)))
    chosen = draw(st.lists(st.sampled_from(every), unique=True))
    said = draw(st.lists(st.integers(0, classes - 1), min_size=len(chosen), max_size=len(chosen)))
    places = np.array(chosen, dtype=np.int64).reshape(-1, 2)
    return Sheet(places[:, 0], places[:, 1], np.array(said, dtype=np.int64),
                 samples, people, classes)  # fmt: skip


def test_fleiss_kappa_is_the_one_of_his_paper() -> None:
    found = fleiss(PSYCHIATRISTS, rng=rng())
    assert found is not None
    assert (round(found.value, 3), found.n) == (0.430, 30)
    assert 0.3 < found.low < found.value < found.high < 0.56


def test_dawid_skene_believes_the_reliable_few_and_the_majority_does_not() -> None:
    truth, sheet = answered(samples=300, right=[0.95, 0.95, 0.4, 0.4, 0.4], classes=3, seed=1)
    by_majority = (majority(sheet.counts()) == truth).mean()
    belief = dawid_skene(sheet)
    assert (belief.proba.argmax(axis=1) == truth).mean() > by_majority + 0.05
    own = np.array([belief.errors[(belief.voices == (0, c)).all(axis=1), c] for c in range(3)])
    assert own.min() > 0.88


def test_someone_who_always_errs_is_as_telling_as_someone_who_never_does() -> None:
    truth, sheet = answered(samples=200, right=[0.8, 0.8, 0.0], classes=2, seed=2)
    assert (dawid_skene(sheet).proba.argmax(axis=1) == truth).mean() == 1.0


def test_what_is_known_stays_and_tells_who_is_right() -> None:
    """Two against one, until the truth about half of the samples is known."""
    truth, sheet = answered(samples=60, right=[1.0, 0.2, 0.2], classes=2, seed=3)
    said = sheet.said.reshape(60, 3)
    said[:, 2] = said[:, 1]
    assert (dawid_skene(sheet).proba.argmax(axis=1) == truth).mean() < 0.5
    known = np.where(np.arange(60) < 30, truth, NOBODY)
    proba = dawid_skene(sheet, known=known).proba
    assert (proba[:30].argmax(axis=1) == truth[:30]).all()
    assert (proba[30:].argmax(axis=1) == truth[30:]).mean() > 0.75


def test_single_answers_are_believed() -> None:
    sheet = Sheet(np.arange(4), np.array([0, 1, 0, 1]), np.array([0, 1, 2, 0]), 4, 2, 3)
    assert dawid_skene(sheet).proba.argmax(axis=1).tolist() == [0, 1, 2, 0]


def test_a_sample_nobody_spoke_of_gets_what_is_known_or_what_is_frequent() -> None:
    sheet = Sheet(np.array([0, 1, 2]), np.array([0, 0, 0]), np.array([0, 0, 1]), 5, 1, 2)
    proba = dawid_skene(sheet, known=np.array([-1, -1, -1, 1, -1])).proba
    assert proba[3].tolist() == [0, 1]
    assert proba[4].round(3).tolist() == [0.667, 0.333]
    nobody = Sheet(*(np.zeros(0, np.int64),) * 3, 2, 0, 2)
    assert dawid_skene(nobody, known=np.array([1, -1])).proba.tolist() == [[0, 1], [0.5, 0.5]]


def test_numbers_that_name_nothing_are_refused() -> None:
    one = np.array([0])
    with pytest.raises(Invalid, match=r"said must lie in 0\.\.1"):
        Sheet(one, one, np.array([2]), 1, 1, 2)
    with pytest.raises(Invalid, match="people wants one number"):
        Sheet(one, np.array([0, 0]), one, 1, 1, 2)


@given(sheets(), st.randoms(use_true_random=False))
def test_the_order_and_the_names_of_answers_samples_and_people_change_nothing(
    sheet: Sheet, chance: Any
) -> None:
    order, samples, people = (chance.sample(range(n), n) for n in
                              (len(sheet.said), sheet.n_samples, sheet.n_people))  # fmt: skip
    shuffled = Sheet(
        np.array(samples)[sheet.samples[order]].astype(np.int64),
        np.array(people)[sheet.people[order]].astype(np.int64),
        sheet.said[order], sheet.n_samples, sheet.n_people, sheet.n_classes,
    )  # fmt: skip
    before, after = dawid_skene(sheet).proba, dawid_skene(shuffled).proba
    assert np.allclose(before, after[samples], atol=1e-9)
    assert alpha(sheet.counts(), rng=rng()) == alpha(shuffled.counts(), rng=rng())
    assert fleiss(sheet.counts(), rng=rng()) == fleiss(shuffled.counts(), rng=rng())


@given(sheets())
def test_probabilities_add_up_and_every_interval_holds_its_figure(sheet: Sheet) -> None:
    assert np.allclose(dawid_skene(sheet).proba.sum(axis=1), 1)
    found = alpha(sheet.counts(), rng=rng())
    for each in (found.overall, *found.classes, fleiss(sheet.counts(), rng=rng())):
        if each is not None:
            assert -1 <= each.low <= each.value <= each.high <= 1


@given(st.lists(st.integers(0, 2), min_size=1, max_size=9), st.integers(2, 5))
def test_full_agreement_is_one_unless_all_say_the_same_of_everything(
    said: list[int], people: int
) -> None:
    counts = people * np.eye(3, dtype=np.int64)[said]
    figures = [alpha(counts, rng=rng()).overall, fleiss(counts, rng=rng()),
               cohen(np.array(said), np.array(said), 3, rng=rng())]  # fmt: skip
    for each in figures:
        if len(set(said)) == 1:
            assert each is None
        else:
            assert each is not None
            assert (each.value, each.high) == (1.0, 1.0)
            assert each.low < 1.0, "a few samples are no certainty"


def test_random_answers_agree_no_more_than_chance() -> None:
    _, sheet = answered(samples=2000, right=[0.25] * 3, classes=4, seed=4)
    found = alpha(sheet.counts(), rng=rng()).overall
    assert found is not None
    assert abs(found.value) < 0.05
    assert found.high - found.low < 0.1


def test_an_interval_holds_the_figure_of_many_samples_about_as_often_as_it_says() -> None:
    many = answered(samples=40_000, right=[0.8] * 3, classes=3, seed=5)[1].counts()
    truth = alpha(many, rng=rng()).overall
    assert truth is not None
    held = 0
    for at in range(100):
        found = alpha(many[at * 100 : at * 100 + 100], rng=rng()).overall
        held += found is not None and found.low <= truth.value <= found.high
    assert 88 <= held <= 100


def test_a_class_that_people_confuse_has_a_lower_alpha_than_one_they_know() -> None:
    counts = np.array([[2, 0, 0]] * 10 + [[0, 2, 0], [0, 1, 1], [0, 0, 2], [0, 1, 1]] * 3)
    known, *confused = alpha(counts, rng=rng()).classes
    assert known is not None
    assert known.value == 1.0
    assert all(each is not None and each.value < 0.8 for each in confused)


def test_alpha_of_several_labels_is_the_mean_of_the_classes_that_were_named() -> None:
    named = np.array([[2, 0, 0], [0, 1, 0], [2, 2, 0], [0, 0, 0]])
    found = alpha_of_marks(named, np.array([2, 2, 2, 2]), rng=rng())
    first, second, never = found.classes
    assert first is not None
    assert second is not None
    assert found.overall is not None
    assert never is None, "a class that nobody named tells nothing"
    assert found.overall.value == pytest.approx((first.value + second.value) / 2)


def event(number: int, sample: int, said: str | None, user: int, kind: str = "answer") -> Event:
    return Event(number, sample, kind, said, None, counted=True, number=number, user_id=user)


def test_a_decision_and_an_imported_label_are_the_truth_and_teach_whom_to_believe() -> None:
    events = [event(0, 100, "a", 0, "imported")]
    for sample in range(20):
        truth, other = ("a", "b") if sample % 2 else ("b", "a")
        events += [event(3 * sample + 1, sample, truth, 1), event(3 * sample + 2, sample, other, 2)]
        if sample < 10:
            events.append(event(3 * sample + 3, sample, truth, 9, "decision"))
    found = believe(gathered(events, Rule(wanted=2)), ["a", "b"], several=False)
    assert found[100] == Believed("a", 1.0)
    assert [found[s].label for s in range(20)] == ["b", "a"] * 10
    assert min(found[s].confidence for s in range(20)) > 0.9


def test_two_who_disagree_and_of_whom_nothing_else_is_known_settle_nothing() -> None:
    found = believe(gathered([event(1, 7, "a", 1), event(2, 7, "b", 2)], Rule()), ["a", "b"],
                    several=False)  # fmt: skip
    assert found == {7: Believed(None, 0.5)}


def test_answers_are_carried_through_class_changes_and_those_taken_back_are_left_out() -> None:
    events = [
        event(1, 7, "old", 1),
        event(2, 8, "gone", 1),
        event(3, 9, "a", 1),
        Event(4, 9, "undo", None, 3, counted=True, number=4, user_id=1),
    ]
    rule = Rule(changes=[Change(5, "rename", {"old": "b"}), Change(6, "retire", {"gone": None})])
    found = believe(gathered(events, rule), ["a", "b"], several=False)
    assert found == {7: Believed("b", 1.0)}


def test_several_labels_are_believed_class_by_class() -> None:
    events = []
    for sample in range(30):
        truth = '["a", "b"]' if sample % 3 else "[]"
        wrong = '["a"]' if sample % 3 else '["b"]'
        said = [truth, truth, wrong]
        events += [event(3 * sample + n, sample, text, n) for n, text in enumerate(said)]
    said_ = gathered(events, Rule(classes=("a", "b", "c")))
    found = believe(said_, ["a", "b", "c"], several=True)
    assert {found[s].label for s in range(30)} == {'["a", "b"]', "[]"}
    assert all((found[s].label == "[]") == (s % 3 == 0) for s in range(30))
