from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.web.conftest import ROLES, Caller
from web.auth import PUBLIC, declared

PUBLIC_RULES = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/openapi.json",
    "/api/v1/session",
    "/static/<path:filename>",
    "/static/vendor/<name>",
}
FOR_ANNOTATORS = {
    ("GET", "/api/v1/projects"),
    ("GET", "/api/v1/projects/<p>"),
    ("GET", "/api/v1/projects/<p>/status"),
    ("GET", "/api/v1/projects/<p>/samples/<sample_id>/image"),
    ("GET", "/api/v1/projects/<p>/imports/<import_id>"),
    ("GET", "/api/v1/projects/<p>/runs/<run_id>"),
    ("GET", "/api/v1/projects/<p>/triggers"),
    ("GET", "/api/v1/projects/<p>/searches/newest"),
    ("GET", "/api/v1/projects/<p>/versions"),
    ("GET", "/api/v1/projects/<p>/versions/<number>"),
    ("GET", "/api/v1/projects/<p>/versions/<number>/evaluation"),
    ("GET", "/api/v1/projects/<p>/drift"),
    ("POST", "/api/v1/projects/<p>/offers"),
    ("POST", "/api/v1/projects/<p>/offers/release"),
    ("POST", "/api/v1/projects/<p>/labels"),
    ("POST", "/api/v1/projects/<p>/labels/<label_id>/undo"),
    ("POST", "/api/v1/projects/<p>/labels/<label_id>/revise"),
    ("POST", "/api/v1/projects/<p>/offers/keep"),
    ("POST", "/api/v1/projects/<p>/flags"),
    ("GET", "/api/v1/projects/<p>/history"),
    ("GET", "/api/v1/projects/<p>/me"),
    ("GET", "/api/v1/projects/<p>/guidelines"),
    ("POST", "/api/v1/projects/<p>/guidelines/seen"),
    ("GET", "/api/v1/projects/<p>/guidelines/versions"),
    ("GET", "/api/v1/projects/<p>/label-set"),
    ("GET", "/api/v1/me"),
    ("DELETE", "/api/v1/session"),
}
FOR_REVIEWERS: set[tuple[str, str]] = {
    ("GET", "/api/v1/projects/<p>/reviews"),
    ("POST", "/api/v1/projects/<p>/reviews"),
    ("GET", "/api/v1/projects/<p>/reviews/<review_id>"),
    ("POST", "/api/v1/projects/<p>/reviews/<review_id>/decide"),
    ("GET", "/api/v1/projects/<p>/gold"),
    ("POST", "/api/v1/projects/<p>/gold"),
    ("DELETE", "/api/v1/projects/<p>/gold/<sample_id>"),
    ("GET", "/api/v1/projects/<p>/assignments"),
    ("GET", "/api/v1/projects/<p>/quality"),
    ("POST", "/api/v1/projects/<p>/quality"),
    ("GET", "/api/v1/projects/<p>/samples"),
    ("GET", "/api/v1/projects/<p>/samples/<sample_id>"),
    ("GET", "/api/v1/projects/<p>/samples/<sample_id>/explanation"),
    ("GET", "/api/v1/projects/<p>/versions/<number>/explanation"),
    ("GET", "/api/v1/projects/<p>/versions/<number>/confusion"),
    ("GET", "/api/v1/projects/<p>/versions/<a>/compare/<b>"),
    ("GET", "/api/v1/projects/<p>/campaigns"),
    ("GET", "/api/v1/projects/<p>/arms"),
    ("GET", "/api/v1/projects/<p>/advice"),
    ("POST", "/api/v1/projects/<p>/samples/actions"),
    ("GET", "/api/v1/projects/<p>/label-errors"),
    ("POST", "/api/v1/projects/<p>/label-errors"),
    ("POST", "/api/v1/projects/<p>/label-errors/review"),
}
FOR_ADMINS = ("/api/v1/users", "/api/v1/tokens")


def api_routes(app: Flask) -> Iterator[tuple[str, Rule, str]]:
    for rule in app.url_map.iter_rules():
        role = declared(app.view_functions[rule.endpoint])
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if rule.rule.startswith("/api/v1/") and role != PUBLIC:
                yield method, rule, str(role)


def filled(rule: Rule) -> str:
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<{name}>", "7")
    return path


def test_every_route_declares_a_role(app: Flask) -> None:
    rules = list(app.url_map.iter_rules())
    silent = [r.rule for r in rules if declared(app.view_functions[r.endpoint]) is None]
    assert len(rules) > 25
    assert not silent


def test_only_these_routes_of_the_api_are_public(app: Flask) -> None:
    found = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if declared(app.view_functions[rule.endpoint]) == PUBLIC
        and rule.rule.startswith(("/api", "/static", "/healthz", "/readyz", "/metrics"))
    }
    assert found == PUBLIC_RULES


def test_a_route_that_declares_nothing_is_closed_to_everybody(
    app: Flask, as_: Callable[[str], Caller]
) -> None:
    app.add_url_rule("/api/v1/forgotten", "forgotten", lambda: "secret")
    answer = as_("admin")("GET", "/api/v1/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_annotators_may_label_and_look_and_reviewers_decide_and_nothing_else(app: Flask) -> None:
    for method, rule, role in api_routes(app):
        if (method, rule.rule) in FOR_ANNOTATORS:
            assert role == "annotator", rule
        elif (method, rule.rule) in FOR_REVIEWERS:
            assert role == "reviewer", rule
        elif rule.rule.startswith(FOR_ADMINS):
            assert role == "admin", rule
        else:
            assert role == "engineer", rule


def test_a_stranger_gets_401_everywhere(app: Flask, client: FlaskClient) -> None:
    routes = list(api_routes(app))
    assert len(routes) > 20
    for method, rule, _ in routes:
        answer = client.open(filled(rule), method=method)
        assert answer.status_code == 401, rule
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("mine", ROLES)
def test_each_role_is_let_in_where_its_role_reaches_and_nowhere_else(
    app: Flask, as_: Callable[[str], Caller], mine: str
) -> None:
    caller = as_(mine)
    for method, rule, wanted in list(api_routes(app)):
        if (method, rule.rule) == ("DELETE", "/api/v1/tokens/<token_id>"):
            continue
        answer = caller(method, filled(rule))
        allowed = ROLES.index(mine) >= ROLES.index(wanted)
        assert (answer.status_code == 403) is not allowed, (rule, answer.text)
        assert answer.status_code < 500, (rule, answer.text)


def test_the_refusal_names_the_role_that_is_needed(as_: Callable[[str], Caller]) -> None:
    told: Any = as_("annotator")("POST", "/api/v1/projects", json={}).json
    assert told["detail"] == "This needs the role engineer; yours is annotator."
