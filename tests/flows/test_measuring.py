"""The evaluation of a version: what it holds, on which labels, and what opens behind a cell."""

from __future__ import annotations

import pytest

from activeloop.errors import Invalid, NotFound
from activeloop.flows import measuring, projects, simulating, versions
from activeloop.jobs import Evaluate
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project, truth


def test_a_new_version_is_evaluated_after_its_run(services: Services) -> None:
    project = digits_project(services, audit_share=0.3, retrain={"every": 30}, random_share=0)
    annotator = Annotator(services, project)
    annotator.answer_and_learn(110)
    with services.read() as session:
        project = projects.find(session, project.id)
        newest, *older = versions.listed(session, project)
        shown = measuring.shown(session, project, newest["number"])
    report = shown["report"]
    assert older
    assert {"cells", "windows"}.isdisjoint(report)
    assert sum(map(sum, report["confusion"])) == report["n"] > 10
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "pr_auc", "log_loss",
                 "brier", "ece"):  # fmt: skip
        figure = report["figures"][name]
        assert figure["low"] <= figure["value"] <= figure["high"]
        assert figure["n"] == report["n"]
    assert sum(bin_["n"] for bin_ in report["reliability"]["bins"]) == report["n"]
    assert report["queried"]["biased"]
    # only labels that came after a version, and before the next, are told by it
    assert 0 < report["queried"]["figures"]["accuracy"]["n"] < newest["train_labels"]
    assert report["lure"]["figures"] == {}
    assert "drawn at random" in report["lure"]["says"]


def test_a_cell_opens_the_samples_behind_it(services: Services) -> None:
    project = digits_project(services, audit_share=0.3, retrain={"every": 30})
    Annotator(services, project).answer_and_learn(60)
    right = truth()
    with services.read() as session:
        project = projects.find(session, project.id)
        number = versions.listed(session, project)[0]["number"]
        report = measuring.shown(session, project, number)["report"]
        for a, row in enumerate(report["confusion"]):
            for b, count in enumerate(row):
                cell = measuring.behind(session, project, number, true=str(a), predicted=str(b))
                assert cell["total"] == len(cell["samples"]) == count
                for sample in cell["samples"]:
                    assert sample["stratum"] == "audit"
                    assert right[int(sample["external_id"])] == str(a)
        with pytest.raises(Invalid):
            measuring.behind(session, project, number, true="0", predicted="eleven")
        with pytest.raises(NotFound):
            measuring.behind(session, project, 999, true="0", predicted="0")


def test_random_questions_allow_the_choice_to_be_weighed_out(services: Services) -> None:
    project = digits_project(
        services, audit_share=0.2, strategy={"name": "random"}, retrain={"every": 40}
    )
    annotator = Annotator(services, project)
    annotator.answer_and_learn(60)
    annotator.answer(30)
    with services.read() as session:
        number = versions.listed(session, projects.find(session, project.id))[-1]["number"]
    with services.write() as session:
        measuring.refresh(session, projects.find(session, project.id), number)
    simulating.drain(services, project.id)
    with services.read() as session:
        report = measuring.shown(session, projects.find(session, project.id), number)["report"]
    figure = report["lure"]["figures"]["accuracy"]
    assert figure["n"] >= 10
    assert figure["n"] < figure["of"]
    assert figure["low"] < figure["value"] <= figure["high"]


def test_an_evaluation_of_a_version_that_is_gone_does_no_harm(services: Services) -> None:
    project = digits_project(services, 50)
    with services.write() as session:
        from activeloop.store import db, ledger

        ledger.add(session, Evaluate(project.id, 12345), now=db.now(session))
    simulating.drain(services, project.id)
    with services.read() as session, pytest.raises(NotFound):
        measuring.shown(session, projects.find(session, project.id), 1)
