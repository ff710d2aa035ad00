"""Browsing over HTTP: what is refused, and that nothing grows between a look and a deed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activeloop.flows import projects
from activeloop.store.projects import count
from activeloop.store.tables import Sample
from activeloop.wiring import Services
from tests.flows.handmade import NOW
from tests.web.conftest import Caller

HOME = "/api/v1/projects/pets/samples"


@pytest.fixture
def reviewer(as_: Any) -> Caller:
    made: Caller = as_("reviewer")
    return made


@pytest.fixture
def pool(services: Services, project: dict[str, Any]) -> list[int]:
    """Give the ids of twelve samples."""
    with services.write() as session:
        held = projects.find(session, str(project["id"]))
        made = [
            Sample(
                project_id=held.id,
                seq=seq,
                digest=f"{seq:064d}",
                payload={"text": f"sample {seq}"},
                meta={"side": "left" if seq % 2 else "right"},
                stratum="train",
                draw=seq,
                slots=1,
                created_at=NOW,
            )
            for seq in range(12)
        ]
        session.add_all(made)
        count(session, held.id, samples=12)
        session.flush()
        return [each.id for each in made]


def test_samples_are_listed_a_page_at_a_time(reviewer: Caller, pool: list[int]) -> None:
    first: Any = reviewer("GET", f"{HOME}?count=5&metadata=side%3Dleft&agreement=").json
    assert [each["id"] for each in first["samples"]] == [pool[n] for n in (1, 3, 5, 7, 9)]
    then: Any = reviewer("GET", f"{HOME}?count=5&metadata=side%3Dleft&after={first['next']}").json
    assert [each["id"] for each in then["samples"]] == [pool[11]]
    assert (then["next"], then["stopped"], then["total"]) == (None, False, 12)
    assert then["samples"][0]["labels"] is None


def test_one_sample_is_shown_with_its_history_and_predictions(
    reviewer: Caller, pool: list[int]
) -> None:
    told: Any = reviewer("GET", f"{HOME}/{pool[0]}").json
    assert (told["payload"], told["events"], told["predictions"]) == ({"text": "sample 0"}, [], [])
    assert reviewer("GET", f"{HOME}/{pool[-1] + 1}").status_code == 404


def test_an_action_is_previewed_then_confirmed_by_its_token(
    reviewer: Caller, as_: Any, pool: list[int]
) -> None:
    asked = {"action": "remove", "filter": {"q": "sample 1"}}
    shown: Any = reviewer("POST", f"{HOME}/actions", json=asked).json
    assert (shown["count"], shown["touched"], shown["done"]) == (3, 3, None)
    assert [each["payload"]["text"] for each in shown["examples"]][:2] == ["sample 1", "sample 10"]
    confirmed = {"action": "remove", "preview": False, "token": shown["token"]}
    assert as_("engineer")("POST", f"{HOME}/actions", json=confirmed).status_code == 403
    done: Any = reviewer("POST", f"{HOME}/actions", json=confirmed).json
    assert done["done"] == 3
    left: Any = reviewer("GET", HOME).json
    assert len(left["samples"]) == 9
    gone: Any = reviewer("GET", f"{HOME}?removed=true").json
    assert [each["id"] for each in gone["samples"]] == [pool[n] for n in (1, 10, 11)]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "remove", "preview": False, "filter": {}},
        {"action": "remove", "preview": False, "ids": [1]},
        {"action": "remove"},
        {"action": "remove", "filter": {}, "ids": [1]},
        {"action": "remove", "token": "x" * 32},
        {"action": "burn", "ids": [1]},
        {"action": "remove", "filter": {"agreement": 2}},
        {"action": "remove", "filter": {"annotator": "nobody at all"}},
        {"action": "remove", "filter": {"metadata": "=1"}},
    ],
    ids=json.dumps,
)
def test_what_could_touch_something_unseen_is_refused(
    reviewer: Caller, pool: list[int], body: dict[str, Any]
) -> None:
    assert pool
    assert reviewer("POST", f"{HOME}/actions", json=body).status_code == 422


def test_named_samples_are_acted_on_at_once_and_once(reviewer: Caller, pool: list[int]) -> None:
    body = {"action": "flag", "preview": False, "ids": pool[:2], "key": "a-key-of-mine"}
    for _ in range(2):
        assert reviewer("POST", f"{HOME}/actions", json=body).json == {"action": "flag", "done": 2}
    told: Any = reviewer("GET", f"{HOME}?flagged=1").json
    assert [(each["flags"], each["in_review"]) for each in told["samples"]] == [(1, True)] * 2
    body["ids"] = [10**12]
    assert reviewer("POST", f"{HOME}/actions", json=body).status_code == 404


def test_errors_cannot_be_looked_for_without_labels(reviewer: Caller, pool: list[int]) -> None:
    assert pool
    assert reviewer("POST", "/api/v1/projects/pets/label-errors").status_code == 409
    told: Any = reviewer("GET", "/api/v1/projects/pets/label-errors").json
    assert (told["report"], told["suspects"], told["job"]) == (None, [], None)
    sent = reviewer("POST", "/api/v1/projects/pets/label-errors/review", json={"sample_ids": [1]})
    assert sent.status_code == 422


def test_broken_letters_in_a_search_break_nothing(reviewer: Caller, pool: list[int]) -> None:
    assert pool
    for q in ("%ff%fe", "%00", "%ED%A0%80", "'\"%25", "*", '"a" OR "b"', "NEAR(", "\\"):
        assert reviewer("GET", f"{HOME}?q={q}").status_code in (200, 400, 422), q
