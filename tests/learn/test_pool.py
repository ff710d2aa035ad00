"""The pool: read on many threads, cut anywhere, and always the same rows."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, issparse

from activeloop.learn.pool import Pool
from activeloop.learn.types import Block


def rows(n: int, d: int = 5) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)


def pool(X: Any, sizes: list[int], eligible: Any = None, threads: int = 1) -> Pool:
    cuts = np.unique(np.clip(np.cumsum([0, *sizes, X.shape[0]]), 0, X.shape[0])).tolist()
    sources = tuple(Block(a, X[a:b]) for a, b in itertools.pairwise(cuts))
    return Pool(sources, np.ones(X.shape[0], bool) if eligible is None else eligible, threads)


def dense(X: Any) -> Any:
    return X.toarray() if issparse(X) else X


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 300), max_size=5), threads=st.integers(1, 4))
def test_every_eligible_row_is_visited_once_and_results_come_in_order(
    sizes: list[int], threads: int
) -> None:
    X, good = rows(700), np.random.default_rng(1).random(700) < 0.5
    seen = pool(X, sizes, good, threads).each(lambda seqs, part: (seqs, part.copy()))
    seqs = np.concatenate([seqs for seqs, _ in seen])
    assert seqs.tolist() == np.flatnonzero(good).tolist()
    np.testing.assert_array_equal(np.concatenate([part for _, part in seen]), X[good])


@pytest.mark.parametrize("sparse", [False, True])
@given(seqs=st.lists(st.integers(0, 199), max_size=30))
def test_rows_are_gathered_in_the_order_asked_for(sparse: bool, seqs: list[int]) -> None:  # noqa: FBT001 - a parameter of the test
    X = rows(200)
    held = pool(csr_matrix(X) if sparse else X, [50, 3, 90])
    np.testing.assert_array_equal(dense(held.gather(np.array(seqs, np.int64))), X[seqs])


def test_a_sample_is_uniform_eligible_and_the_same_however_the_pool_is_cut() -> None:
    X, good = rows(9000), np.arange(9000) % 3 > 0
    whole = pool(X, [], good).sample(500, 7)
    assert len(set(whole.tolist())) == 500
    assert good[whole].all()
    assert abs(whole.mean() - 4500) < 400
    assert pool(X, [10, 4000], good).sample(500, 7).tolist() == whole.tolist()
    assert pool(X, [], good).sample(500, 8).tolist() != whole.tolist()


def test_a_sample_larger_than_the_pool_is_the_pool() -> None:
    assert pool(rows(30), [7]).sample(500, 0).tolist() == list(range(30))


def test_a_failing_visit_is_raised_and_stops_the_other_threads() -> None:
    visited: list[int] = []

    def visit(seqs: Any, _: Any) -> None:
        visited.append(len(seqs))
        raise ValueError("broken scores")

    with pytest.raises(ValueError, match="broken scores"):
        pool(rows(10_000, 2), [100] * 99, threads=2).each(visit)
    assert len(visited) <= 2


def test_several_threads_really_visit_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=20)
    X = rows(400)
    pool(X, [200], threads=2).each(lambda _seqs, _X: both.wait())
