"""Drift figures equal scipy's, chance rarely drifts, and what moves is seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from activeloop.learn.drift import adjusting, classifier, features, measures
from benchmarks import bench_drift


@pytest.mark.parametrize("seed", range(10))
def test_figures_of_numbers_equal_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ref, cur = rng.normal(2, 3, 700), rng.normal(2.4, 3, 150)
    far = stats.wasserstein_distance(ref, cur) / np.std(ref)
    found = features.number("x", ref, cur, floor=0.1, rng=rng)
    assert found is not None
    assert found.effect == pytest.approx(far, abs=1e-9)
    assert found.p == pytest.approx(stats.ks_2samp(ref, cur).pvalue, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_figures_of_categories_equal_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = (rng.multinomial(900, [0.5, 0.3, 0.2]), rng.multinomial(200, [0.3, 0.4, 0.3]))
    table = np.stack(counts).astype(float)
    theirs = stats.chi2_contingency(table, correction=False)
    assert measures.chi_square(table)[0] == pytest.approx(theirs.statistic, abs=1e-9)
    assert measures.chi_square_p(table) == pytest.approx(theirs.pvalue, abs=1e-9)
    js = distance.jensenshannon(table[0], table[1], base=2)
    assert measures.jensen_shannon(table) == pytest.approx(js, abs=1e-9)


def test_divergence_is_that_of_current_from_reference_on_its_deciles() -> None:
    rng = np.random.default_rng(0)
    ref, cur = rng.normal(size=1000), rng.normal(0.5, 1, 300)
    edges = np.quantile(ref, np.linspace(0, 1, 11)[1:-1])
    p = np.bincount(np.digitize(cur, edges), minlength=10) + 0.5
    q = np.bincount(np.digitize(ref, edges), minlength=10) + 0.5
    assert measures.divergence(ref, cur) == pytest.approx(stats.entropy(p, q), abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_values_equal_scipys(p: list[float]) -> None:
    assert adjusting.adjusted(p) == pytest.approx(stats.false_discovery_control(p), abs=1e-9)


def test_the_permuted_distances_are_wasserstein_distances() -> None:
    values = np.sort(np.random.default_rng(1).normal(size=40))
    found = features._moved(values, 25, np.random.default_rng(2))
    mine = np.zeros(40, dtype=bool)
    mine[np.random.default_rng(2).permutation(40)[:25]] = True
    theirs = stats.wasserstein_distance(values[mine], values[~mine])
    assert found[0] == pytest.approx(theirs, abs=1e-9)


def test_rare_categories_are_judged_by_permutation() -> None:
    rng = np.random.default_rng(0)
    found = features.category("c", ["a"] * 300 + ["b"], ["a"] * 100, floor=0.1, rng=rng)
    assert found is not None
    assert found.test == "chi-square (permuted)"
    assert found.p > 0.5


def test_a_change_has_to_last_for_an_alarm() -> None:
    assert not adjusting.alarming([True])
    assert not adjusting.alarming([True, False, False, True])
    assert adjusting.alarming([True, False, True])


def _drifts(rng: np.random.Generator, shift: float, columns: int = 5) -> bool:
    ref, cur = rng.normal(size=(1000, columns)), rng.normal(size=(200, columns))
    cur[:, 0] += shift
    found = [
        features.number(str(at), ref[:, at], cur[:, at], floor=0.1, rng=rng)
        for at in range(columns)
    ]
    kept = [each for each in found if each is not None]
    return any(each.drifted for each in features.judged(kept, level=0.05))


def test_without_drift_few_windows_drift() -> None:
    rng = np.random.default_rng(5)
    assert sum(_drifts(rng, 0) for _ in range(60)) <= 5


def test_a_shift_of_a_third_of_a_deviation_is_seen() -> None:
    rng = np.random.default_rng(6)
    assert sum(_drifts(rng, 0.3, columns=1) for _ in range(100)) >= 82


@pytest.mark.parametrize(("n", "least", "most"), [(50, 0.9, 1.0), (200, 0.3, 0.55)])
@pytest.mark.parametrize("draw", [bench_drift.numbers, bench_drift.categories])
def test_a_fixed_threshold_of_a_tenth_would_cry_wolf(
    draw: Callable[..., float], n: int, least: float, most: float
) -> None:
    rng = np.random.default_rng(7)
    assert least <= bench_drift.alarms(draw, n, 200, rng=rng) <= most


@pytest.mark.parametrize(("shift", "drifts"), [(0.0, False), (1.5, True)])
def test_a_classifier_tells_what_moved_from_what_did_not(shift: float, *, drifts: bool) -> None:
    rng = np.random.default_rng(3)
    ref, cur = rng.normal(size=(500, 10)), rng.normal(size=(200, 10))
    cur[:, 2] += shift
    found = classifier.two_sample(ref.astype(np.float32), cur.astype(np.float32), rng=rng)
    assert found is not None
    assert features.judged([found], level=0.05)[0].drifted is drifts


def test_equal_values_have_no_spread_however_they_are_rounded() -> None:
    from activeloop.learn.drift.measures import spread, wasserstein

    same = np.full(901, 0.1)
    assert spread(same) == 0.0
    assert wasserstein(same, np.full(200, 0.9)) == 1.0
