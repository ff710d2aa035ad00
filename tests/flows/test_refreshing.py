"""The queue stays fresh between two sweeps: its top with each version, new samples on arrival."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sklearn.datasets import load_digits
from sqlmodel import select

from activeloop.flows import carrying, importing, labelling, simulating, status, tick
from activeloop.flows import projects as flows
from activeloop.learn import promote
from activeloop.store import db, projects, rankings
from activeloop.store.tables import Project, Ranking, Sample
from activeloop.wiring import Services
from tests.flows import sweeps
from tests.flows.digits import Annotator, digits_project


def trained(services: Services, annotator: Annotator, answers: int) -> None:
    """Answer, and carry out the training job, but nothing after it."""
    annotator.answer(answers)
    for job in sweeps.waiting(services, "train"):
        carrying.carry_out(services, job, "test")


def brought(services: Services, project: Project, first: int, stop: int) -> None:
    """Import some more digits, featurised and ranked."""
    lines = [
        json.dumps({"id": str(number), "vector": load_digits().data[number].tolist()})
        for number in range(first, stop)
    ]
    path = services.uploads / f"more-{first}.jsonl"
    path.write_text("\n".join(lines) + "\n")
    with services.write() as session:
        importing.begin(
            services, session, project, name=path.name, media_type="application/x-ndjson",
            stream_path=path, mapping={}, user_id=None,
        )  # fmt: skip
    simulating.drain(services, project.id)


def history(services: Services, project: Project) -> list[Ranking]:
    with services.read() as session:
        return list(
            session.exec(
                select(Ranking).where(Ranking.project_id == project.id).order_by(Ranking.id)  # type: ignore[arg-type]
            )
        )


def short(services: Services, length: int) -> Services:
    """Give services whose rankings keep few candidates."""
    settings = services.settings.model_copy(update={"queue_length": length})
    return replace(services, settings=settings)


def test_a_version_is_kept_with_the_top_of_the_queue_in_its_order(services: Services) -> None:
    few = short(services, 100)
    project = digits_project(few)
    before = sweeps.order(few, project)
    trained(few, Annotator(few, project), 24)
    head = sweeps.served(few, project)
    assert (head.scope, head.version) == ("head", 1)
    assert "top of the queue was re-scored by version 1" in head.because
    after = [seq for seq, _, _ in sweeps.order(few, project)]
    old = [seq for seq, _, _ in before]
    assert set(after) <= set(old)
    assert after != [seq for seq in old if seq in set(after)], "only the old order is left"
    assert head.scored == len(after) < len(old)


def test_the_head_is_ordered_as_the_engine_orders_those_samples(services: Services) -> None:
    few = short(services, 60)
    project = digits_project(few, strategy={"name": "entropy"})
    trained(few, Annotator(few, project), 24)
    head = {seq: score for seq, score, _ in sweeps.order(few, project)}
    simulating.drain(few, project.id)
    everything = {seq: score for seq, score, _ in sweeps.swept(short(services, 400), project)}
    assert head
    assert all(score == pytest.approx(everything[seq], abs=1e-6) for seq, score in head.items())


def test_the_full_sweep_follows_and_offers_say_what_they_are_ordered_by(
    services: Services,
) -> None:
    project = digits_project(services)
    annotator = Annotator(services, project)
    trained(services, annotator, 24)
    with services.write() as session:
        offered = labelling.offer(
            session, project, annotator.id, count=1, chance=lambda: 0.5
        ).offers[0]
    told = offered.as_json()
    assert (told["version"], told["scope"], told["strategy"]) == (1, "head", "margin-badge")
    assert told["ranked_at"]
    with services.read() as session:
        report = status.report(session, flows.find(session, project.id))
    assert report["queue"]["scope"] == "head"
    assert any("the rest of the pool follows" in line for line in report["doctor"])
    simulating.drain(services, project.id)
    ranking = sweeps.served(services, project)
    assert (ranking.scope, ranking.version) == ("pool", 1)


def test_a_rejected_version_changes_no_order(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = digits_project(services)
    annotator = Annotator(services, project)
    annotator.answer_and_learn(24)
    before = sweeps.served(services, project).id
    decide = promote.decide

    def rejected(*arguments: Any, **named: Any) -> promote.Decision:
        return replace(decide(*arguments, **named), verdict="reject")

    monkeypatch.setattr(promote, "decide", rejected)
    annotator.answer_and_learn(24)
    assert sweeps.served(services, project).id == before


def test_new_samples_are_scored_as_they_come_without_a_sweep(services: Services) -> None:
    project = digits_project(services, 300, random_share=0)
    Annotator(services, project).answer_and_learn(24)
    left = {seq for seq, _, _ in sweeps.order(services, project)}
    brought(services, project, 300, 360)
    ranking = sweeps.served(services, project)
    listed = {seq for seq, _, _ in sweeps.order(services, project)}
    with services.read() as session:
        unasked = set(
            session.exec(
                select(Sample.seq).where(Sample.seq >= 300, Sample.stratum == "train")
            ).all()
        )
        audit = set(session.exec(select(Sample.seq).where(Sample.stratum == "audit")).all())
    assert (ranking.scope, ranking.version, ranking.samples) == ("arrivals", 1, 360)
    assert listed == left | unasked
    assert ranking.scored == len(listed)
    assert not listed & audit
    assert unasked
    assert f"{len(unasked)} new samples were scored on arrival" in ranking.because


def test_arrivals_come_where_a_sweep_would_have_put_them(services: Services) -> None:
    project = digits_project(services, 300, strategy={"name": "entropy"})
    Annotator(services, project).answer_and_learn(24)
    brought(services, project, 300, 360)
    arrived = sweeps.order(services, project)
    scored = sweeps.swept(services, project)
    assert [seq for seq, _, _ in arrived[20:]] == [seq for seq, _, _ in scored[20:]]


def test_many_small_imports_are_taken_in_together(services: Services) -> None:
    project = digits_project(services, 300)
    Annotator(services, project).answer_and_learn(24)
    before = len(history(services, project))
    for first in range(300, 340, 10):
        path = services.uploads / f"{first}.jsonl"
        path.write_text(
            "".join(
                json.dumps({"vector": load_digits().data[n].tolist()}) + "\n"
                for n in range(first, first + 10)
            )
        )
        with services.write() as session:
            importing.begin(
                services, session, project, name=path.name, media_type="application/x-ndjson",
                stream_path=path, mapping={}, user_id=None,
            )  # fmt: skip
    simulating.drain(services, project.id)
    made = history(services, project)[before:]
    assert [(each.scope, each.samples) for each in made] == [("arrivals", 340)]


def test_a_ranking_job_with_nothing_to_do_does_nothing(services: Services) -> None:
    project = digits_project(services, 300)
    Annotator(services, project).answer_and_learn(24)
    before = history(services, project)[-1].id
    sweeps.asked(services, project)
    simulating.drain(services, project.id)
    assert history(services, project)[-1].id == before


def test_a_queue_that_runs_low_is_ranked_anew_before_anybody_waits(services: Services) -> None:
    few = short(services, 60)
    project = digits_project(few, 300, retrain={"every": 1000})
    first = sweeps.served(few, project).id
    annotator = Annotator(few, project)
    annotator.answer(10)
    tick.tick(few)
    simulating.drain(few, project.id)
    assert sweeps.served(few, project).id == first, "enough was left"
    seen = annotator.answer(20)
    tick.tick(few)
    simulating.drain(few, project.id)
    ranking = sweeps.served(few, project)
    assert ranking.id > first
    assert ranking.length == 60
    assert all(each.ranking is not None for each in seen)
    tick.tick(few)
    assert sweeps.waiting(few, "rank") == []


def test_removed_and_complete_samples_stay_out_of_the_head(services: Services) -> None:
    project = digits_project(services)
    annotator = Annotator(services, project)
    annotator.answer(23)
    gone = sweeps.order(services, project)[-1][0]
    with services.write() as session:
        sample = session.exec(
            select(Sample).where(Sample.project_id == project.id, Sample.seq == gone)
        ).one()
        sample.removed_at = db.now(session)
        session.add(sample)
    trained(services, annotator, 6)
    listed = {seq for seq, _, _ in sweeps.order(services, project)}
    with services.read() as session:
        shut = {seq for lot in rankings.unavailable(session, project.id) for seq in lot}
        assert projects.tally(session, project.id).samples == 400
    assert gone in shut
    assert not listed & shut
    assert sweeps.served(services, project).scope == "head"
