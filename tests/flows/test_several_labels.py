"""Several labels per sample go through the whole loop: pool, queue, versions, gate, predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from activeloop.errors import CannotLearn, Invalid
from activeloop.flows import (
    comparing,
    due,
    exporting,
    featurising,
    projects,
    serving,
    status,
    training,
)
from activeloop.flows import versions as told
from activeloop.flows.simulating import Plan, simulate
from activeloop.spec import parse_spec
from activeloop.store import labels, rankings
from activeloop.store.tables import Candidate, Project, Ranking, Sample, Sweep
from activeloop.wiring import Services
from tests.flows import sweeps
from tests.flows.marked import CLASSES, Made, SetAnnotator, made, micro_f1, several_project
from tests.flows.pools import imported, jsonl, project

POOL, HELD_OUT = made(400, seed=1), made(400, seed=2)


def learned(services: Services, steps: int, **changes: Any) -> tuple[Project, list[float]]:
    """Label in steps of 20, measuring the champion on rows that nobody labels."""
    project = several_project(services, POOL, **changes)
    annotator = SetAnnotator(services, project, POOL)
    figures = []
    for _ in range(steps):
        annotator.answer_and_learn(20)
        with services.read() as session:
            trained = told.listed(session, projects.find(session, project.id))
        if trained:
            figures.append(micro_f1(services, project, HELD_OUT))
    return project, figures


def served(services: Services, project: Project) -> tuple[Ranking, list[int], list[int]]:
    """Give the served ranking, its samples in order, and the same in random order."""
    with services.read() as session:
        ranking = rankings.current(session, projects.find(session, project.id))
        assert ranking is not None
        order = session.exec(
            select(Candidate.sample_id)
            .where(Candidate.ranking_id == ranking.id)
            .order_by(col(Candidate.position))
        ).all()
        drawn = session.exec(
            select(Sample.id).where(col(Sample.id).in_(order)).order_by(col(Sample.draw))
        ).all()
    return ranking, list(order), [int(each or 0) for each in drawn]


@pytest.mark.slow
def test_several_labels_are_learned_from_an_informed_order_better_than_at_random(
    embedded: Services,
) -> None:
    _, ours = learned(embedded, 6)
    _, theirs = learned(
        embedded, 6, name="at random", strategy={"name": "random", "cold_start": "random"}
    )
    assert len(ours) == len(theirs)
    assert sum(ours) / len(ours) > sum(theirs) / len(theirs) + 0.01, (ours, theirs)


def test_labels_lead_to_a_better_champion_and_a_queue_ranked_by_it(services: Services) -> None:
    project, figures = learned(services, 4)
    assert figures[-1] > figures[0] + 0.01
    assert figures[-1] > 0.85
    ranking, order, drawn = served(services, project)
    assert (ranking.strategy, ranking.scope) == ("binary-badge", "pool")
    assert ranking.version is not None
    assert order[:20] != drawn[:20]


def test_a_version_tells_its_figures_and_the_gate_its_evidence(embedded: Services) -> None:
    project, _ = learned(embedded, 5, audit_share=0.3)
    with embedded.read() as session:
        project = projects.find(session, project.id)
        newest, *older = told.listed(session, project)
        report = status.report(session, project)
    assert older
    metrics = newest["metrics"]
    assert {"accuracy", "micro_f1", "macro_f1", "hamming_loss", "ranking_precision"} <= set(metrics)
    for name in ("accuracy", "micro_f1", "hamming_loss"):
        assert 0 <= metrics[name]["low"] <= metrics[name]["value"] <= metrics[name]["high"] <= 1
    assert set(metrics["f1_by_class"]) <= set(CLASSES)
    assert metrics["f1_by_class"][CLASSES[0]]["value"] > 0.6
    assert "class decisions on" in newest["because"]
    assert report["champion"]["metrics"]["accuracy"]["n"] == newest["audit_labels"]


def test_predictions_name_every_class_from_a_half_on(embedded: Services) -> None:
    project, _ = learned(embedded, 2)
    with embedded.read() as session:
        project = projects.find(session, project.id)
    predicted = serving.predict(embedded, project, HELD_OUT.X[:50].tolist()).predictions
    for each in predicted:
        likely = [name for name in CLASSES if each["probabilities"][name] >= 0.5]
        assert (each["label"], each["labels"]) == (None, likely)
    assert any(len(each["labels"]) > 1 for each in predicted)


def test_a_run_says_which_classes_it_could_not_learn(embedded: Services) -> None:
    classes = ("never seen", *CLASSES)
    project, _ = learned(embedded, 2, classes=classes)
    with embedded.read() as session:
        report = status.report(session, projects.find(session, project.id))
    because = report["runs"][0]["mode_because"]
    assert "'never seen'" in because
    assert "base rate" in because


def test_labels_that_are_all_the_same_teach_nothing_and_it_is_said(embedded: Services) -> None:
    alike = Made(POOL.X, [CLASSES[:2]] * len(POOL.said))
    project = several_project(embedded, alike, retrain={"every": 3}, audit_share=0)
    SetAnnotator(embedded, project, alike).answer_and_learn(4)
    with embedded.write() as session:
        project = projects.find(session, project.id)
        verdict = due.judge(session, project, projects.spec_of(project))
        assert not verdict.due
        assert "Two different answers" in verdict.because
        with pytest.raises(CannotLearn, match="every sample has 'topic a', 'topic b'"):
            training.ask(session, project, mode="full", because="asked", user_id=None)


def test_none_of_them_is_an_answer_that_teaches(embedded: Services) -> None:
    """One class and its absence are two answers, though only one class has labels."""
    said = [CLASSES[:1] if row[0] > 0 else () for row in POOL.X]
    rows = Made(POOL.X, said)
    project = several_project(embedded, rows, retrain={"every": 10}, classes=CLASSES[:2])
    SetAnnotator(embedded, project, rows).answer_and_learn(14)
    with embedded.read() as session:
        assert told.listed(session, projects.find(session, project.id))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answer": "several", "strategy": {"name": "margin"}}, "'margin' is for one label"),
        ({"answer": "one", "strategy": {"name": "binary-margin"}}, "is for several labels"),
        ({"answer": "several", "strategy": {"name": "modal:classifier_margin"}}, "is for one"),
    ],
)
def test_a_strategy_of_the_wrong_kind_is_refused_when_the_project_is_made(
    embedded: Services, changes: dict[str, Any], said: str
) -> None:
    spec = parse_spec({"name": "p", "kind": "text", "classes": ["a", "b"], **changes})
    with embedded.write() as session, pytest.raises(Invalid, match=said):
        projects.create(session, spec)


def test_a_recipe_that_cannot_learn_several_labels_is_refused(
    embedded: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from activeloop.learn.recipes import ForestRecipe

    monkeypatch.setattr(ForestRecipe, "answers", ("one",))
    values = {"name": "p", "kind": "text", "classes": ["a", "b"], "answer": "several"}
    spec = parse_spec(values | {"model": {"recipe": "forest"}})
    with embedded.write() as session, pytest.raises(Invalid, match=r"one of: linear, online"):
        projects.create(session, spec)


@pytest.mark.parametrize("recipe", ["forest", "online"])
def test_the_other_recipes_go_through_the_loop_as_well(embedded: Services, recipe: str) -> None:
    params = {"trees": 24} if recipe == "forest" else {"epochs": 8}
    project, figures = learned(
        embedded,
        3,
        model={"recipe": recipe, "params": params},
        strategy={"name": "binary-mutual-information"},
    )
    assert figures[-1] > 0.35
    with embedded.read() as session:
        project = projects.find(session, project.id)
        ranking = rankings.current(session, project)
        modes = {each["mode"] for each in told.listed(session, project)}
    assert ranking is not None
    assert ranking.strategy == "binary-mutual-information"
    assert modes == ({"full", "incremental"} if recipe == "online" else {"full"})


def test_ranges_merge_to_exactly_what_one_process_finds(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a strategy that looks at what is labelled, which each range must be told."""
    monkeypatch.setattr(featurising, "BLOCK_ROWS", 50)
    project, _ = learned(services, 2, strategy={"name": "margin-cardinality"})
    alone = sweeps.swept(services, project)
    assert sweeps.swept(sweeps.shared(services, 100), project) == alone
    with services.read() as session:
        assert [row.state for row in session.exec(select(Sweep))] == ["done"]
    assert sweeps.served(services, project).strategy == "margin-cardinality"


def exported(services: Services, project: Project, form: str) -> bytes:
    return b"".join(exporting.export(services, project.id, form).chunks)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_labels_that_are_exported_can_be_imported_again(services: Services, form: str) -> None:
    told = [["bad", "good"], [], None, ["good"]]
    rows = [{"id": f"x{n}", "text": f"row {n}", "labels": each} for n, each in enumerate(told)]
    old = project(services, answer="several")
    report = imported(services, old, jsonl(rows))
    assert (report["added"], report["labelled"], report["rejected"]) == (4, 3, 0)
    out = exported(services, old, form)
    new = project(services, name="new", answer="several")
    columns = {"id": "external_id"}
    again = imported(services, new, out, name=f"labels.{form}", mapping=columns)
    assert (again["added"], again["labelled"], again["problems"]) == (3, 3, [])
    with services.read() as session:
        said = {
            label
            for stratum in ("train", "audit")
            for _, label in labels.labelled(session, new.id, stratum)
        }
    assert said == {'["good", "bad"]', "[]", '["good"]'}


def test_exported_labels_are_lists_in_json_and_names_in_a_cell(embedded: Services) -> None:
    pool = project(embedded, answer="several")
    imported(embedded, pool, jsonl([{"text": "both", "labels": ["bad", "good"]}]))
    (line,) = exported(embedded, pool, "jsonl").splitlines()
    assert json.loads(line)["label"] == ["good", "bad"]
    (event,) = exported(embedded, pool, "events").splitlines()
    assert json.loads(event)["label"] == ["good", "bad"]
    assert b'"good|bad"' in exported(embedded, pool, "csv")


def test_several_labels_for_a_project_that_takes_one_are_reported_by_row(
    embedded: Services,
) -> None:
    pool = project(embedded)
    rows: list[dict[str, Any]] = [
        {"text": "fine", "label": "good"},
        {"text": "both", "label": ["good", "bad"]},
    ]
    report = imported(embedded, pool, jsonl(rows))
    assert (report["added"], report["labelled"]) == (2, 1)
    (problem,) = report["problems"]
    assert (problem["row"], problem["where"]) == (2, "label")
    assert "answer: several" in problem["problem"] + problem["remedy"]


def test_a_simulation_draws_micro_f1_through_the_same_code(tmp_path: Path) -> None:
    path = tmp_path / "topics.jsonl"
    path.write_bytes(made(150, seed=4).jsonl(labels=True))
    plan = Plan(path, spec={"answer": "several"}, seeds=1, budget=24, every=8, noise=0.1, jobs=1)
    (tmp_path / "work").mkdir()
    found = simulate(plan, tmp_path / "work", on_progress=lambda _name, _given: None)
    assert {curve.strategy for curve in found.curves} == {"binary-badge", "random"}
    assert found.figure == "micro F1"
    for curve in found.curves:
        assert curve.points[-1].micro_f1 is not None
        assert curve.points[-1].micro_f1 > found.base > 0
        assert curve.points[-1].micro_f1 != curve.points[-1].accuracy
    ends = {curve.strategy: curve.points[-1].micro_f1 for curve in found.curves}
    assert {row.strategy: row.last.value for row in comparing.rows(found)} == ends
    points = comparing.write_points(found, tmp_path / "points.csv").read_text()
    assert points.splitlines()[0].endswith("micro_f1,champion_micro_f1")
