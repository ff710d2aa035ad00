"""The clock's side of the ledger: what to send a hint about, what to take back, what to bury."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy import text as sql
from sqlmodel import Session

from activeloop.jobs import Job, restore
from activeloop.store.ledger import JOB, MAX_ATTEMPTS, freed, once_more

SEND_AGAIN = timedelta(seconds=10)
_TICK = {"key": 0x616C_7469}


@dataclass(frozen=True)
class Ended:
    """What became of a job that did not get done."""

    state: str
    job: Job
    error: str


def only_clock(session: Session) -> bool:
    """Become the one clock that steps until the commit; False when another one does.

    SQLite lets one writer in at a time, so a write session is already alone.
    """
    if session.connection().dialect.name != "postgresql":
        return True
    alone = session.connection().execute(sql("SELECT pg_try_advisory_xact_lock(:key)"), _TICK)
    return bool(alone.scalar_one())


def waiting(session: Session, *, now: datetime) -> bool:
    """Look, without writing, whether `due` would find anything."""
    found = session.connection().execute(select(JOB.c.id).where(_sendable(now)).limit(1))
    return found.first() is not None


def due(session: Session, *, now: datetime, limit: int) -> list[int]:
    """List the jobs to send a hint about, oldest first, and mark them as sent.

    Index: job_live.
    """
    found = session.connection().execute(
        select(JOB.c.id)
        .where(_sendable(now))
        .order_by(JOB.c.run_after, JOB.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    job_ids = [int(row.id) for row in found]
    if job_ids:
        session.exec(update(JOB).where(JOB.c.id.in_(job_ids)).values(sent_at=now))
    return job_ids


def bury(session: Session, *, now: datetime) -> list[Ended]:
    """Give up on jobs whose last attempt fell silent (its process was killed)."""
    error = (
        f"Given up after {MAX_ATTEMPTS} attempts: each time the worker process ended before the "
        "job did, perhaps for want of memory."
    )
    rows = session.exec(
        update(JOB)
        .where(JOB.c.state == "running", JOB.c.lease_until < now, JOB.c.attempts >= MAX_ATTEMPTS)
        .values(error=error, **once_more("dead", now=now))
        .returning(JOB.c.kind, JOB.c.payload, JOB.c.state)
    ).all()
    return [Ended(row.state, restore(row.kind, row.payload), error) for row in rows]


def release(session: Session, *, owner: str, now: datetime) -> int:
    """Put back all that the processes of a worker hold that has ended in good order.

    Args:
        session: an open write session.
        owner: the start of the owners' names, up to and with the `/`.
        now: the database's clock.

    Returns:
        How many jobs are free again.
    """
    changed = session.exec(
        update(JOB)
        .where(JOB.c.state == "running", JOB.c.owner.startswith(owner, autoescape=True))
        .values(**freed(now))
    )
    return int(changed.rowcount)


def _sendable(now: datetime) -> ColumnElement[bool]:
    not_just_sent = or_(JOB.c.sent_at.is_(None), JOB.c.sent_at < now - SEND_AGAIN)
    lease_ended_since = JOB.c.sent_at < JOB.c.lease_until
    return or_(
        and_(JOB.c.state == "queued", JOB.c.run_after <= now, not_just_sent),
        and_(
            JOB.c.state == "running",
            JOB.c.lease_until < now,
            JOB.c.attempts < MAX_ATTEMPTS,
            or_(not_just_sent, lease_ended_since),
        ),
    )
