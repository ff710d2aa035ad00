"""Arms and the stop advisor: told apart beyond chance, and bands that hold the truth."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.metrics import cohen_kappa_score

from activeloop.flows import evidence
from activeloop.learn import arms, recipes, stopping
from activeloop.learn.arms import Arms, Labels
from activeloop.learn.stopping import Measured, expected, kappa
from activeloop.learn.types import Estimate
from activeloop.spec import ProjectSpec, parse_spec
from activeloop.store.tables import Version


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50))
def test_kappa_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    before, after = np.array(pairs).T
    assume(len({*before.tolist(), *after.tolist()}) > 1)  # nought by nought there
    assert kappa(before, after) == pytest.approx(cohen_kappa_score(before, after), abs=1e-12)


def test_two_that_say_one_class_only_agree() -> None:
    assert kappa(np.zeros(5, int), np.zeros(5, int)) == 1.0


def test_the_band_holds_what_a_power_law_brings() -> None:
    """Of a hundred curves measured on 500 audit labels each."""
    held, rng = 0, np.random.default_rng(5)
    for _ in range(100):
        a, b, c = rng.uniform(0.8, 0.98), rng.uniform(0.5, 2), rng.uniform(0.3, 0.8)
        labels = np.arange(40, 440, 40)
        truth = a - b * labels**-c
        points = [
            Measured(int(at), rng.binomial(500, value) / 500, 500)
            for at, value in zip(labels, truth, strict=True)
        ]
        found = expected(points, ahead=100, rng=rng)
        gain = (a - b * 500.0**-c) - truth[-1]
        held += found is not None and found.gain.low <= gain <= found.gain.high
    assert held >= 90


@given(st.lists(st.floats(0, 1), max_size=12))
def test_too_few_versions_give_no_curve_and_none_breaks_it(values: list[float]) -> None:
    points = [Measured(20 * (at + 1), value, 100) for at, value in enumerate(values)]
    found = expected(points, ahead=100, rng=np.random.default_rng(0))
    if len(values) < stopping.FEWEST:
        assert found is None
    elif found is not None:
        assert found.gain.low <= found.gain.value <= found.gain.high
        assert all(0 <= each.low <= each.high <= 1 for _, each in found.curve)


def digits(order: str, *, shared: int = 0) -> list[arms.Point]:
    """Compare labels of an arm with random ones, over the same audit samples."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    rng = np.random.default_rng(3)
    mixed = rng.permutation(len(y))
    audit, train = Labels(X[mixed[:500]], y[mixed[:500]]), mixed[500:]
    rows = np.arange(len(train))
    free = rows[shared:]
    chosen = free[:300]
    if order == "one-sided":  # hardly any but two classes: worse than chance
        of = y[train[free]]
        chosen = rng.permutation(np.concatenate([free[of < 2], free[of >= 2][:20]])[:300])
    made = Arms(Labels(X[train], y[train]), chosen, free[-300:], rows[:shared])
    return arms.compare(made, audit, recipes.get("linear", {}), 10, seed=0)


def test_an_arm_that_asks_for_two_classes_only_is_behind() -> None:
    points = digits("one-sided")
    assert arms.verdict(points) == "behind"
    assert points[-1].difference.high < -0.2
    saved = arms.saved(points)
    assert saved is not None
    assert saved.random is not None
    assert saved.random < saved.labels


def test_what_both_have_is_given_to_both() -> None:
    """Hard samples alone teach little; beside four hundred labels they do no harm."""
    alone, beside = digits("one-sided"), digits("one-sided", shared=400)
    assert alone[-1].queried.value < 0.6
    assert beside[-1].queried.value > 0.85


def test_two_arms_drawn_alike_are_not_told_apart() -> None:
    points = digits("alike")
    assert arms.verdict(points) == "not told apart"
    assert [point.labels for point in points] == sorted({point.labels for point in points})


def point(labels: int, queried: float, random: float) -> arms.Point:
    return arms.Point(
        labels,
        Estimate(queried, queried, queried, 100),
        Estimate(random, random, random, 100),
        Estimate(queried - random, queried - random, queried - random, 100),
    )


def test_labels_saved_are_read_off_the_random_curve() -> None:
    saved = arms.saved([point(20, 0.6, 0.5), point(40, 0.7, 0.6), point(80, 0.8, 0.7)])
    assert saved == arms.Saved(40, 80.0, 80)
    ahead = [point(20, 0.9, 0.5), point(40, 0.95, 0.6)]
    assert arms.saved(ahead) == arms.Saved(40, None, 40)
    assert arms.saved([]) is None


def version(number: int, value: float, half: float = 0.03) -> Version:
    figure = {"value": value, "low": value - half, "high": value + half, "n": 600}
    made: dict[str, Any] = {"metrics": {"accuracy": figure}, "latest": {}}
    return Version(number=number, train_labels=100 * number, **made)


def advised(values: list[float], kappas: list[float], **stops: Any) -> dict[str, Any]:
    spec: ProjectSpec = parse_spec(
        {"name": "a", "kind": "text", "classes": ["x", "y"], "stopping": stops}
    )
    found = [version(at + 1, value) for at, value in enumerate(values)]
    told = evidence.advice(spec, list(reversed(found)), kappas, answers=900)
    json.dumps(told)
    return told


FLAT = [0.7, 0.85, 0.89, 0.899, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
RISING = [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75]


def test_the_advisor_stops_where_nothing_comes_any_more_and_not_while_the_curve_rises() -> None:
    stop = advised(FLAT, [0.995, 0.996, 0.997], least_gain=0.03)
    assert stop["verdict"] == "stop", stop
    assert all(piece["met"] for piece in stop["evidence"])
    go = advised(RISING, [0.995, 0.996, 0.997], least_gain=0.01)
    assert go["verdict"] == "go on"
    assert "more labels may still pay" in go["says"].lower()
    assert advised(FLAT, [0.9, 0.9, 0.9], least_gain=0.03)["verdict"] == "go on"
    assert advised([0.5, 0.6], [])["verdict"] == "cannot tell"


def test_a_target_and_a_budget_speak_for_themselves() -> None:
    assert advised(RISING, [], target=0.7)["verdict"] == "stop"
    assert advised(RISING, [], target=0.74)["verdict"] == "go on", "not beyond chance"
    spent = advised(RISING, [], budget=900)
    assert (spent["verdict"], spent["says"]) == ("stop", "The budget is spent.")
