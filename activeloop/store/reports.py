"""Reports: the newest result of each background computation over a project."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, select

from activeloop.store.tables import Report

_REPORT: Table = Report.__table__  # type: ignore[attr-defined]


def keep(
    session: Session,
    project_id: int,
    kind: str,
    *,
    events: int,
    body: Mapping[str, Any],
    now: datetime,
) -> None:
    """Put a report in the place of the last one of its kind; `events` is how far it looked."""
    postgres = session.connection().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    statement = insert(_REPORT).values(
        project_id=project_id, kind=kind, events=events, body=dict(body), created_at=now
    )
    fresh = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[_REPORT.c.project_id, _REPORT.c.kind],
            set_={"events": fresh.events, "body": fresh.body, "created_at": fresh.created_at},
        )
    )


def newest(session: Session, project_id: int, kind: str) -> Report | None:
    """Give the report of a kind; None before the first one. Unique: project, kind."""
    return session.exec(
        select(Report).where(Report.project_id == project_id, Report.kind == kind)
    ).one_or_none()


def looked_through(session: Session, project_id: int, kind: str) -> int:
    """Give the event through which the newest report looked; 0 before the first one."""
    found = session.exec(
        select(Report.events).where(Report.project_id == project_id, Report.kind == kind)
    ).one_or_none()
    return found or 0
