"""Real workers share a sweep, one is killed amid a range, and the outcome is undisturbed."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from activeloop.flows import featurising
from activeloop.settings import Settings
from activeloop.store import backlog, schema
from activeloop.store.tables import JobRow, Project, Sweep
from activeloop.wiring import Services, build
from tests.e2e.service import ROOT
from tests.flows import sweeps
from tests.flows.digits import Annotator, digits_project
from tests.processes import Process, plain_environment

pytestmark = pytest.mark.slow
KILLED = 2


@pytest.fixture(params=["embedded", "production"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Give the settings of all processes, with short leases."""
    made = {"DATA": str(tmp_path / "data"), "JOB_LEASE_SECONDS": "1.5", "TICK_SECONDS": "0.3"}
    made |= {"SWEEP_ROWS": "100", "WORKER_PROCESSES": "2"}
    if request.param == "production":
        made["DATABASE_URL"] = request.getfixturevalue("postgres_url")
        made["REDIS_URL"] = request.getfixturevalue("redis_server").url
    return made


@pytest.fixture
def services(settings: dict[str, str]) -> Iterator[Services]:
    """Give services over the same installation that sweep in one go."""
    values = {name.lower(): text for name, text in settings.items()} | {"sweep_rows": "1000000"}
    made = build(Settings(**values))  # type: ignore[arg-type]
    schema.upgrade(made.database)
    yield made
    made.database.close()


@pytest.fixture
def worker(settings: dict[str, str], tmp_path: Path) -> Iterator[Process]:
    """Give a worker of two processes that take their time; not started yet."""
    environment = {f"ACTIVELOOP_{name}": text for name, text in settings.items()}
    command = [sys.executable, "-m", "tests.e2e.patient_sweeps"]
    process = Process(
        command, log=tmp_path / "worker.log", env=plain_environment(**environment), cwd=ROOT
    )
    yield process
    if process.alive:
        process.stop()


def scoring(services: Services) -> set[int]:
    """Give the processes that score a range now."""
    with services.read() as session:
        rows = session.exec(
            select(JobRow).where(JobRow.kind == "score-range", JobRow.state == "running")
        ).all()
    return {int(row.owner.rpartition("/")[2]) for row in rows}


def until_quiet(services: Services, project: Project, worker: Process) -> None:
    """Wait until no job is left."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with services.read() as session:
            if not backlog.live(session, project.id):
                return
        time.sleep(0.1)
    pytest.fail(f"work is left\n{worker.tail()}")


def test_a_worker_killed_amid_a_range_changes_nothing_of_the_outcome(
    services: Services, worker: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(featurising, "BLOCK_ROWS", 50)
    project = digits_project(services, 420)
    Annotator(services, project).answer_and_learn(24)
    undisturbed = sweeps.swept(services, project)
    sweeps.forget_question(services, project)
    worker.start()
    sweeps.asked(services, project)
    killed: set[int] = set()
    end = time.monotonic() + 120
    while len(killed) < KILLED:
        assert time.monotonic() < end, worker.tail()
        for pid in list(scoring(services) - killed)[: KILLED - len(killed)]:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        time.sleep(0.05)
    until_quiet(services, project, worker)
    assert sweeps.order(services, project) == undisturbed
    with services.read() as session:
        ranges = session.exec(select(JobRow).where(JobRow.kind == "score-range")).all()
        states = session.exec(select(Sweep.state)).all()
    assert states == ["done"]
    assert sum(row.attempts > 1 for row in ranges) >= 1
    assert {row.state for row in ranges} == {"done"}
