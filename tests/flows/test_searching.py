"""A search over recipes: honest, the same again, stopped and gone on with, adopted by the gate."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import carrying, featurising, projects, searching, simulating
from activeloop.flows.snapshots import snapshot
from activeloop.learn import tuning
from activeloop.store import reports, runs
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project

FAST = {"linear": {"C": ("log", 0.01, 1000.0)}, "online": {"step": ("log", 0.1, 10.0)}}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "SPACE", FAST)


def _labelled(services: Services) -> Project:
    project = digits_project(services, audit_share=0.3, retrain={"every": 50})
    Annotator(services, project).answer(70)
    simulating.drain(services, project.id)
    return project


def _search(services: Services, project: Project, trials: int, seconds: int = 0) -> int:
    with services.write() as session:
        found = projects.find(session, project.id)
        return searching.ask(session, found, trials=trials, seconds=seconds)


def _body(services: Services, project: Project) -> dict[str, Any]:
    with services.read() as session:
        report = reports.newest(session, project.id, searching.KIND)
        assert report is not None
        return dict(report.body)


def test_a_search_ranks_what_it_tried_and_never_sees_the_audit_stratum(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _labelled(services)
    read: list[set[int]] = []
    rows = featurising.rows

    def watched(services: Services, featurizer_id: int, seqs: Any) -> Any:
        read.append(set(seqs))
        return rows(services, featurizer_id, seqs)

    monkeypatch.setattr(featurising, "rows", watched)
    _search(services, project, 4)
    simulating.drain(services, project.id)
    with services.read() as session:
        found = searching.newest(session, project)
        spec = projects.spec_of(project)
        train, audit = snapshot(session, project.id, spec, found["events"])
    assert len(audit.seqs) > 5
    assert read
    assert all(seqs <= set(train.seqs) and not seqs & set(audit.seqs) for seqs in read)
    assert (found["state"], found["tried"]) == ("done", 4)
    means = [each["mean"] for each in found["leaderboard"]]
    assert means == sorted(means, reverse=True)
    assert means[0] > 0.5
    assert all(each["low"] <= each["mean"] <= each["high"] for each in found["leaderboard"])


def test_a_search_that_was_killed_goes_on_where_it_was_and_ends_the_same(
    embedded: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _labelled(embedded)
    _search(embedded, project, 4)
    simulating.drain(embedded, project.id)
    whole = [
        (each["recipe"], each["params"], each["mean"]) for each in _body(embedded, project)["tried"]
    ]
    job = _search(embedded, project, 4)
    tried, validate = 0, tuning.cross_validate

    def killed(*args: Any, **kwargs: Any) -> tuning.Tried:
        nonlocal tried
        tried += 1
        if tried == 3:
            raise KeyboardInterrupt
        return validate(*args, **kwargs)

    monkeypatch.setattr(tuning, "cross_validate", killed)
    with pytest.raises(KeyboardInterrupt):
        carrying.carry_out(embedded, job, "one")
    assert len(_body(embedded, project)["tried"]) == 2
    simulating.drain(embedded, project.id)
    assert tried == 5
    again = [
        (each["recipe"], each["params"], each["mean"]) for each in _body(embedded, project)["tried"]
    ]
    assert again == whole


def test_a_search_ends_when_its_time_is_spent(embedded: Services) -> None:
    project = _labelled(embedded)
    _search(embedded, project, 1000, seconds=1)
    simulating.drain(embedded, project.id)
    body = _body(embedded, project)
    assert body["state"] == "done"
    assert 0 < len(body["tried"]) < 1000


def test_what_is_adopted_is_trained_in_full_and_judged_by_the_gate(services: Services) -> None:
    project = _labelled(services)
    with services.write() as session, pytest.raises(NotFound, match="not been searched"):
        searching.adopt(session, projects.find(session, project.id), 1, user_id=None)
    _search(services, project, 3)
    with services.write() as session:
        found = projects.find(session, project.id)
        with pytest.raises(Conflict, match="under way"):
            searching.adopt(session, found, 1, user_id=None)
        with pytest.raises(Conflict, match="under way"):
            searching.ask(session, found, trials=3)
    simulating.drain(services, project.id)
    with services.write() as session:
        found = projects.find(session, project.id)
        with pytest.raises(NotFound, match="no rank 99"):
            searching.adopt(session, found, 99, user_id=None)
        best = searching.newest(session, found)["leaderboard"][0]
        asked = searching.adopt(session, found, 1, user_id=None)
        assert asked.mode == "full"
        assert "rank 1 of a search" in asked.because
    simulating.drain(services, project.id)
    with services.read() as session:
        spec = projects.spec_of(projects.find(session, project.id))
        (run,) = runs.latest(session, project.id, 1)
    assert (spec.model.recipe, spec.model.params) == (best["recipe"], best["params"])
    assert run.status == "done"
    assert run.verdict in ("promote", "hold", "reject")


def test_without_optuna_a_search_says_how_to_install_it(
    embedded: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = digits_project(embedded, 30)
    load = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "optuna":
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with embedded.write() as session, pytest.raises(Invalid, match=r"activeloop\[tune\]"):
        searching.ask(session, project, trials=3)


def test_near_duplicates_are_held_out_together() -> None:
    groups = np.repeat(np.arange(30), 3)
    dealt = tuning.dealt_out(np.repeat(np.arange(30) % 2, 3), groups, 0)
    assert all(len(set(dealt[groups == group])) == 1 for group in range(30))
    assert set(dealt) == set(range(tuning.FOLDS))


def test_better_parameters_get_a_better_figure() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 20)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    good, bad = (
        tuning.cross_validate("linear", {"C": c}, X, y, 2, seed=0).mean for c in (1.0, 1e-6)
    )
    shuffled = tuning.cross_validate("linear", {}, X, rng.permutation(y), 2, seed=0)
    assert good > max(bad, 0.9)
    assert shuffled.low < 0.5 < shuffled.high + 0.05
