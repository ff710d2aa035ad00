"""Look up what a sample shows."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, select

from activeloop.store.tables import Sample


def payload(session: Session, project_id: int, sample_id: int) -> dict[str, Any] | None:
    """Give a sample's payload, if the project has that sample (primary key)."""
    wanted = select(Sample.payload).where(Sample.id == sample_id, Sample.project_id == project_id)
    found = session.exec(wanted).one_or_none()
    return dict(found) if found is not None else None
