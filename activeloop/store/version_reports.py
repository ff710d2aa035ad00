"""Version reports: the newest result of each background computation over a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from activeloop.store.trust_tables import VersionReport

_REPORT: Table = VersionReport.__table__  # type: ignore[attr-defined]


def keep(
    session: Session,
    version_id: int,
    kind: str,
    *,
    events: int,
    body: Mapping[str, Any],
    now: datetime,
) -> None:
    """Put a report in the place of the last one of its kind, unless that looked further.

    `events` is the event through which it looked.
    """
    postgres = session.connection().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    statement = insert(_REPORT).values(
        version_id=version_id, kind=kind, events=events, body=dict(body), created_at=now
    )
    fresh = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[_REPORT.c.version_id, _REPORT.c.kind],
            set_={"events": fresh.events, "body": fresh.body, "created_at": fresh.created_at},
            where=_REPORT.c.events <= fresh.events,
        )
    )


def newest(session: Session, version_id: int, kind: str) -> VersionReport | None:
    """Give a version's report of a kind; None before the first one. Unique: version, kind."""
    return session.exec(
        select(VersionReport).where(
            VersionReport.version_id == version_id, VersionReport.kind == kind
        )
    ).one_or_none()


def of_versions(
    session: Session, version_ids: Sequence[int], kind: str
) -> dict[int, VersionReport]:
    """Give the reports of a kind by version, of those that have one. Unique: version, kind."""
    found: dict[int, VersionReport] = {}
    for at in range(0, len(version_ids), 500):
        part = list(version_ids[at : at + 500])
        rows = session.exec(
            select(VersionReport).where(
                col(VersionReport.version_id).in_(part), VersionReport.kind == kind
            )
        )
        found |= {report.version_id: report for report in rows}
    return found
