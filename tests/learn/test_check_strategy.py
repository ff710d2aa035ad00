"""The public conformance check finds each kind of broken strategy."""

# ruff: noqa: ARG001 - every strategy has the same signature

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from activeloop.errors import Invalid, Needs, NotFound
from activeloop.learn.diversity import Spread
from activeloop.learn.strategies import Strategy, uncertainty
from activeloop.learn.types import Picks
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


def by_memory(view: Any, *, params: Any) -> Any:
    if view.proba is None:
        raise Needs("no model")
    n, classes = view.proba.shape
    flat = view.proba.ravel("K")
    return flat[:n] if view.proba.T.flags.c_contiguous else flat[::classes] + 1


def without_targets(view: Any, *, params: Any) -> Any:
    return view.target_proba.mean() + view.X[:, 0]


def test_the_order_in_memory_and_missing_targets_are_looked_at() -> None:
    with pytest.raises(Broken, match="lying in memory class by class"):
        check_strategy(by_memory)
    with pytest.raises(Broken, match=r"without targets: wanted errors\.Needs"):
        check_strategy(without_targets, needs=("targets",))


def first(view: Any, **asked: Any) -> Spread:
    n = min(asked["batch_size"], view.X.shape[0])
    return Spread(np.arange(n), np.ones(n))


def twice(view: Any, **asked: Any) -> Spread:
    return Spread(np.zeros(2, np.int64), np.ones(2))


def outside(view: Any, **asked: Any) -> Spread:
    return Spread(np.array([len(view.X)]), np.ones(1))


def by_value(view: Any, **asked: Any) -> Spread:
    return Spread(asked["scores"][:2], np.ones(2))


def without_chances(view: Any, **asked: Any) -> Spread:
    return Spread(np.arange(3), np.zeros(3))


def drawn(view: Any, **asked: Any) -> Spread:
    rows = np.random.default_rng().choice(len(view.X), asked["batch_size"], replace=False)
    return Spread(rows, np.ones(len(rows)))


def shifting(view: Any, **asked: Any) -> Spread:
    view.X[:] += 1
    return first(view, **asked)


@pytest.mark.parametrize("picks", ["shortlist", "cover"])
@pytest.mark.parametrize(
    ("choose", "law"),
    [
        (None, "asks for a function `choose`"),
        (twice, "rows that repeat"),
        (outside, "not among those given"),
        (by_value, "must choose row numbers"),
        (without_chances, "a probability above 0"),
        (drawn, "same seed chose other rows"),
        (shifting, "changed the features"),
    ],
)
def test_a_broken_choice_is_told_which_law_it_breaks(choose: Any, law: str, picks: Any) -> None:
    broken = Strategy("odd", uncertainty.margin, ("model",), picks, choose=choose)
    with pytest.raises(Broken, match=law):
        check_strategy(broken)


def best_of_each_block(pool: Any, **asked: Any) -> Picks:
    seqs = np.array([source.start for source in pool.sources])
    return Picks(seqs, np.ones(len(seqs)), np.ones(len(seqs)), pool.rows)


def evenly(pool: Any, **asked: Any) -> Picks:
    seqs = pool.candidates[:: len(pool.candidates) // asked["batch_size"]]
    return Picks(seqs, np.ones(len(seqs)), np.ones(len(seqs)), pool.rows)


def test_a_choice_of_the_whole_pool_must_not_depend_on_its_blocks() -> None:
    def made(choose: Any) -> Strategy:
        return Strategy("odd", uncertainty.margin, ("model",), "whole", choose_whole=choose)

    check_strategy(made(evenly))
    with pytest.raises(Broken, match="how the pool is cut into blocks"):
        check_strategy(made(best_of_each_block))
    with pytest.raises(Broken, match="asks for a function `choose_whole`"):
        check_strategy(made(None))


def test_a_sound_choice_passes() -> None:
    check_strategy(Strategy("odd", uncertainty.margin, ("model",), "shortlist", choose=first))


@pytest.mark.parametrize("name", ["batch:uncertainty_batch_sampling",
                                  "disagreement:max_disagreement_sampling"])  # fmt: skip
def test_modals_query_functions_choose_by_the_laws(name: str) -> None:
    check_strategy(f"modal:modAL.{name}")


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
