"""Runs: requests to learn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from activeloop.store.tables import Run, Tally

LIVE = ("queued", "running")


def add(session: Session, run: Run) -> Run:
    """Keep a new run. The index run_one_live admits one live run per project."""
    session.add(run)
    session.flush()
    return run


_NEW_LABELS = sa_select(
    col(Tally.labelled_train)
    - func.coalesce(
        sa_select(col(Run.train_labels))
        .where(col(Run.project_id) == bindparam("project"))
        .order_by(col(Run.id).desc())
        .limit(1)
        .scalar_subquery(),
        0,
    )
).where(col(Tally.project_id) == bindparam("project"))


def new_labels(session: Session, project_id: int) -> int:
    """Count the training labels there are beyond those at the last run. Index: run_latest."""
    found = session.connection().execute(_NEW_LABELS, {"project": project_id})
    return int(found.scalar_one())


def by_id(session: Session, project_id: int, run_id: int) -> Run | None:
    """Look a run up within its project."""
    return session.exec(
        select(Run).where(Run.project_id == project_id, Run.id == run_id)
    ).one_or_none()


def live(session: Session, project_id: int) -> Run | None:
    """Find the run that is queued or running."""
    return session.exec(
        select(Run).where(Run.project_id == project_id, col(Run.status).in_(LIVE))
    ).one_or_none()


def latest(session: Session, project_id: int, limit: int = 20) -> list[Run]:
    """List the newest runs, newest first. Index: run_latest."""
    return list(
        session.exec(
            select(Run)
            .where(Run.project_id == project_id)
            .order_by(col(Run.id).desc())
            .limit(limit)
        )
    )


def asked_because(session: Session, project_id: int, beginning: str) -> bool:
    """Tell whether a run was ever asked for with a reason that begins so. Index: run_latest."""
    found = session.exec(
        select(Run.id)
        .where(
            Run.project_id == project_id, col(Run.because).startswith(beginning, autoescape=True)
        )
        .limit(1)
    ).first()
    return found is not None


def change(session: Session, run_id: int, **values: Any) -> None:
    """Set columns of a run."""
    session.execute(update(Run).where(col(Run.id) == run_id).values(**values))


def start(session: Session, run_id: int, now: datetime) -> None:
    """Mark a queued run as running; one that has ended stays as it is."""
    session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.status).in_(LIVE))
        .values(status="running", stage="reading", started_at=now)
    )


def tell(session: Session, run_id: int, stage: str, progress: float) -> None:
    """Note how far a live run is."""
    session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.status).in_(LIVE))
        .values(stage=stage, progress=progress)
    )


def fail(session: Session, run_id: int, error: str, now: datetime) -> None:
    """Mark a live run as failed, with its reason."""
    session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.status).in_(LIVE))
        .values(status="failed", error=error, finished_at=now)
    )
