"""See a job through from the terminal: watch the worker do it, or do it here when there is none."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from activeloop.commands.desk import console

if TYPE_CHECKING:
    from activeloop.wiring import Services

LOOK_SECONDS = 0.2
ENDED = ("done", "failed", "dead")

Look = Callable[[], tuple[str, float]]
"""Gives what is being done and how far it is, 0 to 1."""


def see_through(services: Services, job_id: int, *, title: str, look: Look | None = None) -> None:
    """Return when the job has ended, showing a bar meanwhile.

    Without a live worker the job, and what it causes, is carried out in this process.
    """
    with _bar(title, look or (lambda: _progress(services, job_id))):
        while _state(services, job_id) not in ENDED:
            if _worker_alive(services):
                time.sleep(LOOK_SECONDS)
            else:
                _carry_out(services, job_id)
    if not _worker_alive(services):
        _carry_out_rest(services)


def _carry_out(services: Services, job_id: int) -> None:
    from activeloop.flows.carrying import carry_out

    carry_out(services, job_id, f"cli/{os.getpid()}")
    if _state(services, job_id) not in ENDED:
        time.sleep(LOOK_SECONDS)  # it waits for its next try, or another process has it


def _carry_out_rest(services: Services) -> None:
    from activeloop.flows.tick import due

    while not _worker_alive(services) and (job_ids := due(services)):
        for each in job_ids:
            with _bar("what follows", lambda each=each: _progress(services, each)):  # type: ignore[misc]
                _carry_out(services, each)


def _state(services: Services, job_id: int) -> str:
    from activeloop.store import ledger

    with services.read() as session:
        row = ledger.find(session, job_id)
        return row.state if row else "done"


def _progress(services: Services, job_id: int) -> tuple[str, float]:
    from activeloop.store import ledger

    with services.read() as session:
        row = ledger.find(session, job_id)
        return (row.stage, row.progress) if row else ("", 1.0)


def _worker_alive(services: Services) -> bool:
    from activeloop.store import db, heartbeats

    with services.read() as session:
        return heartbeats.alive(session, "worker", now=db.now(session))


@contextmanager
def _bar(title: str, look: Look) -> Iterator[None]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    opened = console()
    if not opened.is_terminal:
        yield
        return
    columns = TextColumn(title), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}")
    stop = threading.Event()
    with Progress(*columns, console=opened, transient=True) as progress:
        task = progress.add_task("", total=1.0)

        def watch() -> None:
            while not stop.wait(LOOK_SECONDS):
                stage, share = look()
                progress.update(task, completed=share, description=stage)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
