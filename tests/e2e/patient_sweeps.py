"""A worker, as `activeloop worker` starts it, that takes its time over each range of a sweep.

    python -m tests.e2e.patient_sweeps

A process that scores a thousand rows in a millisecond cannot be killed amid it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from activeloop.flows.carrying import FLOWS, Flow
from activeloop.settings import read_settings
from activeloop.wiring import Services, build

if TYPE_CHECKING:
    from sqlmodel import Session

    from activeloop.flows.carrying import Work
    from activeloop.jobs import Job

SECONDS = 0.6


def run(services: Services, job: Job, work: Work) -> None:
    # imported by the first job, after the fork, as the real flow is
    from activeloop.flows import sweeping
    from activeloop.learn import partials

    quick = partials.dump

    def slow(partial: partials.Partial) -> bytes:
        time.sleep(SECONDS)
        return quick(partial)

    partials.dump = slow
    try:
        sweeping.run(services, job, work)  # type: ignore[arg-type]
    finally:
        partials.dump = quick


def failed(session: Session, job: Any, message: str) -> None:
    from activeloop.flows import sweeping

    sweeping.failed(session, job, message)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    FLOWS["score-range"] = Flow(run, failed)
    import worker

    worker.run_worker(build(read_settings()))


if __name__ == "__main__":
    main()
