"""Drift and campaigns over HTTP and on the command line: what is told, who may do what."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from activeloop.cli import main
from activeloop.flows import simulating, tick
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.test_monitoring import bring, watched
from tests.web.conftest import Caller


@pytest.fixture
def moved(services: Services) -> Project:
    """Give a project with a champion, into which samples came that are not like those before."""
    project, _ = watched(services)
    bring(services, project, np.random.default_rng(2).normal(size=(230, 4)) + 1.0, "moved")
    tick.tick(services)
    simulating.drain(services, project.id)
    return project


def said(data: Path, *words: str) -> str:
    found = CliRunner().invoke(main, [*words, "--data", str(data)], catch_exceptions=False)
    assert found.exit_code == 0
    return found.output


def test_windows_and_their_campaign_are_told_alike_by_every_door(
    services: Services, moved: Project, as_: Callable[[str], Caller]
) -> None:
    at = f"/api/v1/projects/{moved.id}"
    told = body(as_("annotator")("GET", f"{at}/drift"))
    assert [(each["number"], each["alarm"]) for each in told["windows"]] == [(2, True), (1, False)]
    assert told["waiting"] == {"import": 30, "predict": 0}
    worst = min(told["windows"][0]["features"], key=lambda each: each["p_adjusted"])
    assert worst["drifted"]
    assert worst["effect"] > worst["floor"]
    (campaign,) = body(as_("reviewer")("GET", f"{at}/campaigns"))["campaigns"]
    assert (campaign["state"], campaign["left"]) == ("open", 12)
    lines = said(services.settings.data, "drift", "points").splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["2", "ALARM"], ["1", "drift"]]
    assert told["windows"][0]["says"] in lines[0]
    assert json.loads(said(services.settings.data, "drift", "points", "--json")) == told


def test_before_a_window_is_full_the_command_says_what_is_there(services: Services) -> None:
    project, _ = watched(services)
    bring(services, project, np.random.default_rng(2).normal(size=(30, 4)), "few")
    tick.tick(services)
    simulating.drain(services, project.id)
    assert "a window takes 100 samples; there are import 30, predict 0" in said(
        services.settings.data, "drift", "points"
    )


def test_campaigns_are_opened_and_closed_by_engineers(
    moved: Project, as_: Callable[[str], Caller], engineer: Caller
) -> None:
    at = f"/api/v1/projects/{moved.id}/campaigns"
    reviewer = as_("reviewer")
    wanted = {"reason": "a look at the first", "first": 0, "last": 99, "wanted": 20}
    assert as_("annotator")("GET", at).status_code == 403
    assert reviewer("POST", at, json=wanted).status_code == 403
    taken = engineer("POST", at, json=wanted)
    assert taken.status_code == 409
    assert "open campaign" in body(taken)["detail"]
    (open_one,) = body(engineer("GET", at))["campaigns"]
    assert reviewer("POST", f"{at}/{open_one['id']}/close").status_code == 403
    closed = engineer("POST", f"{at}/{open_one['id']}/close")
    assert (closed.status_code, body(closed)["state"]) == (200, "closed")
    assert engineer("POST", f"{at}/{open_one['id']}/close").status_code == 409
    assert engineer("POST", f"{at}/999/close").status_code == 404
    nowhere = engineer("POST", at, json={**wanted, "first": 5000, "last": 6000})
    assert (nowhere.status_code, body(nowhere)["problems"][0]["where"]) == (422, "first")
    made = engineer("POST", at, json=wanted)
    assert made.status_code == 201
    assert body(made)["wanted"] == 20
    assert 0 < body(made)["left"] <= 20, "some have a label already"
    assert body(made)["detail"]["probability"] == pytest.approx(0.2)


def body(answer: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.text)
    return found
