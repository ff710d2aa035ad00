"""Gold: samples whose label is known, mixed in unseen to score annotators."""

from __future__ import annotations

from sqlalchemy import exists
from sqlmodel import Session, col, select

from activeloop.store.offers import HOLDS
from activeloop.store.tables import Gold, Offer, Sample


def draw(session: Session, project_id: int, user_id: int, count: int) -> list[Sample]:
    """Give the next gold samples that this person has not had, in random order.

    Index: gold_of_project; offer_once tells what they had.
    """
    had = exists().where(
        col(Offer.sample_id) == col(Gold.sample_id),
        col(Offer.user_id) == user_id,
        col(Offer.state).in_(HOLDS),
    )
    return list(
        session.exec(
            select(Sample)
            .join(Gold, col(Gold.sample_id) == col(Sample.id))
            .where(Gold.project_id == project_id, col(Sample.removed_at).is_(None), ~had)
            .order_by(col(Sample.draw))
            .limit(count)
        )
    )
