"""What the ledger holds of one project, for people to look at."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from activeloop.store.tables import JobRow

LIVE = ("queued", "running")
GIVEN_UP = ("dead", "failed")


def live(session: Session, project_id: int) -> list[JobRow]:
    """List the jobs that are queued or running, oldest first."""
    return list(
        session.exec(
            select(JobRow)
            .where(JobRow.project_id == project_id, col(JobRow.state).in_(LIVE))
            .order_by(col(JobRow.id))
        )
    )


def given_up(session: Session, project_id: int) -> list[JobRow]:
    """List, for each kind of job whose newest ended badly, that newest one."""
    newest = (
        select(func.max(JobRow.id)).where(JobRow.project_id == project_id).group_by(JobRow.kind)
    )
    return list(
        session.exec(
            select(JobRow).where(col(JobRow.id).in_(newest), col(JobRow.state).in_(GIVEN_UP))
        )
    )
