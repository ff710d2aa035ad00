"""What is counted for those who watch from outside: jobs by state, and how long they wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from activeloop.store.tables import DriftWindow, JobRow

LIVE = ("queued", "running")


@dataclass(frozen=True)
class Waiting:
    """Live jobs of one kind and state, and how long the oldest that is due has waited, in s."""

    kind: str
    state: str
    jobs: int
    seconds: float


def jobs(session: Session, now: datetime) -> list[Waiting]:
    """Count the live jobs; index: job_live."""
    found = session.exec(
        select(JobRow.kind, JobRow.state, func.count(), func.min(JobRow.run_after))
        .where(col(JobRow.state).in_(LIVE))
        .group_by(JobRow.kind, JobRow.state)
    ).all()
    return [
        Waiting(kind, state, count, max(0.0, (now - oldest).total_seconds()))
        for kind, state, count, oldest in found
    ]


def drifting(session: Session, project_id: int) -> tuple[int, bool] | None:
    """Give the newest window's number and whether it drifted; None before the first."""
    found = session.exec(
        select(DriftWindow.number, DriftWindow.drifted)
        .where(DriftWindow.project_id == project_id)
        .order_by(col(DriftWindow.number).desc())
        .limit(1)
    ).first()
    return None if found is None else (found[0], found[1])
