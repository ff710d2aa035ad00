"""The job ledger: what work there is, who holds it, and under which fence.

A row is the truth, a message about it only a hint. Whoever claims a row raises its fence; an
effect is written in one transaction with `finish`, which refuses everyone but the last claimant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, false, func, or_, select, update
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
SEND_AGAIN = timedelta(seconds=10)
LIVE = ("queued", "running")

_job: Table = JobRow.__table__  # type: ignore[attr-defined]
_at_once = timedelta(0)
_TICK = {"key": 0x616C_7469}


@dataclass(frozen=True)
class Claim:
    """The right to do one job, good until somebody raises the fence."""

    job_id: int
    fence: int
    attempts: int
    job: Job


@dataclass(frozen=True)
class Ended:
    """What became of a job that did not get done."""

    state: str
    job: Job
    error: str


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
        update(_job)
        .where(_job.c.id == job_id, _takeable(now), _job.c.attempts < MAX_ATTEMPTS)
        .values(
            state="running",
            fence=_job.c.fence + 1,
            attempts=_job.c.attempts + 1,
            owner=owner,
            stage="",
            progress=0.0,
            lease_until=now + lease,
        )
        .returning(_job.c.fence, _job.c.attempts, _job.c.kind, _job.c.payload)
    ).one_or_none()
    if row is None:
        return None
    return Claim(job_id, row.fence, row.attempts, restore(row.kind, row.payload))


def beat(
    session: Session, held: Claim, *, lease: timedelta, now: datetime, stage: str, progress: float
) -> bool:
    """Extend the lease and say how far the work is; False when the claim is no longer good."""
    changed = session.exec(
        update(_job)
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
        update(_job)
        .where(*_held(held))
        .values(
            **_once_more("done", now=now),
            stage="",
            error="",
            progress=case((_job.c.again, 0.0), else_=1.0),
        )
        .returning(_job.c.id, _job.c.state)
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
        values = _once_more("failed" if retry_after is None else "dead", now=now)
    try:
        state: str = session.exec(
            update(_job).where(*_held(held)).values(error=error, **values).returning(_job.c.state)
        ).scalar_one()
    except NoResultFound as nobody:
        raise Fenced(f"Job {held.job_id} was taken over by another worker.") from nobody
    return state


def give_back(session: Session, held: Claim, *, now: datetime) -> bool:
    """Put a job back in the queue that its holder cannot end; it costs no attempt."""
    freed = session.exec(update(_job).where(*_held(held)).values(**_freed(now)))
    return freed.rowcount == 1


def release(session: Session, *, owner: str, now: datetime) -> int:
    """Put back all that the processes of a worker hold that has ended in good order.

    Args:
        session: an open write session.
        owner: the start of the owners' names, up to and with the `/`.
        now: the database's clock.

    Returns:
        How many jobs are free again.
    """
    freed = session.exec(
        update(_job)
        .where(_job.c.state == "running", _job.c.owner.startswith(owner, autoescape=True))
        .values(**_freed(now))
    )
    return int(freed.rowcount)


def bury(session: Session, *, now: datetime) -> list[Ended]:
    """Give up on jobs whose last attempt fell silent (its process was killed)."""
    error = (
        f"Given up after {MAX_ATTEMPTS} attempts: each time the worker process ended before the "
        "job did, perhaps for want of memory."
    )
    rows = session.exec(
        update(_job)
        .where(_job.c.state == "running", _job.c.lease_until < now, _job.c.attempts >= MAX_ATTEMPTS)
        .values(error=error, **_once_more("dead", now=now))
        .returning(_job.c.kind, _job.c.payload, _job.c.state)
    ).all()
    return [Ended(row.state, restore(row.kind, row.payload), error) for row in rows]


def only_clock(session: Session) -> bool:
    """Become the one clock that steps until the commit; False when another one does.

    SQLite lets one writer in at a time, so a write session is already alone.
    """
    if not _is_postgres(session):
        return True
    alone = session.connection().execute(sql("SELECT pg_try_advisory_xact_lock(:key)"), _TICK)
    return bool(alone.scalar_one())


def waiting(session: Session, *, now: datetime) -> bool:
    """Look, without writing, whether `due` would find anything."""
    found = session.connection().execute(select(_job.c.id).where(_sendable(now)).limit(1))
    return found.first() is not None


def due(session: Session, *, now: datetime, limit: int) -> list[int]:
    """List the jobs to send a hint about, oldest first, and mark them as sent.

    Index: job_live.
    """
    found = session.connection().execute(
        select(_job.c.id)
        .where(_sendable(now))
        .order_by(_job.c.run_after, _job.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    job_ids = [int(row.id) for row in found]
    if job_ids:
        session.exec(update(_job).where(_job.c.id.in_(job_ids)).values(sent_at=now))
    return job_ids


def live(session: Session) -> int:
    """Count the jobs that are queued or running."""
    counted = session.connection().execute(
        select(func.count()).select_from(_job).where(_job.c.state.in_(LIVE))
    )
    return int(counted.scalar_one())


def find(session: Session, job_id: int) -> JobRow | None:
    """Read one row as it is now."""
    return session.get(JobRow, job_id, populate_existing=True)


def _joined(session: Session, job: Job, *, now: datetime, delay: timedelta) -> int | None:
    row = (
        session.connection()
        .execute(
            select(_job.c.id, _job.c.state, _job.c.attempts, _job.c.run_after)
            .where(_job.c.dedupe_key == job.dedupe_key, _job.c.state.in_(LIVE))
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
        session.exec(update(_job).where(_job.c.id == row.id).values(**values))
    return int(row.id)


def _inserted(session: Session, job: Job, *, now: datetime, delay: timedelta) -> int | None:
    # two transactions may insert at once; the index job_once lets the first one through
    insert = postgresql.insert if _is_postgres(session) else sqlite.insert
    row = session.exec(
        insert(_job)
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
            index_elements=[_job.c.dedupe_key], index_where=_job.c.state.in_(LIVE)
        )
        .returning(_job.c.id)
    ).one_or_none()
    return None if row is None else int(row.id)


def _is_postgres(session: Session) -> bool:
    return session.connection().dialect.name == "postgresql"


def _held(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        _job.c.id == held.job_id,
        _job.c.fence == held.fence,
        _job.c.state == "running",
    )


def _freed(now: datetime) -> dict[str, Any]:
    return {
        "state": "queued",
        "attempts": _job.c.attempts - 1,
        "run_after": now,
        "sent_at": None,
        "lease_until": None,
    }


def _takeable(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(_job.c.state == "queued", _job.c.run_after <= now),
        and_(_job.c.state == "running", _job.c.lease_until < now),
    )


def _sendable(now: datetime) -> ColumnElement[bool]:
    not_just_sent = or_(_job.c.sent_at.is_(None), _job.c.sent_at < now - SEND_AGAIN)
    lease_ended_since = _job.c.sent_at < _job.c.lease_until
    return or_(
        and_(_job.c.state == "queued", _job.c.run_after <= now, not_just_sent),
        and_(
            _job.c.state == "running",
            _job.c.lease_until < now,
            _job.c.attempts < MAX_ATTEMPTS,
            or_(not_just_sent, lease_ended_since),
        ),
    )


def _once_more(end: str, *, now: datetime) -> dict[str, Any]:
    """Values that end a row, or queue it anew when it was asked for while it ran."""
    return {
        "state": case((_job.c.again, "queued"), else_=end),
        "again": false(),
        "attempts": case((_job.c.again, 0), else_=_job.c.attempts),
        "run_after": case((_job.c.again, now), else_=_job.c.run_after),
        "sent_at": None,
        "lease_until": None,
        "finished_at": case((_job.c.again, None), else_=now),
    }
