"""The pages without a browser: who sees what, where forms lead, and that nothing is inline."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from web.pages.loop import curve
from web.pages.words import percent, sentence, span

PASSWORD = "correct horse battery staple"
Enter = Callable[[str], FlaskClient]
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


def token_in(page: TestResponse) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found
    return found[1]


def send(client: FlaskClient, path: str, fields: dict[str, str], **how: Any) -> TestResponse:
    """Send a form as the page that holds it would."""
    token = token_in(client.get(path))
    return client.post(path, data={**fields, "csrf_token": token}, **how)


@pytest.fixture
def enter(app: Flask, tokens: dict[str, str]) -> Enter:
    """Give a browser in which a role is signed in."""

    def sign_in(role: str) -> FlaskClient:
        assert role in tokens  # the users are made together with their tokens
        client = app.test_client()
        answer = send(client, "/sign-in", {"name": role, "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return sign_in


@pytest.mark.usefixtures("tokens")
def test_a_stranger_is_led_to_the_sign_in_page_and_back(
    client: FlaskClient,
) -> None:
    answer = client.get("/projects/new?x=1")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=%2Fprojects%2Fnew%3Fx%3D1"
    fields = {"name": "engineer", "password": PASSWORD, "next": "/projects/new?x=1"}
    assert send(client, "/sign-in", fields).location == "/projects/new?x=1"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/x"],
)
@pytest.mark.usefixtures("tokens")
def test_signing_in_never_leads_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    fields = {"name": "engineer", "password": PASSWORD, "next": elsewhere}
    assert send(client, "/sign-in", fields).location == "/"


@pytest.mark.usefixtures("tokens")
def test_a_wrong_password_gives_the_form_again_with_the_reason_and_no_session(
    client: FlaskClient,
) -> None:
    answer = send(client, "/sign-in", {"name": "engineer", "password": "wrong"})
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert 'value="engineer"' in answer.text
    assert "wrong" not in answer.headers.get("Set-Cookie", "")
    assert client.get("/").status_code == 302


def test_signing_out_ends_the_session(enter: Enter) -> None:
    client = enter("engineer")
    token = token_in(client.get("/"))
    assert client.post("/sign-out", data={"csrf_token": token}).location == "/sign-in"
    assert client.get("/").status_code == 302


def test_a_form_without_its_token_changes_nothing(enter: Enter) -> None:
    client = enter("engineer")
    spec = {"name": "forged", "kind": "text", "classes": "a\nb"}
    assert client.post("/projects/new", data=spec).status_code in (400, 403, 422)
    assert "forged" not in client.get("/").text


def test_no_page_holds_script_or_style_inline(enter: Enter, project: dict[str, Any]) -> None:
    client = enter("engineer")
    home = f"/projects/{project['id']}"
    for path in ("/", "/projects/new", home, f"{home}/label", f"{home}/data", "/sign-in", "/none"):
        page = client.get(path)
        assert page.text.startswith("<!doctype html>"), path
        assert not INLINE.search(page.text), path


def test_annotators_label_and_look_but_do_not_change(enter: Enter, project: dict[str, Any]) -> None:
    client = enter("annotator")
    home = f"/projects/{project['id']}"
    assert "New project" not in client.get("/").text
    assert "Retrain" not in client.get(home).text
    assert client.get(f"{home}/label").status_code == 200
    assert client.get("/projects/new").status_code == 403
    assert client.get(f"{home}/data").status_code == 403


def test_a_form_for_several_labels_takes_a_strategy_that_is_for_them(enter: Enter) -> None:
    client = enter("engineer")
    fields = {"name": "topics", "kind": "text", "classes": "a\nb", "answer": "several"}
    made = send(client, "/projects/new", {**fields, "strategy.name": "margin-badge"})
    assert made.status_code == 302
    refused = send(client, "/projects/new", {**fields, "name": "no", "strategy.name": "entropy"})
    assert refused.status_code == 422
    assert "is for one label per sample" in refused.text


def test_the_form_makes_the_project_it_describes(enter: Enter) -> None:
    client = enter("engineer")
    fields = {
        "name": "news",
        "kind": "text",
        "classes": "sport\r\n\r\n  politics \r\n",
        "audit_share": "0.25",
        "retrain.every": "7",
        "model.recipe": "online",
    }
    answer = send(client, "/projects/new", fields)
    assert answer.status_code == 302
    made = client.get("/api/v1/projects/news").json
    assert made is not None
    assert answer.location == f"/projects/{made['id']}/data"
    assert made["classes"] == ["sport", "politics"]
    assert made["spec"]["audit_share"] == 0.25
    assert made["spec"]["retrain"]["every"] == 7
    assert made["spec"]["model"]["recipe"] == "online"


def test_a_pasted_spec_is_taken_instead_of_the_fields(enter: Enter) -> None:
    client = enter("engineer")
    spec = "name: pasted\nkind: table\nclasses: [yes please, no]\nbatch_size: 3\n"
    answer = send(client, "/projects/new", {"name": "other", "kind": "text", "spec": spec})
    assert answer.status_code == 422  # YAML reads a bare `no` as false
    answer = send(client, "/projects/new", {"spec": spec.replace("no]", "'no']")})
    assert answer.status_code == 302
    made = client.get("/api/v1/projects/pasted").json
    assert made is not None
    assert (made["kind"], made["spec"]["batch_size"]) == ("table", 3)


def test_a_wrong_field_is_named_beside_itself_and_what_was_typed_stays(enter: Enter) -> None:
    client = enter("engineer")
    answer = send(client, "/projects/new", {"name": "12", "kind": "text", "classes": "a\nb"})
    assert answer.status_code == 422
    assert re.search(r'data-wrong="name">[^<]*digits', answer.text)
    assert ">a\nb</textarea>" in answer.text
    script = send(
        client,
        "/projects/new",
        {"name": "12", "kind": "text", "classes": "a\nb"},
        headers={"Accept": "application/json"},
    )
    assert script.content_type == "application/problem+json"
    assert [each["where"] for each in script.json["problems"]] == ["name"]  # type: ignore[index]


def test_the_live_part_is_the_page_without_its_frame(enter: Enter, project: dict[str, Any]) -> None:
    client = enter("annotator")
    path = f"/projects/{project['id']}"
    part = client.get(path + "?part=live").text
    assert "<html" not in part
    assert "The pool is empty" in part
    assert "The pool is empty" in client.get(path).text


def test_sentences_are_escaped_and_their_commands_set_as_code() -> None:
    assert sentence("run `up` <now>") == "Run <code>up</code> &lt;now&gt;"
    assert sentence("`<b>`") == "<code>&lt;b&gt;</code>"
    assert sentence("a lone ` tick") == "A lone ` tick"
    assert sentence(None) == ""


def test_numbers_are_written_with_their_units() -> None:
    assert percent(0.9) == "90.0 %"
    assert [span(seconds) for seconds in (0.4, 59, 61, 3600, 172_800)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h",
        "2 days",
    ]


def test_the_curve_leaves_out_versions_that_were_never_measured() -> None:
    measured = {"value": 0.5, "low": 0.2, "high": 0.8, "n": 9}
    versions = [
        {"number": 2, "train_labels": 40, "status": "champion", "metrics": {"accuracy": measured}},
        {"number": 1, "train_labels": 20, "status": "former", "metrics": {}},
    ]
    assert curve(versions) == [{"number": 2, "labels": 40, "status": "champion", **measured}]
