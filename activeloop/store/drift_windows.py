"""Windows of incoming samples and what they showed, and the samples they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from activeloop.store.tables import DriftWindow, Sample


def listed(
    session: Session, project_id: int, *, count: int, before: int | None = None
) -> list[DriftWindow]:
    """List windows, newest first."""
    query = select(DriftWindow).where(DriftWindow.project_id == project_id)
    if before is not None:
        query = query.where(DriftWindow.number < before)
    return list(session.exec(query.order_by(col(DriftWindow.number).desc()).limit(count)))


def latest(session: Session, project_id: int, source: str, count: int) -> list[DriftWindow]:
    """List the newest windows of a source, newest first."""
    return list(
        session.exec(
            select(DriftWindow)
            .where(DriftWindow.project_id == project_id, DriftWindow.source == source)
            .order_by(col(DriftWindow.number).desc())
            .limit(count)
        )
    )


def alarm_since(session: Session, project_id: int, at: datetime) -> DriftWindow | None:
    """Give the newest window of either source that gave an alarm at a moment or later."""
    return session.exec(
        select(DriftWindow)
        .where(
            DriftWindow.project_id == project_id,
            col(DriftWindow.alarm).is_(True),
            DriftWindow.created_at >= at,
        )
        .order_by(col(DriftWindow.number).desc())
        .limit(1)
    ).first()


def add(session: Session, window: DriftWindow) -> DriftWindow:
    """Number and keep a window; the project's tally is locked, so that numbers follow."""
    newest = session.exec(
        select(func.max(DriftWindow.number)).where(DriftWindow.project_id == window.project_id)
    ).one()
    window.number = (newest or 0) + 1
    session.add(window)
    session.flush()
    return window


def last_seen(session: Session, project_id: int, at: datetime) -> int:
    """Give the seq of the last sample that had come by a moment; -1 for none."""
    found = session.exec(
        select(Sample.seq)
        .where(Sample.project_id == project_id, Sample.created_at <= at)
        .order_by(col(Sample.seq).desc())
        .limit(1)
    ).first()
    return -1 if found is None else found


def following(session: Session, project_id: int, last: int, count: int) -> list[Sample]:
    """Give the next samples of the pool after a seq, in the order they came."""
    return list(
        session.exec(
            select(Sample)
            .where(
                Sample.project_id == project_id,
                Sample.seq > last,
                col(Sample.removed_at).is_(None),
            )
            .order_by(col(Sample.seq))
            .limit(count)
        )
    )


def still_there(session: Session, project_id: int, seqs: Sequence[int]) -> list[Sample]:
    """Give the samples of these numbers that were not removed, by seq."""
    found: list[Sample] = []
    for at in range(0, len(seqs), 500):
        found += session.exec(
            select(Sample).where(
                Sample.project_id == project_id,
                col(Sample.seq).in_(list(seqs[at : at + 500])),
                col(Sample.removed_at).is_(None),
            )
        )
    return sorted(found, key=lambda sample: sample.seq)


def ids_between(session: Session, project_id: int, first: int, last: int) -> list[int]:
    """List the samples of a window that were not removed."""
    return list(
        session.exec(
            select(Sample.id).where(
                Sample.project_id == project_id,
                col(Sample.seq).between(first, last),
                col(Sample.removed_at).is_(None),
            )
        )
    )
