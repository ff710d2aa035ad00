"""The team page and its API: who may see it, what it says, and that names are text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from activeloop.flows import accounts, carrying, labelling, projects
from activeloop.store import backlog
from activeloop.store.tables import Sample
from activeloop.wiring import Services
from tests.web.conftest import Caller
from tests.web.test_pages import INLINE, send
from web.pages.team import confusions

EVIL = "<img src=x onerror=alert(1)>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"


@pytest.fixture
def answered(services: Services, engineer: Caller) -> int:
    """Give a project that two people have labelled, and disagreed on now and then."""
    made = engineer("POST", "/api/v1/projects", json={
        "name": "team", "kind": "text", "classes": [EVIL, "dog"], "answers_per_sample": 2,
        "cost_per_label": 0.25, "currency": "EUR",
    })  # fmt: skip
    assert made.json is not None
    number = int(made.json["id"])
    with services.write() as session:
        project = projects.find(session, number)
        session.add_all(
            Sample(project_id=number, seq=seq, digest=f"{seq:064d}", payload={"text": str(seq)},
                   stratum="train", draw=seq, slots=2, created_at=project.created_at)
            for seq in range(12)
        )  # fmt: skip
        people = [accounts.add_user(session, f"{n} {EVIL}", "annotator", None).id for n in range(2)]
    for at, person in enumerate(people):
        with services.write() as session:
            project = projects.find(session, number)
            offered = labelling.offer(session, project, person, count=12, chance=lambda: 0.99)
            for held in offered.offers:
                odd = held.sample.seq % 2 or (at and held.sample.seq == 4)
                said = labelling.Given("dog" if odd else EVIL, lead_ms=900)
                labelling.record(session, project, person, said, offer_id=held.offer.id,
                                 key=str(held.offer.id))  # fmt: skip
    return number


def made(services: Services, caller: Caller, number: int) -> None:
    assert caller("POST", f"/api/v1/projects/{number}/quality").status_code == 202
    with services.read() as session:
        live = backlog.live(session, number)
        (job_id,) = [job.id for job in live if job.kind == "quality"]
    carrying.carry_out(services, job_id, "test")


@pytest.fixture
def enter(app: Flask, tokens: dict[str, str]) -> Callable[[str], FlaskClient]:
    """Give a browser in which a role is signed in."""

    def sign_in(role: str) -> FlaskClient:
        assert role in tokens
        client = app.test_client()
        fields = {"name": role, "password": "correct horse battery staple"}
        assert send(client, "/sign-in", fields).status_code == 302
        return client

    return sign_in


def test_the_report_comes_over_the_api_once_it_is_made(
    services: Services, as_: Callable[[str], Caller], answered: int
) -> None:
    reviewer = as_("reviewer")
    before = reviewer("GET", f"/api/v1/projects/{answered}/quality").json
    assert before is not None
    assert (before["report"], before["made_at"], before["behind"]) == (None, None, 24)
    made(services, reviewer, answered)
    after = reviewer("GET", f"/api/v1/projects/{answered}/quality").json
    assert after is not None
    assert (after["behind"], len(after["report"]["persons"])) == (0, 2)
    assert after["report"]["cost"]["spent"] == 6.0
    assert after["report"]["pairs"][0]["kappa"]["value"] == pytest.approx(5 / 6)


def test_annotators_see_neither_the_page_nor_the_report(
    as_: Callable[[str], Caller], enter: Callable[[str], FlaskClient], answered: int
) -> None:
    assert as_("annotator")("GET", f"/api/v1/projects/{answered}/quality").status_code == 403
    annotator = enter("annotator")
    assert annotator.get(f"/projects/{answered}/team").status_code == 403
    assert "/team" not in annotator.get(f"/projects/{answered}").text


def test_the_page_says_that_there_is_no_report_and_later_shows_it_as_text(
    services: Services,
    as_: Callable[[str], Caller],
    enter: Callable[[str], FlaskClient],
    answered: int,
) -> None:
    reviewer = enter("reviewer")
    assert f"/projects/{answered}/team" in reviewer.get(f"/projects/{answered}").text
    assert "No report yet" in reviewer.get(f"/projects/{answered}/team").text
    made(services, as_("reviewer"), answered)
    page = reviewer.get(f"/projects/{answered}/team").text
    assert ESCAPED in page
    assert EVIL not in page
    assert not INLINE.search(page.replace(ESCAPED, ""))
    for words in ("0.83", "6.00 EUR", "No suggestion has been shown", "1 disputed now"):
        assert words in page, words


def test_a_confusion_is_told_in_words_without_what_is_right() -> None:
    cells: list[dict[str, Any]] = [
        {"truth": "a", "said": "a", "expected": 9.0},
        {"truth": "a", "said": "b", "expected": 2.4},
        {"truth": "a", "said": None, "expected": 1.2},
        {"truth": None, "said": "b", "expected": 0.9},
    ]
    assert confusions(cells) == [
        "a taken for b (about 2)",
        "a left out (about 1)",
        "b named where it is not (about 1)",
    ]
