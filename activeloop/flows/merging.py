"""Merge the ranges of a sweep into the next ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activeloop.flows import refreshing, sweeping, telling
from activeloop.jobs import Merge
from activeloop.store import db, sweeps
from activeloop.store.db import Session
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work


def run(services: Services, job: Merge, work: Work) -> None:
    """Merge what all ranges found and serve it; does nothing when the sweep was dropped."""
    with services.read() as session:
        row = sweeps.under_way(session, job.sweep_id)
        ranges = sweeps.ranges(session, job.sweep_id) if row is not None else []
    if row is None:
        with services.write() as session:
            work.done(session)
    else:
        work.tell("merging", 0.0)
        merged = sweeping.read_partial(services, ranges[0].artifact)
        for number, each in enumerate(ranges[1:], start=1):  # one by one, in little memory
            work.tell("merging", number / len(ranges))
            merged.merge([sweeping.read_partial(services, each.artifact)])
        asked = sweeping.opened(services, row)
        picks = asked.question.finish(merged, asked.pool)
        with services.read() as session:
            taken = db.now(session) - row.created_at
        told = telling.tell(services, asked.ask, asked.by, picks)
        swept = refreshing.Swept(asked.ask, asked.by, picks, told, taken.total_seconds())
        refreshing.serve(services, swept, work, row.id)
    sweeping.collect(services, job.project_id)


def failed(session: Session, job: Merge, message: str) -> None:
    """End the sweep; the old ranking stays, and the job's row keeps the message for the doctor."""
    sweeps.fail(session, job.sweep_id, message, db.now(session))
