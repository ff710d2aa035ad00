"""The public conformance check finds each kind of broken strategy."""

# ruff: noqa: ARG001 - every strategy has the same signature

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from activeloop.errors import Invalid, NotFound
from activeloop.learn.strategies import uncertainty
from activeloop.testing import Broken, Oracle, check_strategy


def not_finite(view: Any, *, params: Any) -> Any:
    return np.log(view.proba.max(axis=1) * 0)


def one_short(view: Any, *, params: Any) -> Any:
    return view.proba[1:, 0]


def unseeded(view: Any, *, params: Any) -> Any:
    return np.random.default_rng().random(len(view.X)) + view.proba[:, 0]


def changing(view: Any, *, params: Any) -> Any:
    view.proba[:, 0] = 0
    return view.proba[:, 1]


def by_place(view: Any, *, params: Any) -> Any:
    return view.rng.random(len(view.X)) + view.proba[:, 0]


def by_neighbours(view: Any, *, params: Any) -> Any:
    return view.proba[:, 0] - view.proba[:, 0].mean()


def careless(view: Any, *, params: Any) -> Any:
    return np.zeros(len(view.X)) if view.proba is None else view.proba[:, 0]


def crashing(view: Any, *, params: Any) -> Any:
    return 1 - view.proba.max(axis=1)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (not_finite, "finite"),
        (one_short, "one score for each"),
        (unseeded, "same seed"),
        (changing, "input was changed"),
        (by_place, "order of the rows"),
        (by_neighbours, "rows beside it"),
        (careless, "gave scores without one"),
        (crashing, "wanted errors.Needs"),
    ],
)
def test_a_broken_strategy_is_told_which_law_it_breaks(
    broken: Callable[..., Any], law: str
) -> None:
    with pytest.raises(Broken, match=law):
        check_strategy(broken)


def test_a_sound_function_passes_without_being_registered() -> None:
    check_strategy(uncertainty.least_confidence)


TRUTH = {str(i): "abc"[i % 3] for i in range(3000)}


def test_an_oracle_without_noise_tells_the_truth() -> None:
    oracle = Oracle(TRUTH, 0.0, np.random.default_rng(0))
    assert all(oracle.answer(key) == label for key, label in TRUTH.items())


def test_an_oracle_errs_as_often_as_told_and_among_all_other_classes() -> None:
    oracle = Oracle(TRUTH, 0.3, np.random.default_rng(0))
    wrong = [
        (label, given) for key, label in TRUTH.items() if (given := oracle.answer(key)) != label
    ]
    assert len(wrong) / len(TRUTH) == pytest.approx(0.3, abs=0.03)
    assert set(wrong) == {(a, b) for a in "abc" for b in "abc" if a != b}


def test_an_oracle_says_what_it_does_not_know() -> None:
    with pytest.raises(NotFound, match="'nine'"):
        Oracle(TRUTH, 0.0, np.random.default_rng(0)).answer("nine")


@pytest.mark.parametrize("noise", [-0.1, 1.1])
def test_a_noise_that_is_no_probability_is_refused(noise: float) -> None:
    with pytest.raises(Invalid, match="noise"):
        Oracle(TRUTH, noise, np.random.default_rng(0))
