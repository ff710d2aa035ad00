"""A second answer or a new sample: by hand, by its bounds, and by what it is for."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activeloop.errors import Invalid
from activeloop.learn import relabelling
from activeloop.learn.relabelling import NONE, consensus_of, trust_in, worth_asking


def proba_of(*first: float) -> Any:
    return np.array([[p, 1 - p] for p in first])


def test_where_nobody_was_asked_twice_the_model_judges_the_answers() -> None:
    worth = worth_asking(np.array([[0], [1]]), proba_of(0.9, 0.9), proba_of(0.5))
    # quality (q * 2 + 1/2) / 3 of the labelled, (p1 + 1/2) / 2 of the new
    assert worth.again.tolist() == pytest.approx([1 - 2.3 / 3, 1 - 0.7 / 3])
    assert worth.new.tolist() == pytest.approx([0.5])


def test_a_disbelieved_answer_is_worth_more_than_a_clear_new_sample_and_less_clear_ones_most() -> (
    None
):
    worth = worth_asking(np.array([[0], [1]]), proba_of(0.95, 0.95), proba_of(0.99, 0.5))
    assert worth.again[1] > worth.new[1] > worth.new[0] > worth.again[0]


def test_the_weights_are_those_of_crowdlab_by_hand() -> None:
    answers = np.array([[0, 0, NONE], [1, 1, 1], [0, 1, 0], [1, NONE, NONE]])
    proba = proba_of(0.8, 0.3, 0.9, 0.2)
    consensus = consensus_of(answers, proba)
    assert consensus.tolist() == [0, 1, 0, 1]
    trust = trust_in(answers, proba, consensus)
    # consensus 0, 1, 0 of three rows: a constant errs in 1 of 3; the first met others in
    # 1 + 2 + 2 pairs and agreed in 1 + 2 + 1, the second in 1 + 2 + 0, the third in 2 + 1 of 4
    base = 1 / 3
    wanted = [1 - (1 / 5) / base, 1e-6, 1 - (1 / 4) / base]
    assert trust.annotators.tolist() == pytest.approx(wanted)
    assert trust.model == pytest.approx(np.sqrt(9 / 4))
    assert trust.agreement == pytest.approx((1 + 1 + 2 / 3) / 3)


def test_a_split_vote_is_worth_more_than_a_united_one() -> None:
    answers = np.array([[0, 0], [0, 1], [1, 1], [1, 1], [0, 0]])
    worth = worth_asking(answers, proba_of(0.8, 0.8, 0.2, 0.2, 0.8), proba_of(0.8))
    assert worth.again.argmax() == 1
    assert worth.again[1] > worth.again[0] + 0.01


@given(st.integers(0, 2**32 - 1))
def test_worth_lies_between_zero_and_one_and_more_voices_lower_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(3), 12)
    answers = np.where(rng.random((12, 4)) < 0.4, NONE, rng.integers(3, size=(12, 4)))
    answers[:, 0] = rng.integers(3, size=12)
    worth = worth_asking(answers, proba, rng.dirichlet(np.ones(3), 5))
    for some in (worth.again, worth.new):
        assert np.all((some >= 0) & (some <= 1))


def test_asking_wrong_answers_again_finds_them() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(3, size=400)
    proba = np.full((400, 3), 0.15)
    proba[np.arange(400), truth] = 0.7
    wrong = rng.random(400) < 0.1
    answers = np.where(wrong, (truth + 1) % 3, truth)[:, None]
    worth = worth_asking(answers, proba, proba[:0])
    assert set(np.argsort(-worth.again)[: wrong.sum()]) == set(np.flatnonzero(wrong))


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([0, 1], "annotators"),
        ([[0], [NONE]], "needs an answer"),
        ([[0], [2]], "no answer beyond"),
    ],
)
def test_answers_that_do_not_fit_are_refused(answers: Any, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        worth_asking(np.array(answers), proba_of(0.5, 0.5), proba_of(0.5))


def test_every_example_in_a_docstring_runs() -> None:
    result = doctest.testmod(relabelling)
    assert result.attempted > 0
    assert result.failed == 0
