"""Sweeps: a large pool cut into ranges, which range is done, and whose turn the merge is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, update
from sqlmodel import Session, col, func, select

from activeloop.store.tables import JobRow, Sweep, SweepRange

RUNNING, DONE, DROPPED, FAILED = "running", "done", "dropped", "failed"


@dataclass(frozen=True)
class Progress:
    """How far a sweep is."""

    rows: int
    rows_done: int
    ranges: int
    ranges_done: int


def add(session: Session, sweep: Sweep, cuts: Sequence[tuple[int, int]]) -> list[SweepRange]:
    """Begin a sweep. The index sweep_one_running lets one run per project.

    Args:
        session: an open write session.
        sweep: the row, without an id.
        cuts: the first sample of each range, and the one after its last.
    """
    session.add(sweep)
    session.flush()
    ranges = [SweepRange(sweep_id=sweep.id, first=first, stop=stop) for first, stop in cuts]
    session.add_all(ranges)
    session.flush()
    return ranges


def running(session: Session, project_id: int) -> Sweep | None:
    """Read the sweep under way. Index: sweep_one_running."""
    return session.exec(
        select(Sweep).where(Sweep.project_id == project_id, Sweep.state == RUNNING)
    ).one_or_none()


def under_way(session: Session, sweep_id: int) -> Sweep | None:
    """Read a sweep; None when it has ended."""
    return session.exec(
        select(Sweep).where(Sweep.id == sweep_id, Sweep.state == RUNNING)
    ).one_or_none()


def locked(session: Session, sweep_id: int) -> Sweep | None:
    """Read a sweep that is under way and lock it until the commit; None when it has ended.

    Whoever marks a range as done holds this lock, so that of two last ones the second sees the
    first: exactly one asks for the merge.
    """
    return session.exec(
        select(Sweep)
        .where(Sweep.id == sweep_id, Sweep.state == RUNNING)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def ranges(session: Session, sweep_id: int) -> list[SweepRange]:
    """List the ranges in the order of the pool."""
    return list(
        session.exec(
            select(SweepRange)
            .where(SweepRange.sweep_id == sweep_id)
            .order_by(col(SweepRange.first))
        )
    )


def one(session: Session, sweep_id: int, range_id: int) -> tuple[Sweep, SweepRange] | None:
    """Read a range that waits to be scored, and its sweep; None when there is nothing to do."""
    found = session.execute(
        select(Sweep, SweepRange)
        .join(SweepRange, col(SweepRange.sweep_id) == col(Sweep.id))
        .where(
            Sweep.id == sweep_id,
            Sweep.state == RUNNING,
            SweepRange.id == range_id,
            col(SweepRange.done).is_(False),
        )
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def scored(session: Session, range_id: int, *, artifact: str, seconds: float) -> None:
    """Mark a range as done; the caller holds the sweep's lock."""
    session.execute(
        update(SweepRange)
        .where(col(SweepRange.id) == range_id)
        .values(done=True, artifact=artifact, seconds=seconds)
        .execution_options(synchronize_session=False)
    )


def unfinished(session: Session, sweep_id: int) -> int:
    """Count the ranges that are not done yet."""
    return session.exec(
        select(func.count()).where(SweepRange.sweep_id == sweep_id, col(SweepRange.done).is_(False))
    ).one()


def end(session: Session, sweep_id: int, state: str, now: datetime, *, error: str = "") -> None:
    """Let a sweep that is under way end: done, dropped or failed."""
    session.execute(
        update(Sweep)
        .where(col(Sweep.id) == sweep_id, col(Sweep.state) == RUNNING)
        .values(state=state, error=error, finished_at=now)
        .execution_options(synchronize_session=False)
    )


def fail(session: Session, sweep_id: int, error: str, now: datetime) -> None:
    """Let a sweep end whose range or merge cannot be done."""
    end(session, sweep_id, FAILED, now, error=error)


def last(session: Session, project_id: int) -> Sweep | None:
    """Read the newest sweep, whatever came of it. Index: sweep_latest."""
    return session.exec(
        select(Sweep).where(Sweep.project_id == project_id).order_by(col(Sweep.id).desc()).limit(1)
    ).one_or_none()


def progress(session: Session, sweep: Sweep) -> Progress:
    """Count the rows of a sweep that are scored, those of unfinished ranges by their jobs' word."""
    rows = SweepRange.stop - SweepRange.first
    under_way = func.coalesce(case((col(JobRow.state) == RUNNING, JobRow.progress), else_=0.0), 0.0)
    found = session.execute(
        select(
            func.count(),
            func.sum(rows),
            func.sum(case((col(SweepRange.done).is_(True), 1), else_=0)),
            func.sum(case((col(SweepRange.done).is_(True), rows), else_=rows * under_way)),
        )
        .select_from(SweepRange)
        .outerjoin(JobRow, col(JobRow.id) == col(SweepRange.job_id))
        .where(SweepRange.sweep_id == sweep.id)
    ).one()
    return Progress(
        rows=int(found[1] or 0),
        rows_done=int(found[3] or 0),
        ranges=int(found[0]),
        ranges_done=int(found[2] or 0),
    )


def left_behind(session: Session, project_id: int) -> list[Sweep]:
    """List the ended sweeps whose files and ranges have not been collected yet."""
    return list(
        session.exec(
            select(Sweep)
            .where(Sweep.project_id == project_id, Sweep.state != RUNNING)
            .where(col(Sweep.id).in_(select(SweepRange.sweep_id)))
        )
    )


def forget(session: Session, sweep_id: int) -> None:
    """Delete the ranges of a sweep that has ended; its own row stays as a record."""
    session.execute(delete(SweepRange).where(col(SweepRange.sweep_id) == sweep_id))
