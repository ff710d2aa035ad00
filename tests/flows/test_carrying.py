from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from sqlmodel import Session, select

from activeloop import logs
from activeloop.errors import CannotLearn, Fenced, Transient
from activeloop.flows.carrying import FLOWS, Flow, Work, carry_out
from activeloop.flows.tick import tick
from activeloop.jobs import KINDS, Job
from activeloop.settings import Settings
from activeloop.store import db, ledger, projects, schema
from activeloop.store.tables import AuditEntry, JobRow
from activeloop.wiring import Services, build

LEASE = 0.3


@dataclass(frozen=True)
class Try(Job):
    kind: ClassVar[str] = "try"


@dataclass
class Bench:
    """A database with one job, and what the flow of that job shall do."""

    services: Services
    job_id: int = 0
    told: list[str] = field(default_factory=list)

    def does(self, act: Callable[[Work], None]) -> None:
        FLOWS[Try.kind] = Flow(lambda _services, _job, work: act(work), self._failed)

    def _failed(self, session: Session, _job: Job, message: str) -> None:
        self.told.append(message)
        note(session, "failed")

    def ask(self) -> int:
        with self.services.write() as session:
            self.job_id = ledger.add(session, Try(1), now=db.now(session))
        return self.job_id

    def carry_out(self) -> None:
        carry_out(self.services, self.job_id, "test/1")

    def make_due(self) -> None:
        with self.services.write() as session:
            row = ledger.find(session, self.job_id)
            assert row is not None
            row.run_after = db.now(session) - timedelta(seconds=1)

    @property
    def row(self) -> JobRow:
        with self.services.read() as session:
            found = ledger.find(session, self.job_id)
        assert found is not None
        return found

    def notes(self) -> list[str]:
        with self.services.read() as session:
            return [entry.action for entry in session.exec(select(AuditEntry))]


def note(session: Session, action: str) -> None:
    session.add(AuditEntry(action=action, at=db.now(session)))


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    url = request.getfixturevalue("migrated_postgres_url") if request.param == "postgresql" else ""
    services = build(Settings(data=tmp_path, database_url=url, job_lease_seconds=LEASE))
    schema.upgrade(services.database)
    monkeypatch.setitem(KINDS, Try.kind, Try)
    monkeypatch.setitem(FLOWS, Try.kind, Flow(lambda *_: None, lambda *_: None))
    with services.write() as session:
        spec = {"name": "p", "kind": "text", "classes": ["a", "b"]}
        projects.add(session, name="p", kind="text", spec=spec, now=db.now(session))
    made = Bench(services)
    made.ask()
    yield made
    services.database.close()


def test_the_effect_and_the_end_of_a_job_are_one_transaction(bench: Bench) -> None:
    def act(work: Work) -> None:
        with bench.services.write() as session:
            note(session, "effect")
            work.done(session)

    bench.does(act)
    bench.carry_out()
    bench.carry_out()
    assert (bench.row.state, bench.notes()) == ("done", ["effect"])


def test_a_flow_that_only_returns_has_done_its_job(bench: Bench) -> None:
    bench.does(lambda _work: None)
    bench.carry_out()
    assert bench.row.state == "done"


def test_the_lease_is_extended_for_as_long_as_the_work_takes(bench: Bench) -> None:
    taken: list[bool] = []

    def act(_work: Work) -> None:
        time.sleep(4 * LEASE)
        with bench.services.write() as session:
            lease = timedelta(seconds=LEASE)
            other = ledger.claim(
                session, bench.job_id, owner="test/2", lease=lease, now=db.now(session)
            )
            taken.append(other is not None)

    bench.does(act)
    bench.carry_out()
    assert taken == [False]
    assert bench.row.state == "done"


def test_progress_reaches_the_ledger_while_the_work_goes_on(bench: Bench) -> None:
    seen: list[tuple[str, float]] = []

    def act(work: Work) -> None:
        work.tell("fitting", 0.5)
        time.sleep(3 * LEASE)
        seen.append((bench.row.stage, bench.row.progress))

    bench.does(act)
    bench.carry_out()
    assert seen == [("fitting", 0.5)]


def test_work_that_was_taken_over_is_told_and_leaves_no_trace(bench: Bench) -> None:
    stopped: list[str] = []

    def act(work: Work) -> None:
        with bench.services.write() as session:
            later = db.now(session) + timedelta(hours=1)
            lease = timedelta(seconds=30)
            ledger.claim(session, bench.job_id, owner="test/2", lease=lease, now=later)
        end = time.monotonic() + 5
        try:
            while time.monotonic() < end:
                work.tell("still here", 0.9)
                time.sleep(0.01)
        except Fenced:
            stopped.append("told")
            raise

    bench.does(act)
    bench.carry_out()
    assert stopped == ["told"]
    assert (bench.row.state, bench.row.owner) == ("running", "test/2")
    assert bench.told == []


def test_a_passing_fault_is_tried_again_later(bench: Bench) -> None:
    def act(_work: Work) -> None:
        raise Transient("The disk is away.")

    bench.does(act)
    bench.carry_out()
    assert (bench.row.state, bench.row.error) == ("queued", "The disk is away.")
    bench.carry_out()
    assert bench.row.attempts == 1, "its pause is not over"
    bench.make_due()
    bench.does(lambda _work: None)
    bench.carry_out()
    assert bench.row.state == "done"
    assert bench.told == []


def test_what_cannot_work_fails_at_once_with_its_sentence(bench: Bench) -> None:
    def act(_work: Work) -> None:
        raise CannotLearn("Only one class has labels.")

    bench.does(act)
    bench.carry_out()
    assert bench.row.state == "failed"
    assert bench.told == ["Only one class has labels."]
    assert bench.notes() == ["failed"]


def test_an_unforeseen_fault_is_tried_five_times_and_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def act(_work: Work) -> None:
        raise ZeroDivisionError("division by zero")

    bench.does(act)
    caplog.handler.addFilter(logs.with_ids)
    for _ in range(ledger.MAX_ATTEMPTS):
        assert bench.told == []
        bench.make_due()
        bench.carry_out()
    assert bench.row.state == "dead"
    assert "ZeroDivisionError: division by zero" in bench.row.error
    assert len(bench.told) == 1
    logged = [record for record in caplog.records if record.exc_info]
    assert len(logged) == ledger.MAX_ATTEMPTS
    ids = {name: vars(logged[0])[name] for name in ("job", "kind", "project")}
    assert ids == {"job": bench.job_id, "kind": "try", "project": 1}


def test_an_effect_that_fails_with_its_transaction_is_not_kept(bench: Bench) -> None:
    def act(work: Work) -> None:
        with bench.services.write() as session:
            note(session, "effect")
            work.done(session)
            raise Transient("The commit failed.")

    bench.does(act)
    bench.carry_out()
    assert (bench.row.state, bench.notes()) == ("queued", [])


def test_a_job_asked_for_while_it_runs_runs_once_more(bench: Bench) -> None:
    rounds: list[int] = []

    def act(_work: Work) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            bench.ask()

    bench.does(act)
    bench.carry_out()
    assert bench.row.state == "queued"
    bench.carry_out()
    assert (bench.row.state, len(rounds)) == ("done", 2)


def test_many_who_carry_out_one_job_do_it_once(bench: Bench) -> None:
    rounds: list[int] = []

    def act(_work: Work) -> None:
        rounds.append(1)
        time.sleep(0.05)

    bench.does(act)
    threads = [threading.Thread(target=bench.carry_out) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rounds == [1]


def test_a_process_asked_to_end_hands_its_job_on_at_once(bench: Bench) -> None:
    def act(_work: Work) -> None:
        raise KeyboardInterrupt

    bench.does(act)
    with pytest.raises(KeyboardInterrupt):
        bench.carry_out()
    assert (bench.row.state, bench.row.attempts) == ("queued", 0)
    assert bench.job_id in tick(bench.services).sent


def test_a_job_of_a_newer_release_waits_for_a_newer_worker(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(KINDS, Try.kind)
    bench.carry_out()
    assert (bench.row.state, bench.row.attempts) == ("queued", 0)
