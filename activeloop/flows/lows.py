"""Notice a queue that runs low, before anybody is served in random order."""

from __future__ import annotations

from activeloop.flows.projects import find, spec_of
from activeloop.jobs import Rank
from activeloop.settings import Settings
from activeloop.store import backlog, db, ledger, rankings, sweeps
from activeloop.wiring import Services

SHARE = 10
"""A queue is low when less than this part of its length is left, or less than two batches."""


def mark(settings: Settings, batch_size: int) -> int:
    """Give how many candidates must be left."""
    return min(settings.queue_length, max(2 * batch_size, settings.queue_length // SHARE))


def ask_if_low(services: Services, project_id: int) -> bool:
    """Ask for a sweep when few candidates are left and the pool has others; the clock's door."""
    with services.read() as session:
        project = find(session, project_id)
        served = rankings.current(session, project)
        if served is None or sweeps.running(session, project_id) is not None:
            return False
        if any(job.kind == Rank.kind for job in backlog.live(session, project_id)):
            return False
        if not rankings.runs_low(
            session, served, mark(services.settings, spec_of(project).batch_size)
        ):
            return False
    with services.write() as session:
        ledger.add(session, Rank(project_id), now=db.now(session))
    return True
