"""A sample's page tells everything that happened to it."""

from __future__ import annotations

import pytest

from activeloop.errors import NotFound
from activeloop.flows import acting, deciding, histories, labelling, taking_back
from activeloop.store import offers
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.browsable import browsable, every_sample
from tests.flows.handmade import people, pool, spec


def told(services: Services, made: Project, sample_id: int) -> dict[str, object]:
    with services.read() as session:
        return histories.of_sample(session, made, sample_id)


def test_all_that_happened_is_told_in_order(services: Services) -> None:
    made, (ann, bob) = pool(services, 1, answers_per_sample=2), people(services, 2)
    with services.write() as session:
        sample_id = every_sample(session, made)[0].id
        held = labelling.offer(session, made, ann, count=1, chance=lambda: 0.99).offers[0].offer
        given = labelling.Given("cat", lead_ms=900)
        first = labelling.record(session, made, ann, given, offer_id=held.id, key="a")
        taking_back.undo(session, made, ann, first.id)
        labelling.record(
            session, made, ann, labelling.Given(None, "blurred"), offer_id=held.id, key="b"
        )
        other = labelling.offer(session, made, bob, count=1, chance=lambda: 0.99).offers[0].offer
        offers.release(session, made.id, bob, [other.id])
        deciding.flag(session, made, bob, sample_id=sample_id, note="odd", key="c")
        deciding.decide(
            session, made, bob, sample_id=sample_id, label="dog", note="clear to me", key="d"
        )
    acting.act(services, made, ann, "remove", ids=[sample_id], key="e")
    found = told(services, made, sample_id)
    events = found["events"]
    assert isinstance(events, list)
    assert [
        (each["kind"], each["who"], each["labels"], each["note"], each["taken_back"])
        for each in events
    ] == [
        ("answer", "annotator 0", ["cat"], "", True),
        ("undo", "annotator 0", None, "", False),
        ("skip", "annotator 0", None, "blurred", False),
        ("flag", "annotator 1", None, "odd", False),
        ("decision", "annotator 1", ["dog"], "clear to me", False),
    ]
    served = found["offers"]
    assert isinstance(served, list)
    assert [(each["who"], each["state"], each["strategy"]) for each in served] == [
        ("annotator 0", "skipped", "random"),
        ("annotator 1", "expired", "random"),
    ]
    consensus, waiting = found["consensus"], found["reviews"]
    assert isinstance(consensus, dict)
    assert (consensus["labels"], consensus["complete"]) == (["dog"], True)
    assert isinstance(waiting, list)
    assert [(each["reason"], each["state"], each["closed_by"]) for each in waiting] == [
        ("flag", "done", "annotator 1")
    ]
    assert found["removed_at"] is not None
    assert found["flags"] == 1


def test_a_sample_says_what_file_it_came_with(services: Services) -> None:
    made = browsable(services)
    with services.read() as session:
        every = every_sample(session, made)
    found = told(services, made, every[45].id)
    assert found["origin"] == {"import": 2, "name": "rows.jsonl", "format": "jsonl", "number": 6}
    assert (found["before"], found["after"]) == (every[44].id, every[46].id)
    assert found["external_id"] == "X-45"
    assert told(services, made, every[0].id)["before"] is None
    assert told(services, made, every[11].id)["gold"] == ["good"]


def test_a_sample_of_another_project_is_not_shown(embedded: Services) -> None:
    one, other = pool(embedded, 1), pool(embedded, 1, **spec(name="other").dump())
    with embedded.read() as session:
        strange = every_sample(session, other)[0].id
    with pytest.raises(NotFound):
        told(embedded, one, strange)
