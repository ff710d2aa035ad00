"""What an annotator's page asks beside samples and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.conftest import Caller
from tests.web.test_api import LABELS, OFFERS, pool

__all__ = ["pool"]
AT = "/api/v1/projects/pets"

pytestmark = pytest.mark.usefixtures("pool")


@pytest.fixture
def ada(as_: Callable[[str], Caller]) -> Caller:
    return as_("annotator")


def held(caller: Caller, **body: int) -> dict[str, Any]:
    offers: Any = caller("POST", OFFERS, json={"count": 1, **body}).json
    first: dict[str, Any] = offers["offers"][0]
    return first


def said(caller: Caller, offer: dict[str, Any], label: str, key: str) -> dict[str, Any]:
    body = {"offer_id": offer["id"], "answer": {"label": label}, "key": key}
    made: Any = caller("POST", LABELS, json=body).json
    return dict(made)


def test_an_offer_tells_of_its_group_and_suggestion_and_never_of_its_kind(ada: Caller) -> None:
    offer = held(ada)
    assert (offer["group"], offer["suggestion"]) == ([], None)
    assert "kind" not in offer


def test_an_answer_is_changed_through_the_history(ada: Caller) -> None:
    first = said(ada, held(ada), "cat", "one")
    changed = ada(
        "POST", f"{LABELS}/{first['id']}/revise", json={"answer": {"label": "dog"}, "key": "two"}
    )
    assert changed.status_code == 201
    listed: Any = ada("GET", f"{AT}/history?count=5").json
    assert [each["answer"] for each in listed["answers"]] == [{"label": "dog"}]
    assert listed["answers"][0]["sample"]["payload"]["text"].startswith("sample")


def test_nobody_changes_somebody_elses_answer(ada: Caller, engineer: Caller) -> None:
    first = said(ada, held(ada), "cat", "one")
    body = {"answer": {"label": "dog"}, "key": "two"}
    assert engineer("POST", f"{LABELS}/{first['id']}/revise", json=body).status_code == 404
    assert engineer("GET", f"{AT}/history").json == {"answers": []}


def test_a_short_lease_is_kept_by_whoever_holds_it(ada: Caller, engineer: Caller) -> None:
    offer = held(ada, seconds=5)
    body = {"offer_ids": [offer["id"], 999], "seconds": 60}
    assert engineer("POST", f"{OFFERS}/keep", json=body).json == {"kept": {}}
    kept: Any = ada("POST", f"{OFFERS}/keep", json=body).json
    assert list(kept["kept"]) == [str(offer["id"])]
    assert kept["kept"][str(offer["id"])] > offer["leased_until"]


def test_progress_counts_ones_own_answers(ada: Caller) -> None:
    for number in range(3):
        said(ada, held(ada), "cat", str(number))
    found: Any = ada("GET", f"{AT}/me").json
    assert (found["answers"], found["today"], found["learned"]) == (3, 3, [])


def test_a_flag_is_on_disk_once(ada: Caller) -> None:
    body = {"sample_id": held(ada)["sample"]["id"], "note": "two pets", "key": "f"}
    first = ada("POST", f"{AT}/flags", json=body)
    assert first.status_code == 201
    assert ada("POST", f"{AT}/flags", json=body).json == first.json
    other = ada("POST", f"{AT}/flags", json={**body, "note": "another"})
    assert other.status_code == 409


def test_a_skip_carries_its_reason(ada: Caller, engineer: Caller) -> None:
    body = {"offer_id": held(ada)["id"], "answer": {"skip": True}, "note": "blurred", "key": "s"}
    assert ada("POST", LABELS, json=body).status_code == 201
    told = engineer("GET", f"{AT}/export?format=events").text
    assert '"note":"blurred"' in told.replace('": "', '":"')


def test_several_names_are_refused_where_a_sample_has_one_label(ada: Caller) -> None:
    body = {"offer_id": held(ada)["id"], "answer": {"labels": ["cat", "dog"]}, "key": "k"}
    refused: Any = ada("POST", LABELS, json=body)
    assert "a sample has one label here" in refused.json["detail"]
