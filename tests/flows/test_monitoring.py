"""Watching: windows of imports and of predictions, the alarm, its campaign, and the run after."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from sqlmodel import col, select

from activeloop.flows import (
    accounts,
    campaigns,
    doctor,
    importing,
    labelling,
    monitoring,
    projects,
    serving,
    simulating,
    tick,
)
from activeloop.flows.projects import spec_of
from activeloop.jobs import Watch
from activeloop.spec import parse_spec
from activeloop.store import db, ledger, runs
from activeloop.store.tables import CampaignSample, Offer, Project, Sample
from activeloop.wiring import Services


def bring(services: Services, project: Project, rows: np.ndarray, name: str) -> None:
    """Import vectors, and do the work that follows."""
    services.uploads.mkdir(parents=True, exist_ok=True)
    path = services.uploads / f"{name}.jsonl"
    lines = [
        json.dumps({"id": f"{name}-{at}", "vector": [round(float(v), 6) for v in row]})
        for at, row in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n")
    with services.write() as session:
        importing.begin(
            services,
            session,
            projects.find(session, project.id),
            name=path.name,
            media_type="application/x-ndjson",
            stream_path=path,
            mapping={},
            user_id=None,
        )
    simulating.drain(services, project.id)


def watched(services: Services, **changes: object) -> tuple[Project, int]:
    """Give a project with a champion, and its annotator."""
    spec = parse_spec(
        {
            "name": "points",
            "kind": "vectors",
            "classes": ["low", "high"],
            "audit_share": 0.2,
            "retrain": {"every": 25},
            "monitoring": {"window": 100, "campaign": 12},
            **changes,
        }
    )
    with services.write() as session:
        project = projects.create(session, spec, audit_key="5eed" * 8)
        person = accounts.add_user(session, "ann", "annotator", None).id
    bring(services, project, np.random.default_rng(1).normal(size=(500, 4)), "first")
    _answer(services, project, person, 36)
    simulating.drain(services, project.id)
    with services.read() as session:
        project = projects.find(session, project.id)
    assert project.champion_id is not None
    return project, person


def _answer(services: Services, project: Project, person: int, how_many: int) -> list[Offer]:
    chance = random.Random(3)  # noqa: S311 - no secret
    seen = []
    for _ in range(how_many):
        with services.write() as session:
            given = labelling.offer(session, project, person, count=1, chance=chance.random).offers
            if not given:
                break
            held = given[0]
            label = "high" if held.sample.payload["vector"][0] > 0 else "low"
            labelling.record(
                session,
                project,
                person,
                labelling.Given(label, lead_ms=1),
                offer_id=held.offer.id,
                key=str(held.offer.id),
            )
            seen.append(held.offer)
    return seen


def _look(services: Services, project: Project) -> list[dict[str, Any]]:
    tick.tick(services)
    simulating.drain(services, project.id)
    with services.read() as session:
        told = monitoring.timeline(session, projects.find(session, project.id))
    windows: list[dict[str, Any]] = told["windows"]
    return windows


def test_what_is_alike_gives_no_alarm(embedded: Services) -> None:
    project, _ = watched(embedded)
    bring(embedded, project, np.random.default_rng(2).normal(size=(350, 4)), "more")
    windows = _look(embedded, project)
    assert [each["number"] for each in windows] == [3, 2, 1]
    assert not any(each["alarm"] for each in windows)
    with embedded.read() as session:
        assert campaigns.listed(session, project) == []
        waiting = monitoring.timeline(session, projects.find(session, project.id))["waiting"]
    assert waiting["import"] == 50


def test_an_alarm_opens_a_campaign_and_its_labels_a_run(services: Services) -> None:
    project, person = watched(services)
    bring(services, project, np.random.default_rng(2).normal(size=(200, 4)) + 1.0, "moved")
    windows = _look(services, project)
    assert [(each["drifted"], each["alarm"]) for each in windows] == [(True, True), (True, False)]
    with services.read() as session:
        (campaign,) = campaigns.listed(session, project)
        said = doctor.examine(session, project, spec_of(project), db.now(session))
        runs_before = len(runs.latest(session, project.id, 50))
        rows = session.exec(
            select(Sample.seq).join(CampaignSample, col(CampaignSample.sample_id) == Sample.id)
        ).all()
    assert len(rows) == 12
    assert all(500 <= seq < 700 for seq in rows)
    assert campaign["detail"]["probability"] == pytest.approx(12 / 200)
    assert any("Campaign" in each for each in said)
    offers = _answer(services, project, person, 18)
    asked = [each for each in offers if each.kind == "campaign"]
    assert asked
    assert all(each.probability == pytest.approx(12 / 200) for each in asked)
    with services.read() as session:
        assert len(runs.latest(session, project.id, 50)) == runs_before
        assert campaigns.listed(session, project)[0]["left"] == 0
    tick.tick(services)
    with services.read() as session:
        assert campaigns.listed(session, project)[0]["state"] == "closed"
        newest = runs.latest(session, project.id, 50)[0]
    assert "drift alarm" in newest.because


def test_an_alarm_during_a_campaign_waits_for_its_end(services: Services) -> None:
    project, person = watched(services, random_share=0)
    bring(services, project, np.random.default_rng(2).normal(size=(200, 4)) + 1.0, "moved")
    _look(services, project)
    bring(services, project, np.random.default_rng(3).normal(size=(200, 4)) - 2.0, "back")
    assert _look(services, project)[0]["alarm"]
    with services.read() as session:
        (first,) = campaigns.listed(session, project)
        said = doctor.examine(session, project, spec_of(project), db.now(session))
    assert first["detail"]["window"] == 2
    assert any("Window 4 gave another alarm; its campaign is the next." in each for each in said)
    _answer(services, project, person, 18)
    simulating.drain(services, project.id)
    tick.tick(services)
    with services.read() as session:
        second, first = campaigns.listed(session, project)
    assert (first["state"], second["state"]) == ("closed", "open")
    assert second["detail"]["window"] == 4
    assert second["detail"]["slices"] == [[700, 799], [800, 899]]


def test_a_window_is_compared_once_however_often_it_is_asked(embedded: Services) -> None:
    project, _ = watched(embedded)
    bring(embedded, project, np.random.default_rng(2).normal(size=(100, 4)), "more")
    assert len(_look(embedded, project)) == 1
    with embedded.write() as session:
        ledger.add(session, Watch(project.id), now=db.now(session))
    simulating.drain(embedded, project.id)
    assert len(_look(embedded, project)) == 1


def test_samples_sent_for_prediction_are_watched_and_taken_in(embedded: Services) -> None:
    project, _ = watched(embedded)
    sent = (np.random.default_rng(4).normal(size=(200, 4)) + 1.5).tolist()
    serving.predict(embedded, project, sent)
    windows = _look(embedded, project)
    assert [each["source"] for each in windows] == ["predict", "predict"]
    assert windows[0]["alarm"]
    with embedded.read() as session:
        (campaign,) = campaigns.listed(session, project)
    assert campaign["wanted"] == campaign["left"] == 12


def test_nothing_is_kept_of_predictions_when_nobody_watches(embedded: Services) -> None:
    project, _ = watched(embedded, monitoring={"drift": False})
    serving.predict(embedded, project, [[0.0, 0.0, 0.0, 0.0]] * 100)
    assert _look(embedded, project) == []
