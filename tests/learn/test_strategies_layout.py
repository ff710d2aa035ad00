"""Measures over the classes: the same on both layouts in memory, and as a plain loop has them."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from activeloop.learn import classes


@st.composite
def shares(draw: Any) -> Any:
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(2, 7)))
    # few different numbers: ties between classes are the hard case
    weights = draw(hnp.arrays(np.int8, shape, elements=st.integers(0, 3))).astype(np.float64)
    weights[..., 0] += weights.sum(axis=-1) == 0
    return weights / weights.sum(axis=-1, keepdims=True)


def class_major(proba: Any) -> Any:
    return np.ascontiguousarray(np.swapaxes(proba, -1, -2)).swapaxes(-1, -2)


@given(shares())
def test_the_gap_is_what_sorting_gives(proba: Any) -> None:
    best = np.sort(proba, axis=-1)
    assert np.array_equal(classes.gap(proba), best[..., -1] - best[..., -2])


@given(shares())
def test_entropies_are_what_scipy_gives_also_with_zeros(proba: Any) -> None:
    from scipy.special import entr

    assert np.allclose(classes.entropies(proba), entr(proba).sum(axis=-1), rtol=0, atol=1e-12)


@given(shares())
def test_votes_go_to_the_first_of_the_likeliest(committee: Any) -> None:
    chosen = committee.argmax(axis=2)
    wanted = [(chosen == c).sum(axis=0) for c in range(committee.shape[2])]
    assert np.array_equal(classes.votes(committee), wanted)


def test_more_members_than_a_byte_counts_are_counted() -> None:
    committee = np.tile([[0.9, 0.1]], (300, 1, 1))
    assert classes.votes(committee).tolist() == [[300], [0]]


@pytest.mark.parametrize("measure", [classes.entropies, classes.gap])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(proba=shares())
def test_layout_changes_nothing_and_the_dtype_is_kept(
    measure: Callable[[Any], Any], dtype: Any, proba: Any
) -> None:
    rows = proba.astype(dtype)
    found = measure(class_major(rows))
    assert found.dtype == dtype
    assert np.allclose(found, measure(rows), rtol=0, atol=np.finfo(dtype).eps * 8)


def test_every_example_in_a_docstring_runs() -> None:
    result = doctest.testmod(classes)
    assert result.attempted > 0
    assert result.failed == 0
