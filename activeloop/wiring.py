"""The composition root: settings in, everything the flows need out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from activeloop.errors import Crossed
from activeloop.settings import Settings
from activeloop.store.artifacts import Artifacts, DirectoryArtifacts
from activeloop.store.db import Database, Session, open_database
from activeloop.store.ledger import NEW_JOBS

Enqueue = Callable[[Sequence[int]], None]
Result = TypeVar("Result")
TRIES = 4


def leave_to_the_clock(_job_ids: Sequence[int]) -> None:
    """Send no hint: the clock finds the rows by itself."""


@dataclass(frozen=True)
class Services:
    """What flows are given: the database, the artifact store, a way to hint, and chance."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    enqueue: Enqueue = leave_to_the_clock
    chance: Callable[[], float] = field(default=random.SystemRandom().random)

    @property
    def uploads(self) -> Path:
        """Where files wait until they are imported."""
        return self.settings.data / "uploads"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that writes nothing."""
        with self.database.read() as session:
            yield session

    def settle(self, change: Callable[[Session], Result]) -> Result:
        """Make a change in a transaction of its own, again when another one crossed it.

        Raises:
            Crossed: when it was crossed every time.
        """
        for _ in range(TRIES - 1):
            try:
                with self.write() as session:
                    return change(session)
            except Crossed:
                continue
        with self.write() as session:
            return change(session)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits at the end, then hints at the jobs it added."""
        with self.database.write() as session:
            yield session
            job_ids = session.info.get(NEW_JOBS, [])
        if job_ids:
            self.enqueue(job_ids)


def build(
    settings: Settings, *, enqueue: Enqueue = leave_to_the_clock, durable: bool = True
) -> Services:
    """Build the services of one process.

    Args:
        settings: those of the process.
        enqueue: sends hints about new jobs.
        durable: whether a commit waits for the disk; only throw-away databases need not.
    """
    return Services(
        settings=settings,
        database=open_database(settings.database_url, settings.data, durable=durable),
        artifacts=DirectoryArtifacts(settings.data / "artifacts"),
        enqueue=enqueue,
    )
