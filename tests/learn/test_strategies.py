"""The measures: their laws, their formulas, and what the peers make of the same input."""

from __future__ import annotations

import doctest
import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from activeloop.errors import Invalid, Needs
from activeloop.learn import strategies
from activeloop.learn.strategies import disagreement, registry, uncertainty
from activeloop.learn.types import View
from activeloop.testing import check_strategy

MODULES = ["uniform", "uncertainty", "disagreement", "typicality", "several"]


def view_of(proba: Any = None, committee: Any = None) -> View:
    n = len(proba) if proba is not None else committee.shape[1]
    X = np.zeros((n, 1), np.float32)
    return View(X, proba, committee, None, None, np.random.default_rng(0))


@st.composite
def probabilities(draw: Any, members: int = 0) -> Any:
    classes = draw(st.integers(2, 6))
    shape = (
        (members, draw(st.integers(1, 30)), classes)
        if members
        else (draw(st.integers(1, 30)), classes)
    )
    weights = draw(hnp.arrays(np.float64, shape, elements=st.floats(0, 1, allow_subnormal=False)))
    weights = weights + (weights.sum(axis=-1, keepdims=True) == 0)
    return weights / weights.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("name", strategies.names())
def test_every_strategy_keeps_the_laws(name: str) -> None:
    check_strategy(name)


@pytest.mark.parametrize("module", MODULES)
def test_every_example_in_a_docstring_runs(module: str) -> None:
    found = importlib.import_module(f"activeloop.learn.strategies.{module}")
    result = doctest.testmod(found)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_strategies_the_specification_names_are_there() -> None:
    wanted = {"random", "least-confidence", "margin", "entropy", "mutual-information", "typiclust"}
    wanted |= {"margin-badge", "vote-entropy", "consensus-entropy", "power-margin", "epig", "cal"}
    wanted |= {"core-set", "ranked-batch", "badge", "batch-bald", "max-herding"}
    wanted |= {"information-density", "expected-error"}
    assert wanted <= set(strategies.names())


def test_an_unknown_strategy_is_refused_with_the_known_ones_listed() -> None:
    with pytest.raises(Invalid, match=r"no strategy 'margn'.*margin-badge.*typiclust"):
        strategies.get("margn")


def test_a_parameter_the_strategy_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match=r"no parameter gamma; it has: beta"):
        strategies.get("power-margin").settle({"gamma": 1})


@pytest.mark.parametrize("value", [-1, "8", True, float("nan")])
def test_a_parameter_that_is_no_number_from_zero_is_refused(value: Any) -> None:
    with pytest.raises(Invalid, match="beta must be a number"):
        strategies.get("power-margin").settle({"beta": value})


def test_a_second_function_cannot_take_a_name() -> None:
    with pytest.raises(Invalid, match="already is a strategy 'margin'"):
        strategies.strategy("margin")(lambda *_, **__: np.zeros(1))


@pytest.mark.parametrize("score", [uncertainty.margin, disagreement.mutual_information])
def test_what_is_missing_is_said_in_a_sentence(score: Any) -> None:
    nothing = View(np.zeros((2, 1), np.float32), None, None, None, None, np.random.default_rng(0))
    with pytest.raises(Needs, match="This strategy needs a"):
        score(nothing, params={})


@given(probabilities())
def test_uncertainties_lie_in_their_range_and_peak_when_all_classes_tie(proba: Any) -> None:
    n, classes = proba.shape
    even = np.full((1, classes), 1 / classes)
    tops = {"least-confidence": 1 - 1 / classes, "margin": 1.0, "entropy": np.log(classes)}
    for name, top in tops.items():
        score = strategies.get(name).score
        scores = score(view_of(proba), params={})
        assert scores.shape == (n,)
        assert np.all((scores >= -1e-12) & (scores <= top + 1e-12))
        assert score(view_of(even), params={})[0] == pytest.approx(top)


@given(probabilities(members=4))
def test_mutual_information_is_between_zero_and_the_consensus_entropy(committee: Any) -> None:
    view = view_of(committee=committee)
    information = disagreement.mutual_information(view, params={})
    assert np.all(information >= 0)
    assert np.all(information <= disagreement.consensus_entropy(view, params={}) + 1e-12)


@given(probabilities())
def test_a_committee_of_one_mind_tells_nothing_however_unsure_it_is(proba: Any) -> None:
    view = view_of(committee=np.stack([proba] * 3))
    assert np.allclose(disagreement.mutual_information(view, params={}), 0, atol=1e-12)


@given(probabilities())
def test_uncertainties_agree_with_scikit_activeml(proba: Any) -> None:
    from skactiveml.pool import uncertainty_scores

    for ours, theirs in [
        ("least-confidence", "least_confident"),
        ("margin", "margin_sampling"),
        ("entropy", "entropy"),
    ]:
        scores = strategies.get(ours).score(view_of(proba), params={})
        assert np.allclose(scores, uncertainty_scores(proba, method=theirs), rtol=0, atol=1e-9)


def test_mutual_information_agrees_with_scikit_activeml() -> None:
    from skactiveml.pool import average_kl_divergence

    # strictly positive: theirs leaves out members that give a class no chance
    committee = np.random.default_rng(3).dirichlet(np.ones(5), (4, 200))
    ours = disagreement.mutual_information(view_of(committee=committee), params={})
    assert np.allclose(ours, average_kl_divergence(committee), rtol=0, atol=1e-9)


@given(probabilities(members=3))
def test_vote_entropy_agrees_with_scikit_activeml(committee: Any) -> None:
    from skactiveml.pool import vote_entropy

    votes = committee.argmax(axis=2).T
    theirs = vote_entropy(votes, classes=np.arange(committee.shape[2]))
    ours = disagreement.vote_entropy(view_of(committee=committee), params={})
    assert np.allclose(ours, theirs, rtol=0, atol=1e-9)


PLUGIN = """
import numpy as np
from activeloop.errors import Needs
from activeloop.learn.strategies import strategy

@strategy("runner-up", needs=("model",), picks="top", params={"power": 1.0})
def runner_up(view, *, params):
    if view.proba is None:
        raise Needs("runner-up needs a trained model.")
    return np.sort(view.proba, axis=1)[:, -2] ** params["power"]

def plain(view, *, params):
    if view.proba is None:
        raise Needs("plain needs a trained model.")
    return view.proba[:, 0]
"""
POINTS = """
[activeloop.strategies]
runner-up = house_strategies:runner_up
plain = house_strategies:plain
broken = house_strategies:nothing
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with entry points, as an installer leaves it."""
    (tmp_path / "house_strategies.py").write_text(PLUGIN)
    info = tmp_path / "house_strategies-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-strategies\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_known", dict(registry._known))
    monkeypatch.delitem(sys.modules, "house_strategies", raising=False)


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_is_listed_without_being_loaded_and_used_like_ours() -> None:
    assert {"runner-up", "plain"} <= set(strategies.names())
    assert "house_strategies" not in sys.modules
    check_strategy("runner-up")
    check_strategy("plain")
    assert strategies.get("runner-up").params == {"power": 1.0}


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_that_cannot_be_loaded_is_named() -> None:
    with pytest.raises(Invalid, match=r"plug-in of strategy 'broken' .*cannot be loaded"):
        strategies.get("broken")
