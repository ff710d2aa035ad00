"""Walk the queue as it stands, for those who browse the pool."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from activeloop.store.tables import Candidate, Sample


class Place(NamedTuple):
    """A sample's place in a ranking."""

    position: int
    seq: int
    score: float


def after(session: Session, ranking_id: int, position: int, count: int) -> list[Place]:
    """List the next candidates, asked or not. Index: the primary key, ranking and position."""
    rows = session.connection().execute(
        select(col(Candidate.position), col(Sample.seq), col(Candidate.score))
        .join(Sample, col(Sample.id) == col(Candidate.sample_id))
        .where(col(Candidate.ranking_id) == ranking_id, col(Candidate.position) > position)
        .order_by(col(Candidate.position))
        .limit(count)
    )
    return [Place(*row) for row in rows]
