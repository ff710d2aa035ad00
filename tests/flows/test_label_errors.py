"""The search for label errors finds flipped labels and sends them to review."""

from __future__ import annotations

import random

import pytest
from sqlmodel import select

from activeloop.errors import CannotLearn, Invalid
from activeloop.flows import carrying, deciding, label_errors, second_looks, training
from activeloop.store import ledger
from activeloop.store.tables import AuditEntry, Project, Review
from activeloop.wiring import Services
from tests.flows.browsable import every_sample
from tests.flows.handmade import people
from tests.flows.pools import imported, jsonl, project

WORDS = {"good": "sunny warm bright lovely", "bad": "cold rainy dark awful"}


def flipped(services: Services, *, several: bool = False) -> tuple[Project, set[str]]:
    """Give a project of 200 labels of which a tenth is wrong, and those by their own ids."""
    rng = random.Random(0)  # noqa: S311 - no secret
    rows, wrong = [], set()
    for n in range(200):
        label = rng.choice(["good", "bad"])
        said = rng.sample(WORDS[label].split(), 3)
        if rng.random() < 0.1:
            wrong.add(f"X-{n}")
            label = "good" if label == "bad" else "bad"
        named: object = [label] if several else label
        rows.append({"text": f"{' '.join(said)} day {n}", "id": f"X-{n}", "label": named})
    how = {"answer": "several"} if several else {}
    made = project(services, audit_share=0.2, audit_key="5eed" * 8, **how)
    imported(services, made, jsonl(rows), mapping={"label": "label"})
    return made, wrong


def searched(services: Services, made: Project) -> dict[str, object]:
    with services.write() as session:
        label_errors.ask(session, made, user_id=None)
        job = session.info[ledger.NEW_JOBS][-1]
    with services.read() as session:
        assert label_errors.newest(session, made)["job"] is not None
    carrying.carry_out(services, job, "test")
    with services.read() as session:
        return label_errors.newest(session, made)


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_most_flipped_labels_are_found_and_few_others(services: Services, several: bool) -> None:  # noqa: FBT001 - a parameter of the test
    made, wrong = flipped(services, several=several)
    found = searched(services, made)
    assert found["error"] == ""
    suspects = found["suspects"]
    assert isinstance(suspects, list)
    named = {each["external_id"] for each in suspects}
    trained = {each for each in wrong if in_training(services, made, each)}
    assert len(trained) >= 10
    assert len(named & trained) / len(trained) > 0.7
    assert len(named & wrong) / len(named) > 0.8
    for each in suspects:
        if each["external_id"] in wrong:
            assert sorted(each["given"] + each["suggested"]) == ["bad", "good"]
            assert each["confidence"] > 0.5 > each["given_confidence"]


def in_training(services: Services, made: Project, external_id: str) -> bool:
    with services.read() as session:
        every = every_sample(session, made)
    return any(each.external_id == external_id and each.stratum == "train" for each in every)


def test_the_surest_are_sent_to_review_and_those_decided_since_are_not(embedded: Services) -> None:
    made, _ = flipped(embedded)
    (ann,) = people(embedded, 1)
    suspects = searched(embedded, made)["suspects"]
    assert isinstance(suspects, list)
    first = suspects[0]
    with embedded.write() as session:
        deciding.decide(
            session,
            made,
            ann,
            sample_id=first["sample_id"],
            label=first["suggested"][0],
            note="",
            key="d",
        )
        assert label_errors.send(session, made, user_id=ann, top=3) == 3
        assert label_errors.send(session, made, user_id=ann, top=2) == 2, "the next ones"
        with pytest.raises(Invalid):
            label_errors.send(session, made, user_id=ann, sample_ids=[10**6])
    with embedded.read() as session:
        opened = session.exec(select(Review).order_by(Review.id)).all()  # type: ignore[arg-type]
        assert {each.sample_id for each in opened} == {each["sample_id"] for each in suspects[1:6]}
        assert {each.reason for each in opened} == {"suspected"}
        assert opened[0].detail["suggested"] in (["good"], ["bad"])
        actions = session.exec(select(AuditEntry.action)).all()
        assert actions.count("label-errors.sent") == 2
        assert not label_errors.newest(session, made)["suspects"][0]["stands"]


def test_without_two_classes_there_is_nothing_to_look_for(embedded: Services) -> None:
    made = project(embedded)
    with embedded.write() as session, pytest.raises(CannotLearn):
        label_errors.ask(session, made, user_id=None)


def test_every_version_says_what_it_makes_of_a_sample_and_what_it_lacks(
    embedded: Services,
) -> None:
    made, _ = flipped(embedded)
    sample = first_id(embedded, made)
    assert second_looks.of_sample(embedded, str(made.id), sample) == []
    for _ in range(2):
        with embedded.write() as session:
            training.ask(session, made, mode="full", because="", user_id=None)
            job = session.info[ledger.NEW_JOBS][-1]
        carrying.carry_out(embedded, job, "test")
    imported(embedded, made, jsonl([{"text": "one that came later", "id": "late"}]))
    looks = second_looks.of_sample(embedded, str(made.id), sample)
    assert [each["number"] for each in looks] == [2, 1]
    for each in looks:
        assert each["wants"] == ""
        assert each["opinion"]["labels"][0] in ("good", "bad")
    late = second_looks.of_sample(embedded, str(made.id), first_id(embedded, made, last=True))
    assert all(each["opinion"] is None and "not made" in each["wants"] for each in late)


def first_id(services: Services, made: Project, *, last: bool = False) -> int:
    with services.read() as session:
        return every_sample(session, made)[-1 if last else 0].id
