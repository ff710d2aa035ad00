"""Parts of a sweep: merged in any cut and any order, they are the whole, to the last bit."""

from __future__ import annotations

import doctest
import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activeloop.errors import Corrupt
from activeloop.learn import apart, exact, partials, persist, recipes, select, strategies
from activeloop.learn.apart import Yardstick, representatives
from activeloop.learn.draw import Draw
from activeloop.learn.exact import exact_sum
from activeloop.learn.keys import digests
from activeloop.learn.pool import Pool
from activeloop.learn.types import Block, Features, Picks

ROWS, WIDTH, CLASSES = 900, 6, 4
RNG = np.random.default_rng(3)
X = RNG.normal(size=(ROWS, WIDTH)).astype(np.float32)
X[600:700] = X[:100]  # copies across the cuts
Y = (X @ RNG.normal(size=(WIDTH, CLASSES))).argmax(axis=1).astype(np.int64)
MODEL = recipes.get("linear").fit(X[:60], Y[:60], CLASSES, seed=0, committee=3)
MARKS = X @ RNG.normal(size=(WIDTH, CLASSES)) > 1
SEVERAL = recipes.get("linear").fit(X[:60], MARKS[:60], CLASSES, seed=0, committee=3)
BLOCKS = [Block(start, X[start : start + 90]) for start in range(0, ROWS, 90)]
SPLIT = [name for name in strategies.names() if strategies.get(name).picks != "whole"]


def sweep(strategy: str, threads: int = 1, length: int = 50) -> tuple[select.Sweep, Pool]:
    pool = Pool(BLOCKS, np.arange(ROWS) % 7 > 0, threads)
    one = "one" in strategies.get(strategy).answers
    known = (X[:60], Y[:60] if one else MARKS[:60])
    return select.prepare(
        pool, MODEL if one else SEVERAL, strategy=strategy, params={}, labelled=known,
        batch_size=5, length=length, seed=11,
    ), pool  # fmt: skip


def same(one: Picks, other: Picks) -> bool:
    """Equal to the last bit, not nearly."""
    return (
        one.seqs.tolist() == other.seqs.tolist()
        and one.scores.tolist() == other.scores.tolist()
        and one.probabilities.tolist() == other.probabilities.tolist()
        and one.scored == other.scored
    )


@pytest.mark.parametrize("name", SPLIT)
@settings(max_examples=5, deadline=None)
@given(st.data())
def test_parts_of_any_cut_merged_in_any_order_are_the_whole_exactly(
    name: str, data: st.DataObject
) -> None:
    asked, pool = sweep(name)
    whole = asked.finish(asked.over(pool), pool)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(BLOCKS) - 1), max_size=4)))
    edges = [0, *cuts, len(BLOCKS)]
    parts = [
        partials.load(partials.dump(asked.over(pool.part(low, high))))
        for low, high in itertools.pairwise(edges)
    ]
    shuffled = data.draw(st.permutations(parts))
    merged = shuffled[0].merge(shuffled[1:])
    assert same(asked.finish(merged, pool), whole)


@pytest.mark.parametrize("name", strategies.names())
def test_threads_change_nothing(name: str) -> None:
    one, two = (
        asked.finish(asked.over(pool), pool)
        for asked, pool in (sweep(name, threads=1), sweep(name, threads=3))
    )
    assert same(one, two)


def test_a_question_settled_twice_in_two_processes_is_the_same_question() -> None:
    again = persist.load(persist.dump(MODEL))
    pool = Pool(BLOCKS, np.ones(ROWS, bool))
    asked = [
        select.prepare(
            pool, model, strategy="margin-badge", params={}, labelled=None, batch_size=5,
            length=50, seed=11,
        )
        for model in (MODEL, again)
    ]  # fmt: skip
    assert same(*(each.finish(each.over(pool), pool) for each in asked))


def test_a_partial_result_that_is_damaged_is_refused() -> None:
    asked, pool = sweep("margin")
    dumped = partials.dump(asked.over(pool))
    for bad in (dumped[:-20], b"", persist.dump(MODEL)):
        with pytest.raises(Corrupt):
            partials.load(bad)


@pytest.mark.parametrize("module", [exact, apart])
def test_the_examples_in_the_docstrings_run(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@given(
    st.lists(st.floats(0, 1e300, allow_subnormal=False), max_size=40),
    st.randoms(use_true_random=False),
)
def test_an_exact_sum_does_not_depend_on_order_or_grouping(
    values: list[float], chance: Any
) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)
    cut = chance.randint(0, len(values))
    parts = exact_sum(np.array(shuffled[:cut])) + exact_sum(np.array(shuffled[cut:]))
    assert parts == exact_sum(np.array(values))
    assert parts == sum(map(Fraction, values)) * 2**1127


def test_the_chance_of_a_small_weight_behind_a_huge_one_is_not_lost_in_rounding() -> None:
    draw = Draw(3, 0, 1.0)
    draw.add(np.arange(3), np.array([1e9, 1e-9, 1e-9]))
    draw.settle()
    order = draw.seqs.tolist()
    assert order[0] == 0
    assert draw.probabilities().tolist()[1:] == [0.5, 1.0]


def test_near_duplicates_have_one_representative_the_first() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(40, 12)).astype(np.float32)
    noisy = np.repeat(base, 5, axis=0) + rng.normal(0, 0.01, (200, 12)).astype(np.float32)
    marked = representatives(noisy, Yardstick.of(noisy))
    assert np.flatnonzero(marked).tolist() == list(range(0, 200, 5))


def test_rows_without_near_duplicates_are_all_marked_also_far_from_the_origin() -> None:
    apart_rows = np.random.default_rng(0).normal(size=(600, 12)).astype(np.float32) + 1000
    assert representatives(apart_rows, Yardstick.of(apart_rows)).all()


@pytest.mark.parametrize("strategy", ["margin", "margin-badge", "entropy"])
def test_a_batch_asks_fifty_groups_when_two_hundred_are_repeated_with_noise(strategy: str) -> None:
    """The best 500 by score are ten groups: the shortlist has to be looked for further down."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(200), 50)
    base = rng.normal(size=(200, 8)).astype(np.float32)
    copies = base[groups] + rng.normal(0, 0.005, (10_000, 8)).astype(np.float32)
    order = rng.permutation(10_000)
    y = (base @ rng.normal(size=(8, 3))).argmax(axis=1).astype(np.int64)
    model = recipes.get("linear").fit(base[:60], y[:60], 3, seed=0)
    picks = select.rank(
        [Block(0, copies[order])], model, strategy=strategy, params={}, labelled=None,
        eligible=np.ones(10_000, bool), batch_size=50, length=500, rng=rng,
    )  # fmt: skip
    assert len(set(groups[order][picks.seqs[:50]].tolist())) == 50
    assert len(set(picks.seqs.tolist())) == 500


def test_digests_tell_rows_apart_and_find_copies() -> None:
    small = np.random.default_rng(0).integers(0, 16, (20_000, 6)).astype(np.float32)
    distinct = len(np.unique(small, axis=0))
    assert len(np.unique(digests(small))) == distinct
    zero: Features = np.array([[0.0, 1.0], [-0.0, 1.0]], np.float32)
    assert len(np.unique(digests(zero))) == 1
