from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from sqlmodel import Session

from activeloop.flows.carrying import FLOWS, Flow
from activeloop.flows.tick import due, tick
from activeloop.jobs import KINDS, Job, Rank
from activeloop.settings import Settings
from activeloop.store import db, heartbeats, ledger, projects, reminders, schema
from activeloop.wiring import Services, build


@dataclass(frozen=True)
class Deadly(Job):
    kind: ClassVar[str] = "deadly"


@pytest.fixture(params=["sqlite", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = build(Settings(data=tmp_path, database_url=url))
    schema.upgrade(made.database)
    with made.write() as session:
        spec = {"name": "p", "kind": "text", "classes": ["a", "b"]}
        projects.add(session, name="p", kind="text", spec=spec, now=db.now(session))
    yield made
    made.database.close()


def test_a_step_finds_the_jobs_whose_hint_was_lost(services: Services) -> None:
    with services.write() as session:
        job_id = ledger.add(session, Rank(1), now=db.now(session))
    assert tick(services).sent == (job_id,)
    assert tick(services).sent == (), "it was just sent"


def test_looking_for_due_jobs_finds_what_a_step_finds(services: Services) -> None:
    assert due(services) == []
    with services.write() as session:
        job_id = ledger.add(session, Rank(1), now=db.now(session))
    assert due(services) == [job_id]
    assert due(services) == []


def test_a_clock_without_room_leaves_the_job_to_another(services: Services) -> None:
    with services.write() as session:
        job_id = ledger.add(session, Rank(1), now=db.now(session))
    assert tick(services, room=0).sent == ()
    assert tick(services, room=1).sent == (job_id,)


def test_a_second_clock_stands_aside(services: Services) -> None:
    if services.database.dialect == "sqlite":  # its writers queue up, so it is alone by itself
        assert tick(services).sent == ()
        return
    with services.write() as session:
        assert reminders.only_clock(session)
        seen = tick(services)
    assert (seen.returned, seen.buried, seen.asked) == (0, 0, 0)


def test_a_process_that_is_long_gone_is_forgotten(services: Services) -> None:
    with services.write() as session:
        now = db.now(session)
        heartbeats.seen(session, name="old", role="worker", now=now - timedelta(hours=1))
        heartbeats.seen(session, name="new", role="worker", now=now)
    tick(services)
    with services.read() as session:
        found = heartbeats.listed(session, now=db.now(session))
    assert [each.name for each in found] == ["new"]


def test_a_job_whose_processes_all_died_is_given_up_and_its_flow_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def failed(_session: Session, _job: Job, message: str) -> None:
        told.append(message)

    monkeypatch.setitem(KINDS, Deadly.kind, Deadly)
    monkeypatch.setitem(FLOWS, Deadly.kind, Flow(lambda *_: None, failed))
    with services.write() as session:
        past = db.now(session) - timedelta(hours=1)
        job_id = ledger.add(session, Deadly(1), now=past)
        for _ in range(ledger.MAX_ATTEMPTS):
            past += timedelta(minutes=1)
            lease = timedelta(seconds=1)
            assert ledger.claim(session, job_id, owner="w/1", lease=lease, now=past)
    ticked = tick(services)
    assert ticked.buried == 1
    assert job_id not in ticked.sent
    assert len(told) == 1
    assert "5 attempts" in told[0]
