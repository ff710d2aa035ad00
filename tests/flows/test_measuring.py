"""The evaluation of a version: what it holds, on which labels, and what opens behind a cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from activeloop.errors import Invalid, NotFound
from activeloop.flows import importing, measuring, projects, simulating, training, versions
from activeloop.jobs import Evaluate
from activeloop.spec import parse_spec
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
    assert "by rank alone" in report["lure"]["says"]


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


@pytest.mark.parametrize(
    "how",
    [
        {"strategy": {"name": "random"}},
        {"strategy": {"name": "power-margin", "params": {"beta": 1}}, "random_share": 0},
    ],
    ids=["at random", "by chance"],
)
def test_questions_asked_by_chance_allow_the_choice_to_be_weighed_out(
    services: Services, how: dict[str, Any]
) -> None:
    project = digits_project(services, audit_share=0.2, retrain={"every": 40}, **how)
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


def _told(services: Services, spec: dict[str, Any], path: Path, rows: list[Any]) -> dict[str, Any]:
    """Import labelled rows, train, and give the report of the first version."""
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    with services.write() as session:
        project = projects.create(session, parse_spec(spec), audit_key="5eed" * 8)
        importing.begin(services, session, project, name=path.name,
                        media_type="application/x-ndjson", stream_path=path, mapping={},
                        user_id=None)  # fmt: skip
    simulating.drain(services, project.id)
    with services.write() as session:
        found = projects.find(session, project.id)
        if not versions.listed(session, found):
            training.ask(session, found, mode="auto", because="a test", user_id=None)
    simulating.drain(services, project.id)
    with services.read() as session:
        report: dict[str, Any] = measuring.shown(session, projects.find(session, project.id), 1)[
            "report"
        ]
    return report


def test_slices_and_groups_are_told_with_their_sizes(services: Services) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for at in range(400):
        place = ["north", "south"][at % 2] if at < 396 else "island"
        y = int(rng.integers(0, 2))
        # nothing can be told in the south
        x = (y if place == "north" else 0.5) + rng.normal(scale=0.1, size=4)
        row = {"id": str(at), "vector": x.tolist(), "label": "ab"[y]}
        rows.append(row | {"place": place} if at else row)
    services.uploads.mkdir(parents=True, exist_ok=True)
    report = _told(services, {"name": "places", "kind": "vectors", "classes": ["a", "b"],
                   "audit_share": 0.5, "slices": ["place"], "fairness": ["place"]},
                   services.uploads / "places.jsonl", rows)  # fmt: skip
    slices, fair = report["slices"]["place"], report["fairness"]["place"]
    assert sum(each["n"] for each in slices.values()) == report["n"]
    north, south = slices["north"]["figures"], slices["south"]["figures"]
    assert north["accuracy"]["low"] > south["accuracy"]["high"]
    gap = fair["equalised_odds"]
    assert gap["value"] > 0.2
    assert gap["low"] <= gap["value"] <= gap["high"]
    assert fair["groups"]["north"]["counted"]
    small = fair["groups"].get("island")
    assert small is None or not small["counted"]
    json.dumps(report, allow_nan=False)


def test_several_labels_are_evaluated_class_by_class(services: Services) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for at in range(300):
        marks = rng.random(3) < 0.4
        x = marks + rng.normal(scale=0.4, size=3)
        names = [name for name, mark in zip("abc", marks, strict=True) if mark]
        rows.append({"id": str(at), "vector": x.tolist(), "labels": names})
    services.uploads.mkdir(parents=True, exist_ok=True)
    report = _told(services, {"name": "marks", "kind": "vectors", "classes": ["a", "b", "c"],
                   "answer": "several", "audit_share": 0.4},
                   services.uploads / "marks.jsonl", rows)  # fmt: skip
    assert report["confusion"] is None
    assert {"micro_f1", "hamming_loss", "roc_auc", "brier", "ece"} <= set(report["figures"])
    own = report["by_class"]["a"]
    assert own["recall"]["value"] == pytest.approx(own["both"] / own["n"])
    with services.read() as session:
        project = projects.find(session, "marks")
        missed = measuring.behind(session, project, 1, true="a", predicted="")
        hits = measuring.behind(session, project, 1, true="a", predicted="a")
    assert hits["total"] == own["both"]
    assert missed["total"] == own["n"] - own["both"]


def test_without_audit_labels_there_is_nothing_to_say_and_it_says_nothing(
    services: Services,
) -> None:
    project = digits_project(services, 120, audit_share=0, retrain={"every": 30})
    Annotator(services, project).answer_and_learn(40)
    with services.read() as session:
        project = projects.find(session, project.id)
        report = measuring.shown(session, project, 1)["report"]
    assert report["n"] == 0
    assert report["figures"] == {}
    assert report["reliability"]["bins"] == []
    assert report["by_class"]["3"]["f1"] is None
