from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlmodel import select

from activeloop.settings import Settings
from activeloop.store import db as database_clock
from activeloop.store import heartbeats, ledger, projects, schema
from activeloop.store.tables import AuditEntry, JobRow
from activeloop.wiring import Services, build
from tests.e2e.patient_jobs import EFFECT, Sleep, register
from tests.processes import Process, plain_environment
from tests.servers import Redis

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@dataclass
class Site:
    """One installation under test: its services, and the processes started over it."""

    folder: Path
    settings: dict[str, str]
    services: Services
    redis: Redis | None = None
    started: list[Process] = field(default_factory=list)

    def start(self, role: str = "worker", **settings: str) -> Process:
        """Start a worker or a clock, and wait until it is at work."""
        process = Process(
            [sys.executable, "-m", "tests.e2e.patient_jobs", role],
            log=self.folder / f"{role}-{len(self.started)}.log",
            env=plain_environment(**{**self.settings, **settings}),
            cwd=ROOT,
        )
        process.start()
        self.started.append(process)
        process.wait_until(lambda: self._seen(process.pid))
        return process

    def _seen(self, pid: int) -> bool:
        with self.services.read() as session:
            now = database_clock.now(session)
            return any(p.name.endswith(f":{pid}") for p in heartbeats.listed(session, now=now))

    def ask(self, *jobs: Sleep) -> list[int]:
        with self.services.write() as session:
            now = database_clock.now(session)
            return [ledger.add(session, job, now=now) for job in jobs]

    def rows(self) -> list[JobRow]:
        with self.services.read() as session:
            return list(session.exec(select(JobRow).order_by(JobRow.id)))  # type: ignore[arg-type]

    def effects(self, action: str = EFFECT) -> Counter[int]:
        with self.services.read() as session:
            entries = session.exec(select(AuditEntry).where(AuditEntry.action == action))
            return Counter(entry.detail["number"] for entry in entries)

    def until(self, state: str, *, seconds: float = 20) -> None:
        """Wait until every job is in this state."""
        end = time.monotonic() + seconds
        while {row.state for row in self.rows()} != {state}:
            if time.monotonic() > end:
                logs = "\n".join(f"--- {p.log.name}\n{p.tail()}" for p in self.started)
                pytest.fail(
                    f"{[(r.id, r.state, r.attempts, r.error) for r in self.rows()]}\n{logs}"
                )
            time.sleep(0.05)

    def holder(self, *, seconds: float = 15) -> int:
        """Wait until a job is running and give the pool process that holds it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for row in self.rows():
                if row.state == "running":
                    return int(row.owner.rpartition("/")[2])
            time.sleep(0.02)
        pytest.fail("no job was ever started\n" + "\n".join(p.tail() for p in self.started))

    def freeze(self, pid: int) -> None:
        """Stop a process, but not amid a write: SQLite's next writer would wait for it."""
        while True:
            os.kill(pid, signal.SIGSTOP)
            with (Path(self.settings["ACTIVELOOP_DATA"]) / "write.lock").open("a") as gate:
                try:
                    fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.kill(pid, signal.SIGCONT)
                    time.sleep(0.01)
                else:
                    return


@pytest.fixture(params=["embedded", "production"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "data").mkdir()
    settings = {
        "ACTIVELOOP_DATA": str(tmp_path / "data"),
        "ACTIVELOOP_JOB_LEASE_SECONDS": "1.5",
        "ACTIVELOOP_TICK_SECONDS": "0.3",
    }
    redis = None
    if request.param == "production":
        redis = request.getfixturevalue("redis_server")
        settings["ACTIVELOOP_DATABASE_URL"] = request.getfixturevalue("postgres_url")
        settings["ACTIVELOOP_REDIS_URL"] = redis.url
    register()
    values = {name.removeprefix("ACTIVELOOP_").lower(): text for name, text in settings.items()}
    services = build(Settings(**values))  # type: ignore[arg-type]
    schema.upgrade(services.database)
    with services.write() as session:
        projects.add(session, name="p", kind="text", spec=_spec(), now=database_clock.now(session))
    under_test = Site(tmp_path, settings, services, redis)
    yield under_test
    for process in under_test.started:
        if process.alive:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
    services.database.close()


def _spec() -> dict[str, object]:
    return {"name": "p", "kind": "text", "classes": ["a", "b"]}


def test_jobs_are_carried_out_once_each(site: Site) -> None:
    site.start()
    site.ask(*(Sleep(1, number, 20) for number in range(20)))
    site.until("done")
    assert site.effects() == Counter(range(20))


def test_a_killed_pool_process_delays_its_job_and_nothing_else(site: Site) -> None:
    site.start()
    site.ask(Sleep(1, 1, 1500))
    os.kill(site.holder(), signal.SIGKILL)
    site.until("done")
    assert site.effects() == Counter([1])
    assert site.rows()[0].attempts == 2


def test_a_killed_worker_and_an_emptied_broker_lose_nothing(site: Site) -> None:
    first = site.start()
    site.ask(*(Sleep(1, number, 700) for number in range(4)))
    site.holder()
    first.kill()
    if site.redis:
        site.redis.flush()
    site.start()
    site.until("done")
    assert site.effects() == Counter(range(4))


def test_a_pool_process_does_not_outlive_its_killed_worker(site: Site) -> None:
    worker = site.start()
    site.ask(Sleep(1, 1, 20_000))
    child = site.holder()
    worker.kill()
    end = time.monotonic() + 5
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _runs(child)


def test_a_worker_that_slept_through_its_lease_is_fenced_off(site: Site) -> None:
    site.start()
    site.ask(Sleep(1, 1, 1500))
    zombie = site.holder()
    site.freeze(zombie)
    site.start()
    end = time.monotonic() + 15
    while site.rows()[0].fence < 2 and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(zombie, signal.SIGCONT)
    site.until("done")
    time.sleep(1.5)  # long enough for the zombie to have written, had it been able to
    assert site.effects() == Counter([1])
    assert site.rows()[0].fence == 2


def test_two_clocks_and_doubled_messages_have_one_effect(site: Site) -> None:
    for _ in range(2):
        site.start("clock")
    site.start(ACTIVELOOP_WORKER_PROCESSES="2")
    job_ids = site.ask(*(Sleep(1, number, 30) for number in range(10)))
    if site.redis:
        from worker import hints

        hint = hints(site.services.settings)
        for _ in range(3):
            hint(job_ids)
    site.until("done")
    time.sleep(0.5)
    assert site.effects() == Counter(range(10))
    assert {row.attempts for row in site.rows()} == {1}


def test_a_job_that_kills_its_process_is_given_up_and_the_others_go_on(site: Site) -> None:
    site.start(ACTIVELOOP_JOB_LEASE_SECONDS="0.6", ACTIVELOOP_WORKER_PROCESSES="2")
    deadly, harmless = site.ask(Sleep(1, 1, 10, deadly=True), Sleep(1, 2, 10))
    end = time.monotonic() + 90  # each of five processes first loads the libraries of jobs
    while site.rows()[0].state != "dead" and time.monotonic() < end:
        time.sleep(0.1)
    rows = {row.id: row for row in site.rows()}
    assert rows[deadly].state == "dead"
    assert "5 attempts" in rows[deadly].error
    assert site.effects("gave up") == Counter([1])
    assert rows[harmless].state == "done"


def test_a_worker_told_to_end_does_so_soon_and_hands_its_job_on(site: Site) -> None:
    worker = site.start(ACTIVELOOP_JOB_LEASE_SECONDS="60")
    site.ask(Sleep(1, 1, 60_000))
    site.holder()
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 10
    (row,) = site.rows()
    assert (row.state, row.attempts) == ("queued", 0)


def test_an_idle_worker_ends_at_once_and_signs_off(site: Site) -> None:
    worker = site.start()
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 10
    with site.services.read() as session:
        assert heartbeats.listed(session, now=database_clock.now(session)) == []


def test_progress_of_a_running_job_can_be_seen(site: Site) -> None:
    site.start()
    site.ask(Sleep(1, 1, 3000))
    site.holder()
    seen = set()
    end = time.monotonic() + 10
    while site.rows()[0].state == "running" and time.monotonic() < end:
        seen.add(site.rows()[0].progress)
        time.sleep(0.1)
    assert len(seen) >= 4
    assert site.rows()[0].attempts == 1


def _runs(pid: int) -> bool:
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")
