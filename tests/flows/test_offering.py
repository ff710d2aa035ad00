"""What an offer tells of its order, also when the ranking is used up; on both databases."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event

from activeloop.flows import labelling, projects, waiting
from activeloop.store import choosing, rankings
from activeloop.store.tables import Project, Ranking, Sample
from activeloop.wiring import Services
from tests.flows.handmade import NOW, people, pool


def rank(services: Services, project: Project, seqs: list[int]) -> None:
    with services.write() as session:
        ranking = Ranking(
            project_id=project.id,
            strategy="margin-badge",
            because="margin-badge: the most informative samples by version 1",
            version=1,
            seed=0,
            scored=len(seqs),
            length=len(seqs),
            samples=len(seqs),
            seconds=0.0,
            created_at=NOW,
        )
        rankings.flip(session, ranking, [rankings.Pick(seq, 1.0, 1.0) for seq in seqs])


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
