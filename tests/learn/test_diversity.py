"""BADGE: its distances, its draws, and that a batch does not repeat itself."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from activeloop.learn import diversity, projection
from activeloop.learn.diversity import _Gradients, badge


def shortlist(
    n: int, *, seed: int = 0, d: int = 4, classes: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(np.float32), rng.dirichlet(np.ones(classes), n)


def test_the_example_in_the_docstring_runs() -> None:
    result = doctest.testmod(diversity)
    assert result.attempted > 0
    assert result.failed == 0


@given(st.integers(0, 1000), st.booleans())
def test_factored_distances_are_those_between_the_full_gradient_embeddings(
    seed: int,
    sparse: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    X, proba = shortlist(12, seed=seed)
    rows = X if sparse else projection.standardised(X)
    residual = proba - np.eye(3)[proba.argmax(axis=1)]
    extended = np.column_stack([rows, np.ones(12)])
    full = np.einsum("nc,nd->ncd", residual, extended).reshape(12, -1)
    factored = _Gradients.of(csr_matrix(X) if sparse else X, residual).distances(5)
    assert np.allclose(factored, ((full - full[5]) ** 2).sum(axis=1), atol=1e-5)


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 50))
def test_a_batch_has_no_row_twice_and_as_many_as_there_are(n: int, batch: int, seed: int) -> None:
    X, proba = shortlist(n, seed=seed)
    spread = badge(X, proba, batch_size=batch, rng=np.random.default_rng(seed))
    assert len(set(spread.rows.tolist())) == len(spread.rows) == min(n, batch)
    assert np.all((spread.probabilities > 0) & (spread.probabilities <= 1))


@pytest.mark.parametrize("sparse", [False, True])
def test_a_copy_is_not_drawn_while_anything_else_is_left(sparse: bool) -> None:  # noqa: FBT001 - a parameter of the test
    X, proba = shortlist(10)
    many, likewise = np.repeat(X, 6, axis=0), np.repeat(proba, 6, axis=0)
    spread = badge(
        csr_matrix(many) if sparse else many, likewise, batch_size=10, rng=np.random.default_rng(1)
    )
    assert len(set((spread.rows // 6).tolist())) == 10


def test_rows_that_are_all_the_same_are_taken_in_their_order() -> None:
    X, proba = np.ones((5, 3), np.float32), np.full((5, 2), 0.5)
    spread = badge(X, proba, batch_size=4, rng=np.random.default_rng(0))
    assert spread.rows.tolist() == [0, 1, 2, 3]
    assert spread.probabilities.tolist() == [1, 1, 1, 1]


def test_draws_happen_as_often_as_their_probability_says() -> None:
    X, proba = shortlist(6)
    seconds = np.zeros(6)
    for seed in range(2000):
        spread = badge(X, proba, batch_size=2, rng=np.random.default_rng(seed))
        seconds[spread.rows[1]] += 1
    gradients = _Gradients.of(X, proba - np.eye(3)[proba.argmax(axis=1)])
    distance = gradients.distances(int(gradients.norms.argmax()))
    assert np.allclose(seconds / 2000, distance / distance.sum(), atol=0.05)


def test_a_batch_is_wider_spread_than_the_best_by_score() -> None:
    rng = np.random.default_rng(0)
    near = rng.normal(0, 0.01, (50, 2)).astype(np.float32)
    far = rng.normal(5, 0.01, (50, 2)).astype(np.float32)
    proba = np.full((100, 2), 0.5)
    picked = badge(np.concatenate([near, far]), proba, batch_size=4, rng=rng).rows
    assert {int(row >= 50) for row in picked} == {0, 1}
