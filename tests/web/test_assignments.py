"""A project that names people is closed to other annotators, on every door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import PASSWORD, Caller
from tests.web.test_pages import send
from tests.web.test_roles import FOR_ANNOTATORS

SHARED = {
    ("GET", "/api/v1/projects"),
    ("GET", "/api/v1/me"),
    ("DELETE", "/api/v1/session"),
}


@pytest.fixture
def closed(engineer: Caller, project: dict[str, Any]) -> dict[str, Any]:
    answer = engineer(
        "POST", f"/api/v1/projects/{project['id']}/assignments", json={"users": ["reviewer"]}
    )
    assert answer.status_code == 200, answer.text
    return project


BODIES: dict[str, Any] = {
    "labels": {"offer_id": 1, "answer": {"label": "cat"}, "key": "k"},
    "revise": {"answer": {"label": "cat"}, "key": "k"},
    "release": {"offer_ids": [1]},
    "keep": {"offer_ids": [1], "seconds": 60},
    "flags": {"sample_id": 1, "note": "odd", "key": "k"},
    "seen": {"number": 1},
}


def test_every_route_for_annotators_refuses_those_who_are_not_named(
    closed: dict[str, Any], as_: Callable[[str], Caller]
) -> None:
    for method, rule in sorted(FOR_ANNOTATORS - SHARED):
        path = rule.replace("<p>", str(closed["id"]))
        for name in ("sample_id", "import_id", "run_id", "label_id", "number"):
            path = path.replace(f"<{name}>", "1")
        body = BODIES.get(rule.rsplit("/", 1)[-1], {})
        how = {"json": body} if method == "POST" else {}
        refused = as_("annotator")(method, path, **how)
        assert refused.status_code == 403, (rule, refused.text)
        assert "other annotators" in refused.text
        assert as_("reviewer")(method, path, **how).status_code != 403, rule


def test_such_a_project_is_not_listed_for_them(
    closed: dict[str, Any], as_: Callable[[str], Caller]
) -> None:
    assert closed["name"] == "pets"
    assert as_("annotator")("GET", "/api/v1/projects").json == {"projects": []}
    listed: Any = as_("reviewer")("GET", "/api/v1/projects").json
    assert [each["name"] for each in listed["projects"]] == ["pets"]


def test_its_pages_are_closed_to_them(closed: dict[str, Any], client: FlaskClient) -> None:
    send(client, "/sign-in", {"name": "annotator", "password": PASSWORD})
    for page in ("", "/label", "/guidelines"):
        assert client.get(f"/projects/{closed['id']}{page}").status_code == 403, page
    assert "pets" not in client.get("/").text


def test_the_pages_of_the_team_are_shown_to_engineers(
    project: dict[str, Any], client: FlaskClient
) -> None:
    send(client, "/sign-in", {"name": "engineer", "password": PASSWORD})
    for page in ("classes", "guidelines", "review", "people", "gold"):
        answer = client.get(f"/projects/{project['id']}/{page}")
        assert answer.status_code == 200, page
        assert "pets" in answer.text
