"""A worker or clock, as `activeloop worker` starts it, that knows one more kind of job.

    python -m tests.e2e.patient_jobs worker|clock

The job sleeps, telling its progress, then writes one audit entry in the transaction that ends it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from activeloop.flows.carrying import FLOWS, Flow, Work
from activeloop.jobs import KINDS, Job
from activeloop.settings import read_settings
from activeloop.store import db
from activeloop.store.tables import AuditEntry
from activeloop.wiring import Services, build

if TYPE_CHECKING:
    from sqlmodel import Session

EFFECT = "slept"
STEP = 0.05


@dataclass(frozen=True)
class Sleep(Job):
    """Sleep, then note it. `deadly` jobs kill their process instead."""

    kind: ClassVar[str] = "sleep"
    number: int
    milliseconds: int
    deadly: bool = False


def run(services: Services, job: Job, work: Work) -> None:
    if not isinstance(job, Sleep):
        raise TypeError(job)
    end = time.monotonic() + job.milliseconds / 1000
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(STEP, left))
        work.tell("sleeping", 1 - left * 1000 / job.milliseconds)
    if job.deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    with services.write() as session:
        note(session, job, EFFECT)
        work.done(session)


def failed(session: Session, job: Job, _message: str) -> None:
    note(session, job, "gave up")


def note(session: Session, job: Job, action: str) -> None:
    detail = {"number": job.payload()["number"], "pid": os.getpid()}
    session.add(
        AuditEntry(project_id=job.project_id, action=action, detail=detail, at=db.now(session))
    )


def register() -> None:
    KINDS[Sleep.kind] = Sleep
    FLOWS[Sleep.kind] = Flow(run, failed)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    register()
    import worker

    services = build(read_settings())
    (worker.run_clock if sys.argv[1] == "clock" else worker.run_worker)(services)


if __name__ == "__main__":
    main()
