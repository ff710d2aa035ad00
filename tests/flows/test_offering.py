"""What an offer tells of its order, also when the ranking is used up; on both databases."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import event, text

from activeloop.flows import labelling, projects, waiting
from activeloop.store import choosing, rankings
from activeloop.store.tables import Project, Ranking, Sample
from activeloop.wiring import Services
from tests.flows.handmade import NOW, people, pool


def rank(services: Services, project: Project, seqs: list[int]) -> None:
    with services.write() as session:
        rankings.flip(session, *_ranking(project, 1, seqs))


def _ranking(
    project: Project, version: int, seqs: list[int]
) -> tuple[Ranking, list[rankings.Pick]]:
    ranking = Ranking(
        project_id=project.id,
        strategy="margin-badge",
        because=f"margin-badge: the most informative samples by version {version}",
        version=version,
        seed=0,
        scored=len(seqs),
        length=len(seqs),
        samples=len(seqs),
        seconds=0.0,
        created_at=NOW,
    )
    return ranking, [rankings.Pick(seq, 1.0, 1.0) for seq in seqs]


def served(services: Services, project: Project, user: int, count: int, chance: float) -> list[str]:
    with services.write() as session:
        now = projects.find(session, project.id)
        offered = labelling.offer(session, now, user, count=count, chance=lambda: chance)
        held = {each.offer.id: session.get_one(Sample, each.sample.id) for each in offered.offers}
        told = [
            f"{held[each['id']].stratum} {each['strategy']} {each['version']} {each['because']}"
            for each in offered.as_json()["offers"]
        ]
        labelling.release(session, project, user, list(held))
    return told


def test_a_used_up_ranking_is_told_as_random_order_and_its_reason(services: Services) -> None:
    project = pool(services, 6)
    (user,) = people(services, 1)
    rank(services, project, [4, 5])
    told = served(services, project, user, 4, chance=0.99)
    ranked = "train margin-badge 1 margin-badge: the most informative samples by version 1"
    drawn = f"train random None {waiting.USED_UP}"
    assert told == [ranked, ranked, drawn, drawn]


def test_audit_samples_look_like_the_others_before_and_after_the_ranking_is_used_up(
    services: Services,
) -> None:
    project = pool(services, 6, audit=2)
    (user,) = people(services, 1)
    rank(services, project, [4])
    (before,) = served(services, project, user, 1, chance=0.0)
    assert before.startswith("audit margin-badge 1 ")
    with services.write() as session:
        now = projects.find(session, project.id)
        labelling.offer(session, now, user, count=1, chance=lambda: 0.99)
    _, after = served(services, project, user, 2, chance=0.0)
    assert after.startswith("audit random None order is random: the ranking is used up")


def test_an_offer_that_is_made_while_a_new_ranking_comes_is_still_ranked(
    services: Services,
) -> None:
    project = pool(services, 6)
    (user,) = people(services, 1)
    rank(services, project, [4, 5])
    with services.read() as session:
        read_before = rankings.current(session, project)
    assert read_before is not None
    rank(services, project, [2, 3])
    with services.write() as session:
        found = choosing.ranked(session, read_before.id, user, 2)
        assert [sample.seq for sample, _ in found] == [4, 5]
    rank(services, project, [0, 1])
    with services.write() as session:
        assert choosing.ranked(session, read_before.id, user, 2) == []


def test_a_new_ranking_is_read_in_its_order_and_never_sorted(services: Services) -> None:
    project = pool(services, 2000)
    rank(services, project, list(range(2000)))
    (user,) = people(services, 1)
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, text: str, given: Any, *_: Any) -> None:
        if text.startswith("SELECT") and "ORDER BY candidate.position" in text:
            asked.extend(_plan(services, text, given))

    event.listen(services.database.engine, "before_cursor_execute", listen)
    try:
        served(services, project, user, 1, chance=0.99)
    finally:
        event.remove(services.database.engine, "before_cursor_execute", listen)
    assert "candidate_open" in " ".join(asked)
    assert not re.search(r"\bSort\b|TEMP B-TREE", " ".join(asked))


def _plan(services: Services, text: str, given: Any) -> list[str]:
    explain = "EXPLAIN" if services.database.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
    with services.read() as session:
        rows = session.connection().exec_driver_sql(f"{explain} {text}", given)
        return [str(row[-1]) for row in rows]


@pytest.mark.parametrize("services", ["postgresql"], indirect=True)
def test_a_ranking_that_is_being_written_keeps_none_of_its_samples_from_being_served(
    services: Services,
) -> None:
    project = pool(services, 6, audit=1)
    first, second = people(services, 2)
    rank(services, project, [5, 4, 3, 2, 1])
    with services.write() as writing:
        # not committed yet; its rows refer to every sample
        ranking = _ranking(project, 2, [3, 2, 1, 5, 4])
        rankings.flip(writing, *ranking)
        (told,) = served(services, project, first, 1, chance=0.99)
        assert told.startswith("train margin-badge 1 ")
        with services.write() as session:
            now = projects.find(session, project.id)
            (held,) = labelling.offer(session, now, second, count=1, chance=lambda: 0.99).offers
            given = labelling.Given(projects.spec_of(now).classes[0], lead_ms=1)
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            labelling.record(session, now, second, given, offer_id=held.offer.id, key="k")
    (told,) = served(services, project, first, 1, chance=0.99)
    assert told.startswith("train margin-badge 2 ")
