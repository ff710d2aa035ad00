"""The job ledger: what work there is, who holds it, and under which fence.

A row is the truth, a message about it only a hint. Whoever claims a row raises its fence; an
effect is written in one transaction with `finish`, which refuses everyone but the last claimant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, false, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session

from activeloop.errors import Fenced
from activeloop.jobs import Job, restore
from activeloop.store.tables import JobRow

NEW_JOBS = "new_jobs"
"""Key of `session.info` under which the jobs that a transaction added are listed."""
MAX_ATTEMPTS = 5
LIVE = ("queued", "running")

JOB: Table = JobRow.__table__  # type: ignore[attr-defined]
_at_once = timedelta(0)


@dataclass(frozen=True)
class Claim:
    """The right to do one job, good until somebody raises the fence."""

    job_id: int
    fence: int
    attempts: int
    job: Job


def add(session: Session, job: Job, *, now: datetime, delay: timedelta = _at_once) -> int:
    """Ask for a job; asking twice is asking once.

    A row that is queued stays as it is; one that is running is done once more when it ends, since
    it may have read before this transaction's change.

    Returns:
        The id of the row, which `session.info` lists for the hint after the commit.
    """
    while True:
        job_id = _joined(session, job, now=now, delay=delay)
        if job_id is None:
            job_id = _inserted(session, job, now=now, delay=delay)
        if job_id is not None:
            session.info.setdefault(NEW_JOBS, []).append(job_id)
            return job_id


def claim(
    session: Session, job_id: int, *, owner: str, lease: timedelta, now: datetime
) -> Claim | None:
    """Take a job that is due, or whose holder fell silent; None when there is nothing to take."""
    row = session.exec(
        update(JOB)
        .where(JOB.c.id == job_id, _takeable(now), JOB.c.attempts < MAX_ATTEMPTS)
        .values(
            state="running",
            fence=JOB.c.fence + 1,
            attempts=JOB.c.attempts + 1,
            owner=owner,
            stage="",
            progress=0.0,
            lease_until=now + lease,
        )
        .returning(JOB.c.fence, JOB.c.attempts, JOB.c.kind, JOB.c.payload)
    ).one_or_none()
    if row is None:
        return None
    return Claim(job_id, row.fence, row.attempts, restore(row.kind, row.payload))


def beat(
    session: Session, held: Claim, *, lease: timedelta, now: datetime, stage: str, progress: float
) -> bool:
    """Extend the lease and say how far the work is; False when the claim is no longer good."""
    changed = session.exec(
        update(JOB)
        .where(*_held(held))
        .values(lease_until=now + lease, stage=stage, progress=progress)
    )
    return changed.rowcount == 1


def finish(session: Session, held: Claim, *, now: datetime) -> None:
    """Mark the job done, in the transaction that writes its effect.

    Raises:
        Fenced: when somebody else holds the job now; the transaction must not be committed.
    """
    changed = session.exec(
        update(JOB)
        .where(*_held(held))
        .values(
            **once_more("done", now=now),
            stage="",
            error="",
            progress=case((JOB.c.again, 0.0), else_=1.0),
        )
        .returning(JOB.c.id, JOB.c.state)
    ).one_or_none()
    if changed is None:
        raise Fenced(f"Job {held.job_id} was taken over by another worker.")
    if changed.state == "queued":
        session.info.setdefault(NEW_JOBS, []).append(held.job_id)


def fail(
    session: Session, held: Claim, *, error: str, now: datetime, retry_after: timedelta | None
) -> str:
    """Record that the work did not succeed.

    Args:
        session: an open write session.
        held: the claim under which it was tried.
        error: one sentence for people.
        now: the database's clock.
        retry_after: the pause before the next try; None when trying again is no use.

    Returns:
        `queued` when it will be tried again, `failed` when not, `dead` after the last attempt.

    Raises:
        Fenced: when somebody else holds the job now.
    """
    if retry_after is not None and held.attempts < MAX_ATTEMPTS:
        values: dict[str, Any] = {
            "state": "queued",
            "run_after": now + retry_after,
            "sent_at": None,
            "lease_until": None,
        }
    else:
        values = once_more("failed" if retry_after is None else "dead", now=now)
    try:
        state: str = session.exec(
            update(JOB).where(*_held(held)).values(error=error, **values).returning(JOB.c.state)
        ).scalar_one()
    except NoResultFound as nobody:
        raise Fenced(f"Job {held.job_id} was taken over by another worker.") from nobody
    return state


def give_back(session: Session, held: Claim, *, now: datetime) -> bool:
    """Put a job back in the queue that its holder cannot end; it costs no attempt."""
    changed = session.exec(update(JOB).where(*_held(held)).values(**freed(now)))
    return changed.rowcount == 1


def find(session: Session, job_id: int) -> JobRow | None:
    """Read one row as it is now."""
    return session.get(JobRow, job_id, populate_existing=True)


def _joined(session: Session, job: Job, *, now: datetime, delay: timedelta) -> int | None:
    row = (
        session.connection()
        .execute(
            select(JOB.c.id, JOB.c.state, JOB.c.attempts, JOB.c.run_after)
            .where(JOB.c.dedupe_key == job.dedupe_key, JOB.c.state.in_(LIVE))
            .with_for_update()
        )
        .one_or_none()
    )
    if row is None:
        return None
    values: dict[str, Any] = {}
    if row.state == "running":
        values = {"again": True}
    elif row.attempts == 0 and row.run_after > now + delay:
        values = {"run_after": now + delay, "sent_at": None}
    if values:
        session.exec(update(JOB).where(JOB.c.id == row.id).values(**values))
    return int(row.id)


def _inserted(session: Session, job: Job, *, now: datetime, delay: timedelta) -> int | None:
    # two transactions may insert at once; the index job_once lets the first one through
    insert = postgresql.insert if _is_postgres(session) else sqlite.insert
    row = session.exec(
        insert(JOB)
        .values(
            project_id=job.project_id,
            kind=job.kind,
            dedupe_key=job.dedupe_key,
            payload=job.payload(),
            state="queued",
            again=False,
            fence=0,
            attempts=0,
            owner="",
            stage="",
            progress=0.0,
            error="",
            run_after=now + delay,
            created_at=now,
        )
        .on_conflict_do_nothing(
            # as text: PostgreSQL recognises the index only when the values are no parameters
            index_elements=[JOB.c.dedupe_key],
            index_where=sql("state IN ('queued', 'running')"),
        )
        .returning(JOB.c.id)
    ).one_or_none()
    return None if row is None else int(row.id)


def _is_postgres(session: Session) -> bool:
    return session.connection().dialect.name == "postgresql"


def _held(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        JOB.c.id == held.job_id,
        JOB.c.fence == held.fence,
        JOB.c.state == "running",
    )


def freed(now: datetime) -> dict[str, Any]:
    """Give the values that put a held row back in the queue at no cost."""
    return {
        "state": "queued",
        "attempts": JOB.c.attempts - 1,
        "run_after": now,
        "sent_at": None,
        "lease_until": None,
    }


def _takeable(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(JOB.c.state == "queued", JOB.c.run_after <= now),
        and_(JOB.c.state == "running", JOB.c.lease_until < now),
    )


def once_more(end: str, *, now: datetime) -> dict[str, Any]:
    """Give the values that end a row, or queue it anew when it was asked for while it ran."""
    return {
        "state": case((JOB.c.again, "queued"), else_=end),
        "again": false(),
        "attempts": case((JOB.c.again, 0), else_=JOB.c.attempts),
        "run_after": case((JOB.c.again, now), else_=JOB.c.run_after),
        "sent_at": None,
        "lease_until": None,
        "finished_at": case((JOB.c.again, None), else_=now),
    }
