"""Take samples out of the pool, and back; nothing of them is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Table, func, select, update
from sqlalchemy import text as sql
from sqlmodel import Session, col

from activeloop.store.tables import Consensus, Gold, Offer, Review, Sample

_SAMPLE: Table = Sample.__table__  # type: ignore[attr-defined]


class Counts(NamedTuple):
    """What there is to some samples."""

    samples: int
    removed: int
    labelled: int
    audit: int
    in_hand: int
    in_review: int
    gold: int


def mark(
    session: Session, project_id: int, ids: Sequence[int], *, at: datetime | None
) -> list[int]:
    """Mark samples as removed at a moment, or with None as there again; list those that changed.

    In the order of their ids, so that two such changes cannot lock each other out.
    """
    gone = _SAMPLE.c.removed_at.is_(None) if at else _SAMPLE.c.removed_at.is_not(None)
    its = (_SAMPLE.c.project_id == project_id, _SAMPLE.c.id.in_(list(ids)), gone)
    locked = select(_SAMPLE.c.id).where(*its).order_by(_SAMPLE.c.id)
    locked = locked.with_for_update(key_share=True)
    found = [int(row.id) for row in session.connection().execute(locked)]
    if found:
        session.connection().execute(
            update(_SAMPLE).where(_SAMPLE.c.id.in_(found)).values(removed_at=at)
        )
    return found


def settled(session: Session, ids: Sequence[int]) -> list[int]:
    """List those that have a settled label (consensus' key)."""
    rows = session.connection().execute(
        select(col(Consensus.sample_id)).where(
            col(Consensus.sample_id).in_(list(ids)),
            sql("consensus.complete = true"),
            col(Consensus.label).is_not(None),
        )
    )
    return [int(sample_id) for (sample_id,) in rows]


def counts(session: Session, ids: Sequence[int]) -> Counts:
    """Count what there is to some samples, by the keys of each table."""
    its, wanted = col(Sample.id), list(ids)
    every = session.connection().execute(
        select(func.count(), func.count(col(Sample.removed_at))).where(its.in_(wanted))
    )
    samples, removed = every.one()
    audit = select(func.count()).where(its.in_(wanted), col(Sample.stratum) == "audit")
    held = select(func.count(col(Offer.sample_id).distinct())).where(
        col(Offer.sample_id).in_(wanted), col(Offer.state) == "open"
    )
    waiting = select(func.count(col(Review.sample_id).distinct())).where(
        col(Review.sample_id).in_(wanted), col(Review.state) == "open"
    )
    golden = select(func.count()).where(col(Gold.sample_id).in_(wanted))
    audit_, held_, waiting_, golden_ = (
        int(session.connection().execute(query).scalar_one())
        for query in (audit, held, waiting, golden)
    )
    return Counts(
        int(samples), int(removed), len(settled(session, ids)), audit_, held_, waiting_, golden_
    )
