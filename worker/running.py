"""Run a worker or the clock in the foreground, and leave in good order."""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from typing import TYPE_CHECKING, Any

from activeloop.errors import ActiveloopError
from activeloop.flows.tick import SENT_AT_ONCE
from activeloop.store import db, reminders
from activeloop.wiring import Services

if TYPE_CHECKING:
    from celery import Celery

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

logger = logging.getLogger("activeloop.worker")


def run(services: Services) -> None:
    """Be a worker: a pool of processes that carry jobs out, and a clock."""
    for name in ONE_THREAD:
        # more threads than cores make fits six times slower, and OpenMP hangs after a fork
        os.environ.setdefault(name, "1")
    # told to end, Celery then waits for running jobs a bounded time only
    os.environ["REMAP_SIGTERM"] = "SIGQUIT"

    from celery.worker import state

    from . import create_worker
    from .child import worker_name
    from .clock import Clock
    from .tasks import CARRY_OUT

    app = create_worker(services)
    name = worker_name()

    def send(job_id: int) -> None:
        app.send_task(CARRY_OUT, [job_id], ignore_result=True, retry=False)

    def room() -> int:
        # embedded, a hint reaches this pool alone, so one that would wait here is left to others
        free = services.settings.worker_processes - len(state.reserved_requests)
        return SENT_AT_ONCE if services.settings.redis_url else free

    clock = Clock(services, name=name, role="worker", send=send, room=room)
    try:
        _consume(app, clock, services)
    finally:
        clock.stop()
        _release(services, name)


def run_clock(services: Services) -> None:
    """Be the clock: Beat, which tells workers to step, and a clock of its own."""
    from .child import worker_name
    from .clock import Clock
    from .hinting import sender

    enqueue = sender(services.settings)
    clock = Clock(
        services,
        name=worker_name(),
        role="clock",
        send=lambda job_id: enqueue([job_id]),
        # embedded, only the worker itself can hand a job to its pool
        room=lambda: SENT_AT_ONCE if services.settings.redis_url else 0,
    )
    clock.start()
    try:
        if services.settings.redis_url:
            _beat(services)
        else:
            _until_told()
    finally:
        clock.stop()


def _consume(app: Celery, clock: Any, services: Services) -> None:
    from celery.exceptions import SecurityWarning
    from celery.signals import worker_ready

    # it warns root of pickled messages; only JSON is accepted here
    warnings.simplefilter("ignore", SecurityWarning)
    # the pool has forked by then
    worker_ready.connect(lambda **_: clock.start(), weak=False)
    consumer = app.Worker(
        pool="prefork",
        concurrency=services.settings.worker_processes,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
        quiet=True,
    )
    consumer.start()


def _beat(services: Services) -> None:
    from . import create_worker

    folder = services.settings.data
    folder.mkdir(parents=True, exist_ok=True)
    app = create_worker(services)
    app.Beat(
        schedule=str(folder / "beat-schedule"), pidfile=None, quiet=True, loglevel="WARNING"
    ).run()


def _until_told() -> None:
    told = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: told.set())
    told.wait()


def _release(services: Services, name: str) -> None:
    try:
        with services.write() as session:
            freed = reminders.release(session, owner=f"{name}/", now=db.now(session))
    except ActiveloopError as fault:
        logger.warning("jobs could not be given back, their leases will run out: %s", fault.message)
        return
    if freed:
        logger.warning("gave %d unfinished jobs back", freed)
