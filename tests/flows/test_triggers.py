"""What asks for a run, told with how far it is."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest

from activeloop.flows import policies, projects, simulating, triggers
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project


def told(services: Services, project: Project) -> dict[str, Any]:
    with services.read() as session:
        found = triggers.listed(session, projects.find(session, project.id))
    return {each["name"]: each for each in found["triggers"]} | {"next": found["next"]}


def change(services: Services, project: Project, **retrain: object) -> None:
    with services.write() as session:
        found = projects.find(session, project.id)
        policies.change(session, found, {"retrain": retrain}, user_id=None)


def test_labels_are_counted_down(services: Services) -> None:
    project = digits_project(services, audit_share=0, retrain={"every": 20})
    annotator = Annotator(services, project)
    assert "20 more labels" in told(services, project)["labels"]["says"]
    annotator.answer(13)
    assert "7 more labels" in told(services, project)["labels"]["says"]
    annotator.answer(7)
    assert "under way" in told(services, project)["labels"]["says"]


def test_a_schedule_tells_its_next_times(services: Services) -> None:
    project = digits_project(services, audit_share=0)
    off = told(services, project)
    assert (off["schedule"]["on"], off["next"]) == (False, [])
    change(services, project, schedule="0 3 * * *")
    on = told(services, project)
    times = [datetime.fromisoformat(each) for each in on["next"]]
    assert [(each.hour, each.minute) for each in times] == [(3, 0)] * 3
    assert [(b - a).days for a, b in itertools.pairwise(times)] == [1, 1]
    assert on["schedule"]["on"]
    assert f"{times[0]:%Y-%m-%d} 03:00 UTC" in on["schedule"]["says"]


def test_a_fall_is_told_beside_what_the_champion_had(services: Services) -> None:
    project = digits_project(services, audit_share=0.3, retrain={"every": 30, "on_drop": 0.05})
    assert "no champion" in told(services, project)["drop"]["says"]
    Annotator(services, project).answer_and_learn(60)
    simulating.drain(services, project.id)
    says = told(services, project)["drop"]["says"]
    assert "more than 5 points" in says
    assert "when it was trained" in says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"retrain": {"on_drift": False}}, "trains nothing"),
        ({"monitoring": {"campaign": 0}}, "No campaign"),
        ({}, "None is open"),
    ],
)
def test_drift_says_why_it_would_train_nothing(
    embedded: Services, changes: dict[str, Any], says: str
) -> None:
    found = told(embedded, digits_project(embedded, 100, **changes))["drift"]
    assert says in found["says"]
    assert found["on"] == (not changes)
