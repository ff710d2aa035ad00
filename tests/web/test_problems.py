from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from activeloop import errors
from activeloop.errors import ActiveloopError
from tests.web.conftest import Caller
from web.auth import public
from web.problems import STATUS, status_of


def family(kind: type[ActiveloopError]) -> Iterator[type[ActiveloopError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


def test_every_error_of_activeloop_has_its_status_in_the_table() -> None:
    own = {k for k in family(ActiveloopError) if k.__module__.startswith(("activeloop", "web"))}
    assert len(own) > 12
    assert own - set(STATUS) == set()


def test_an_error_of_a_plug_in_counts_as_its_nearest_ancestor() -> None:
    class Stale(errors.Conflict):
        """Too old."""

    assert status_of(Stale()) == 409


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/", 404),
        ("PUT", "/api/v1/projects", 405),
        ("POST", "/healthz", 405),
        ("GET", "/api/v1/projects/pets/samples/-1/image", 404),
        ("GET", "/api/v1/projects/9223372036854775808", 404),
        ("GET", f"/api/v1/projects/{'9' * 5000}", 404),
        ("GET", f"/api/v1/projects/{'x' * 5000}", 404),
        ("GET", "/api/v1/projects/%00", 404),
        ("GET", "/api/v1/projects/%F0%9F", 404),
        ("GET", "/api/v1/projects/\u00b2", 404),
        ("GET", "/api/v1/projects/pets/imports/99999999999999999999", 404),
        ("GET", "/api/v1/projects/pets/imports/\u0661", 404),
        ("GET", "/api/v1/projects/pets/runs/0", 404),
        ("POST", "/api/v1/projects/pets/versions/9223372036854775807/promote", 404),
        ("POST", "/api/v1/projects/pets/labels/x/undo", 404),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_is_not_there_is_a_problem_document(
    engineer: Caller, method: str, path: str, status: int
) -> None:
    answer = engineer(method, path)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    told: Any = answer.json
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert told["problems"][0]["where"]


def test_what_nobody_foresaw_is_logged_under_the_id_that_the_caller_gets(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    @public
    def breaks() -> str:
        raise RuntimeError("the secret of the house")

    app.add_url_rule("/api/breaks", view_func=breaks)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/breaks")
    told: Any = answer.json
    reference = told["detail"].split()[-1].rstrip(".")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert "secret" not in answer.text
    assert reference in caplog.text
    assert "the secret of the house" in caplog.text


def test_a_passing_fault_says_when_to_try_again(app: Flask, client: FlaskClient) -> None:
    @public
    def busy() -> str:
        raise errors.Transient

    app.add_url_rule("/api/busy", view_func=busy)
    answer = client.get("/api/busy")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


def test_people_get_a_page_and_programs_a_problem_document(client: FlaskClient) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.content_type.startswith("text/html")
    told = client.get("/nothing", headers={"Accept": "application/json"})
    assert told.content_type == "application/problem+json"


def test_an_error_page_that_breaks_still_says_what_happened(app: Flask) -> None:
    app.jinja_env.globals["visitor"] = lambda: 1 / 0
    app.jinja_env.globals["url_for"] = lambda *_: 1 / 0
    answer = app.test_client().get("/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "404" in answer.text


def test_a_stranger_in_a_browser_is_led_to_the_sign_in_page(app: Flask) -> None:
    from web.auth import role

    app.add_url_rule("/somewhere", view_func=role("annotator")(lambda: "in"), endpoint="somewhere")
    answer = app.test_client().get("/somewhere?a=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=%2Fsomewhere%3Fa%3D1"
