"""Over a hundred simulated projects: which figures tell the truth."""

from __future__ import annotations

import numpy as np
import pytest

from activeloop.learn import lure
from benchmarks.bench_honest import Summary, clouds, digits, simulated, worth


@pytest.fixture(scope="module")
def found() -> dict[str, Summary]:
    return simulated(clouds, projects=100)


def test_the_audit_figure_is_unbiased_and_its_interval_holds_the_truth(
    found: dict[str, Summary],
) -> None:
    assert found["audit"].low <= 0 <= found["audit"].high
    # 95 of 100 on average, give or take chance; the wrong kind of interval holds far fewer
    assert found["audit"].coverage >= 0.85


def test_the_figure_on_what_was_asked_is_biased_beyond_chance(found: dict[str, Summary]) -> None:
    assert found["queried"].high < -0.1
    assert found["queried"].coverage < 0.2


def test_lure_takes_the_bias_out(found: dict[str, Summary]) -> None:
    assert found["lure"].low <= 0 <= found["lure"].high
    assert found["lure"].coverage > 0.85


def test_questions_drawn_by_chance_tell_more_than_as_many_at_random() -> None:
    """Near three times as much in the benchmark; a hundred projects leave room for chance."""
    found = worth(digits, 100, 1.0, projects=100)
    assert found.lure.low <= 0 <= found.lure.high
    assert found.lure.coverage > 0.9
    assert found.times > 1.5


def test_lure_of_uniform_draws_is_their_mean() -> None:
    q = 1 / (50 - np.arange(20))
    assert lure.weights(q, 50) == pytest.approx(np.ones(20))
    hits = np.arange(20) % 4 > 0
    assert lure.corrected(hits.astype(float), q, 50).value == pytest.approx(0.75)  # type: ignore[union-attr]


def test_lure_is_exact_in_expectation_over_every_order_of_draws() -> None:
    losses, base = np.array([1.0, 0.0, 0.3]), np.array([5.0, 1.0, 2.0])
    total = 0.0
    for first in range(3):
        for second in set(range(3)) - {first}:
            q = np.array([base[first] / 8, base[second] / (8 - base[first])])
            mean = (lure.weights(q, 3) * losses[[first, second]]).mean()
            total += q.prod() * mean
    assert total == pytest.approx(losses.mean(), abs=1e-12)


def test_too_few_draws_give_no_estimate() -> None:
    assert lure.corrected(np.ones(9), np.full(9, 0.5), 100) is None
