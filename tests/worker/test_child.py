from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from activeloop.flows import carrying
from activeloop.flows.carrying import FLOWS, Flow, Work
from activeloop.jobs import Featurize, Job, Rank
from activeloop.settings import Settings
from activeloop.store import db, ledger, projects, schema
from activeloop.wiring import Services, build
from worker import child as pool
from worker.child import Child


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Give a database with a project, as another process sees it."""
    made = build(Settings(data=tmp_path))
    schema.upgrade(made.database)
    with made.write() as session:
        projects.add(session, name="p", kind="text", spec={}, now=db.now(session))
    yield made
    made.database.close()


def adding(services: Services, job: Job, work: Work) -> None:
    """Do nothing, but ask for a ranking in the transaction that ends this."""
    with services.write() as session:
        ledger.add(session, Rank(job.project_id), now=db.now(session))
        work.done(session)


def states(services: Services, *job_ids: int) -> list[str]:
    with services.read() as session:
        rows = [ledger.find(session, job_id) for job_id in job_ids]
    return [row.state for row in rows if row is not None]


def asked(services: Services) -> int:
    with services.write() as session:
        return ledger.add(session, Featurize(1), now=db.now(session))


def test_embedded_a_process_goes_on_with_the_jobs_that_its_job_added(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setitem(FLOWS, "featurize", Flow(adding, lambda *_: None))
    monkeypatch.setitem(FLOWS, "rank", Flow(lambda *_: done.append("ranked"), lambda *_: None))
    first = asked(services)
    child = Child(services.settings)
    child.carry_out(first)
    assert done == ["ranked"]
    assert states(services, first, first + 1) == ["done", "done"]
    child.services.database.close()


def test_what_would_keep_others_waiting_is_left_to_the_clock(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FOLLOW_SECONDS", 0.0)
    monkeypatch.setitem(FLOWS, "featurize", Flow(adding, lambda *_: None))
    first = asked(services)
    child = Child(services.settings)
    child.carry_out(first)
    assert states(services, first, first + 1) == ["done", "queued"]
    monkeypatch.setattr(pool, "FOLLOW_SECONDS", 10.0)
    monkeypatch.setitem(FLOWS, "rank", Flow(lambda *_: None, lambda *_: None))
    child.carry_out(first)
    assert states(services, first + 1) == ["queued"], "it was left for good"
    child.services.database.close()


def test_everything_that_is_loaded_beforehand_exists() -> None:
    carrying.warm()


def test_no_job_begins_while_libraries_are_being_loaded(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()
    found: list[bool] = []

    def slowly() -> None:
        time.sleep(0.3)
        loaded.set()

    def look(_services: Services, _job: Job, _work: Work) -> None:
        found.append(loaded.is_set())

    monkeypatch.setattr(pool, "warm", slowly)
    monkeypatch.setitem(FLOWS, "featurize", Flow(look, lambda *_: None))
    child = Child(services.settings)
    child.load()
    child.carry_out(asked(services))
    assert found == [True]
    child.services.database.close()
