"""Samples sent for prediction, kept to be compared: a bounded number, the newest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from activeloop.store.tables import Incoming

MOST = 50_000
"""Rows kept of a project."""


def add(
    session: Session,
    project_id: int,
    version_id: int,
    rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    *,
    now: datetime,
) -> None:
    """Keep samples as they came, each with what was answered."""
    session.add_all(
        Incoming(
            project_id=project_id,
            version_id=version_id,
            payload=dict(payload),
            answer=dict(answer),
            created_at=now,
        )
        for payload, answer in rows
    )


def after(
    session: Session, project_id: int, version_id: int, last: int, count: int
) -> list[Incoming]:
    """Give the next samples that a version answered after a row. Index: incoming_latest."""
    return list(
        session.exec(
            select(Incoming)
            .where(
                Incoming.project_id == project_id,
                Incoming.version_id == version_id,
                col(Incoming.id) > last,
            )
            .order_by(col(Incoming.id))
            .limit(count)
        )
    )


def waiting(session: Session, project_id: int, version_id: int, last: int) -> int:
    """Count what a version answered after a row."""
    return session.exec(
        select(func.count()).where(
            Incoming.project_id == project_id,
            Incoming.version_id == version_id,
            col(Incoming.id) > last,
        )
    ).one()


def between(session: Session, project_id: int, first: int, last: int) -> list[Incoming]:
    """Give the samples of a window that are still kept."""
    return list(
        session.exec(
            select(Incoming)
            .where(Incoming.project_id == project_id, col(Incoming.id).between(first, last))
            .order_by(col(Incoming.id))
        )
    )


def trim(session: Session, project_id: int) -> None:
    """Let go of all but the newest. Index: incoming_latest."""
    oldest = session.exec(
        select(Incoming.id)
        .where(Incoming.project_id == project_id)
        .order_by(col(Incoming.id).desc())
        .offset(MOST)
        .limit(1)
    ).first()
    if oldest is not None:
        session.execute(
            delete(Incoming).where(
                col(Incoming.project_id) == project_id, col(Incoming.id) <= oldest
            )
        )
