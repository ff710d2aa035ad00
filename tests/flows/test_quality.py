"""The report on a team: right figures from the real tables, asked for in time, kept."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score
from sqlmodel import select

from activeloop.events import Event
from activeloop.flows import carrying, deciding, labelling, projects, quality, taking_back
from activeloop.flows.snapshots import settle, snapshot
from activeloop.flows.team_suggestions import swayed
from activeloop.flows.team_work import Answer
from activeloop.flows.tick import tick
from activeloop.learn.agreement import Rule
from activeloop.store import ledger, reports, teamwork
from activeloop.store.tables import Consensus, Gold, JobRow, Label, Offer, Project, Sample
from activeloop.wiring import Services
from tests.flows.handmade import NOW, people, pool, spec
from tests.flows.test_labelling import answer, take

POOL = 12


def right(seq: int) -> str:
    return "cat" if seq % 2 else "dog"


def wrong(seq: int) -> str:
    return "dog" if seq % 2 else "cat"


def said_by(person: int, seq: int) -> str:
    """The first person never errs, the second on one sample, the third on two others."""
    errs = (False, seq == 5, seq in (0, 3))[person]
    return wrong(seq) if errs else right(seq)


def labelled(services: Services, how_many: int = POOL, **changes: Any) -> tuple[Project, list[int]]:
    """Let three people answer every sample of a project."""
    project = pool(services, how_many, answers_per_sample=3, **changes)
    crowd = people(services, 3)
    for at, person in enumerate(crowd):
        for held in take(services, project, person, how_many).offers:
            answer(services, project, person, held.offer.id, said_by(at, held.sample.seq))
    return project, crowd


def reported(services: Services, project: Project) -> dict[str, Any]:
    """Compute the report as a worker does."""
    with services.write() as session:
        quality.refresh(session, project)
        job_id = session.info[ledger.NEW_JOBS][-1]
    carrying.carry_out(services, job_id, "test")
    with services.read() as session:
        assert session.get_one(JobRow, job_id).state == "done"
        found = quality.newest(session, project)
    assert found["behind"] == 0
    body: dict[str, Any] = found["report"]
    return body


def test_the_report_tells_who_is_reliable_and_how_far_people_agree(services: Services) -> None:
    project, crowd = labelled(services)
    body = reported(services, project)
    by_id = {each["id"]: each for each in body["persons"]}
    ann, bob, cyd = (by_id[person] for person in crowd)
    assert ann["reliability"]["value"] > bob["reliability"]["value"] > cyd["reliability"]["value"]
    assert (ann["answers"], ann["agreement"]["n"], ann["median_seconds"]) == (POOL, POOL, 0.1)
    assert cyd["confusions"] != ann["confusions"]
    assert body["agreement"]["alpha"]["n"] == POOL
    assert body["agreement"]["alpha"]["value"] < 0.8
    pair = next(each for each in body["pairs"] if each["ids"] == sorted(crowd[:2]))
    both = [[said_by(person, seq) for seq in range(POOL)] for person in (0, 1)]
    assert pair["shared"] == POOL
    assert pair["kappa"]["value"] == pytest.approx(cohen_kappa_score(*both))
    assert sum(day["answers"] for day in body["throughput"]["days"]) == 3 * POOL
    assert sum(hour["answers"] for hour in body["throughput"]["hours"]) == 3 * POOL


def test_the_confidence_in_each_label_is_kept_beside_it(services: Services) -> None:
    project, _ = labelled(services)
    reported(services, project)
    with services.read() as session:
        sure = {row.seq: row.confidence for row in session.exec(select(Consensus))}
    assert len(sure) == POOL
    assert all(each is not None for each in sure.values())
    assert (sure[1] or 0) > 0.9


def test_a_confidence_is_not_written_over_a_later_answer(services: Services) -> None:
    project, _ = labelled(services, 2)
    with services.write() as session:
        first = session.exec(select(Consensus.sample_id, Consensus.number)).first()
        assert first is not None
        teamwork.confide(session, project.id, {first[0]: 0.7}, number=first[1] - 1)
    with services.read() as session:
        assert session.get_one(Consensus, first[0]).confidence is None


def test_dawid_skene_labels_what_the_majority_gets_wrong() -> None:
    """Two people who know against three who mostly guess."""
    chance = random.Random(1)  # noqa: S311 - a reproducible crowd, no secret
    knows = (0.95, 0.95, 0.55, 0.55, 0.55)
    events: list[Event] = []
    for seq, (person, share) in itertools.product(range(300), enumerate(knows)):
        said = right(seq) if chance.random() < share else wrong(seq)
        number = len(events) + 1
        events.append(Event(number, seq, "answer", said, None, counted=True, number=number,
                            user_id=person))  # fmt: skip
    correct = {}
    for consensus in ("majority", "dawid-skene"):
        wanted = spec(answers_per_sample=5, consensus=consensus)
        found = settle(wanted, Rule.of(wanted), events)
        correct[consensus] = sum(found[seq] == right(seq) for seq in range(300))
    assert correct["dawid-skene"] > correct["majority"] + 10
    assert correct["dawid-skene"] > 270


def test_a_disputed_sample_is_learned_from_under_dawid_skene_only(services: Services) -> None:
    """Until somebody decides; a decision is the truth under both."""
    project = pool(services, 8, answers_per_sample=2)
    ann, bob, cyd = people(services, 3)
    for person, errs in ((ann, set()), (bob, {4, 5})):
        for held in take(services, project, person, 8).offers:
            seq = held.sample.seq
            said = wrong(seq) if seq in errs else right(seq)
            answer(services, project, person, held.offer.id, said)
    with services.write() as session:
        sample = session.exec(select(Sample).where(Sample.seq == 4)).one()
        deciding.decide(session, project, cyd, sample_id=sample.id, label=right(4), note="",
                        key="d")  # fmt: skip
    with services.read() as session:
        plain, _ = snapshot(session, project.id, spec(answers_per_sample=2), 17)
        believed, _ = snapshot(
            session, project.id, spec(answers_per_sample=2, consensus="dawid-skene"), 17
        )
        earlier, _ = snapshot(
            session, project.id, spec(answers_per_sample=2, consensus="dawid-skene"), 8
        )
    assert (5 in plain.seqs, 5 in believed.seqs, list(earlier.seqs)) == (False, True, [])
    assert dict(zip(believed.seqs, believed.names, strict=True))[5] == right(5)
    body = reported(services, project)
    assert body["disputes"] == {"now": 1, "open": 1, "decided": 1, "answered": 0, "dismissed": 0}


def test_gold_skips_flags_and_cost_are_told_of(services: Services) -> None:
    project = pool(services, 4, gold_share=0.5, cost_per_label=0.5, currency="EUR")
    with services.write() as session:
        known = session.exec(select(Sample).where(Sample.seq == 0)).one()
        known.slots = 0
        session.add(Gold(sample_id=known.id, project_id=project.id, label="cat", created_at=NOW))
    (ann,) = people(services, 1)
    with services.write() as session:
        gold = labelling.offer(session, project, ann, count=1, chance=lambda: 0.0).offers[0]
    answer(services, project, ann, gold.offer.id, "dog")
    first, second = take(services, project, ann, 2).offers
    answer(services, project, ann, first.offer.id, "cat")
    answer(services, project, ann, second.offer.id, None)
    with services.write() as session:
        deciding.flag(session, project, ann, sample_id=first.sample.id, note="odd", key="f")
    body = reported(services, project)
    (mine,) = body["persons"]
    assert (mine["answers"], mine["skips"], mine["flags"]) == (2, 1, 1)
    assert (mine["gold"]["value"], mine["gold"]["n"]) == (0.0, 1)
    assert mine["reliability"] is None, "nobody else answered the same"
    assert body["agreement"]["alpha"] is None
    assert body["cost"] == {
        "answers": 2, "settled": 1, "answers_per_label": 2.0, "per_answer": 0.5,
        "currency": "EUR", "spent": 1.0, "per_label": 1.0,
    }  # fmt: skip


def test_what_was_taken_back_is_not_counted_but_its_time_is(services: Services) -> None:
    project, (ann,) = pool(services, 3), people(services, 1)
    held = take(services, project, ann, 1).offers[0]
    said = answer(services, project, ann, held.offer.id, "cat")
    with services.write() as session:
        taking_back.undo(session, project, ann, said.id)
    answer(services, project, ann, held.offer.id, "dog")
    with services.write() as session:
        for n, event in enumerate(session.exec(select(Label).order_by(Label.number))):  # type: ignore[arg-type]
            event.created_at = NOW + timedelta(seconds=30 * n)
    (mine,) = reported(services, project)["persons"]
    assert (mine["answers"], mine["per_hour"]) == (1, 60.0)


def test_several_labels_are_reported_class_by_class(services: Services) -> None:
    project = pool(services, 12, answers_per_sample=2, answer="several", classes=["a", "b"])
    crowd = people(services, 2)
    for at, person in enumerate(crowd):
        for held in take(services, project, person, 12).offers:
            seq = held.sample.seq
            text = '["a", "b"]' if at and seq == 5 else '["a"]' if seq % 2 else "[]"
            answer(services, project, person, held.offer.id, text)
    body = reported(services, project)
    alphas = {each["name"]: each["alpha"]["value"] for each in body["agreement"]["classes"]}
    assert alphas["a"] == 1.0
    assert alphas["b"] < 0.1
    assert body["agreement"]["alpha"]["value"] == pytest.approx((1 + alphas["b"]) / 2)
    assert body["agreement"]["fleiss"] is None
    assert [each["agreement"]["value"] for each in body["persons"]] == [1.0, 1.0]


def jobs(services: Services) -> list[str]:
    with services.read() as session:
        return [job.kind for job in session.exec(select(JobRow))]


def test_the_clock_asks_for_a_report_when_two_people_have_done_enough(embedded: Services) -> None:
    project, crowd = pool(embedded, 60, answers_per_sample=2), people(embedded, 2)
    for held in take(embedded, project, crowd[0], 49).offers:
        answer(embedded, project, crowd[0], held.offer.id, right(held.sample.seq))
    tick(embedded)
    assert "quality" not in jobs(embedded), "too little has happened"
    for held in take(embedded, project, crowd[0], 10).offers:
        answer(embedded, project, crowd[0], held.offer.id, right(held.sample.seq))
    tick(embedded)
    assert "quality" not in jobs(embedded), "one person agrees with nobody"
    held = take(embedded, project, crowd[1]).offers[0]
    answer(embedded, project, crowd[1], held.offer.id, "cat")
    tick(embedded)
    tick(embedded)
    assert jobs(embedded).count("quality") == 1


def test_a_report_that_looked_less_far_does_not_replace_a_later_one(services: Services) -> None:
    project, _ = labelled(services, 2)
    with services.write() as session:
        reports.keep(session, project.id, "quality", events=999, body={"mine": 1}, now=NOW)
    with services.write() as session:
        quality.refresh(session, project)
        job_id = session.info[ledger.NEW_JOBS][-1]
    carrying.carry_out(services, job_id, "test")
    with services.read() as session:
        kept = reports.newest(session, project.id, "quality")
    assert kept is not None
    assert (kept.events, kept.body) == (999, {"mine": 1})


def given(value: str, suggestion: str | None, *, shown: bool) -> Answer:
    return Answer(1, 1, value, NOW, None, "informative", counts=True, suggestion=suggestion,
                  shown=shown)  # fmt: skip


def test_being_swayed_is_told_when_agreement_is_higher_with_the_suggestion_in_sight() -> None:
    """What came before the first suggestion was shown is not compared."""
    before = [given("a", "b", shown=False)] * 50
    seen = [given("a", "a" if n % 20 else "b", shown=True) for n in range(100)]
    unseen = [given("a", "a" if n % 2 else "b", shown=False) for n in range(40)]
    found = swayed([*before, *seen, *unseen])
    assert found is not None
    assert (found["shown"]["n"], found["hidden"]["n"]) == (100, 40)
    assert found["difference"]["low"] > 0.2
    assert "sways them" in found["meaning"]
    even = swayed([*seen, *[given("a", "a" if n % 20 else "b", shown=False) for n in range(40)]])
    assert even is not None
    assert even["meaning"].startswith("No sign")
    few = swayed([*seen, *unseen[:5]])
    assert few is not None
    assert few["meaning"].startswith("Too few")
    assert swayed(before) is None


def test_suggestions_are_read_from_the_offers(services: Services) -> None:
    project, (ann,) = pool(services, 4), people(services, 1)
    held = take(services, project, ann, 2).offers
    with services.write() as session:
        for at, each in enumerate(held):
            offer = session.get_one(Offer, each.offer.id)
            offer.suggestion, offer.suggestion_shown = "cat", at == 0
    for each in held:
        answer(services, project, ann, each.offer.id, "cat")
    found = reported(services, project)["suggestions"]
    assert (found["shown"]["n"], found["hidden"]["n"], found["difference"]["value"]) == (1, 1, 0)


def test_extra_answers_to_disputed_samples_do_not_make_agreement_look_worse(
    services: Services,
) -> None:
    project = pool(services, 6, answers_per_sample=2, extra_answers=1, classes=["cat", "dog", "x"])
    ann, bob, cyd = people(services, 3)
    for person, said in ((ann, right), (bob, lambda seq: "x" if seq == 2 else right(seq))):
        for held in take(services, project, person, 6).offers:
            answer(services, project, person, held.offer.id, said(held.sample.seq))
    (more,) = take(services, project, cyd, 6).offers
    answer(services, project, cyd, more.offer.id, "x")
    with services.read() as session:
        found = projects.find(session, project.id)
    body = reported(services, found)
    assert body["agreement"]["alpha"]["n"] == 6
    assert body["agreement"]["alpha"]["value"] == pytest.approx(1 - (2 / 12) / (82 / 132))
