"""Offers: which sample goes to whom, under a lease, never one slot to two people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, update
from sqlmodel import Session, col, select

from activeloop.store.tables import Candidate, Offer, Project, Sample

GOLD = "gold"
"""The kind of offer whose sample has no slots: everybody may answer it once."""

HOLDS = ("open", "answered", "skipped")
"""States in which an offer keeps its sample from being offered to the same person again."""


def by_id(session: Session, project_id: int, offer_id: int) -> Offer | None:
    """Look an offer up within its project and lock it until the commit."""
    return session.exec(
        select(Offer).where(Offer.project_id == project_id, Offer.id == offer_id).with_for_update()
    ).one_or_none()


def sample_of(session: Session, offer: Offer) -> Sample:
    """Read and lock the sample an offer is about."""
    return locked(session, offer.sample_id)


def locked(session: Session, sample_id: int) -> Sample:
    """Read a sample and lock it until the commit."""
    return session.exec(select(Sample).where(Sample.id == sample_id).with_for_update()).one()


def find_locked(session: Session, project_id: int, sample_id: int) -> Sample | None:
    """Look a sample up within its project and lock it until the commit."""
    return session.exec(
        select(Sample)
        .where(Sample.id == sample_id, Sample.project_id == project_id)
        .with_for_update()
    ).one_or_none()


def mine(session: Session, project_id: int, user_id: int, now: datetime) -> list[Offer]:
    """List and lock the offers a person holds under a lease that still runs.

    Locked in the order of their ids, so that two tabs of one person wait for each other and
    cannot lock each other out. Index: offer_mine.
    """
    return list(
        session.exec(
            select(Offer)
            .where(
                Offer.project_id == project_id,
                Offer.user_id == user_id,
                Offer.state == "open",
                Offer.leased_until > now,
            )
            .order_by(col(Offer.id))
            .with_for_update()
        )
    )


def extend(session: Session, offers: Sequence[Offer], until: datetime) -> None:
    """Let the leases of these offers run until `until`."""
    ids = [offer.id for offer in offers]
    session.execute(update(Offer).where(col(Offer.id).in_(ids)).values(leased_until=until))
    for offer in offers:
        offer.leased_until = until


def ranked(
    session: Session, ranking_id: int, user_id: int, count: int
) -> list[tuple[Sample, Candidate]]:
    """Lock the best `count` samples of a ranking that this person may answer.

    Index: candidate_open. Samples another transaction is taking are passed over.
    """
    query = (
        select(Sample, Candidate)
        .join(Candidate, col(Candidate.sample_id) == col(Sample.id))
        .where(Candidate.ranking_id == ranking_id, col(Candidate.spent).is_(False))
        .order_by(col(Candidate.position))
    )
    rows = session.execute(_open_to(query, user_id, count))
    return [(sample, candidate) for sample, candidate in rows]


def drawn(
    session: Session, project_id: int, stratum: str, user_id: int, count: int
) -> list[Sample]:
    """Lock the next `count` samples of a stratum in its random order. Index: sample_open."""
    query = (
        select(Sample)
        .where(Sample.project_id == project_id, Sample.stratum == stratum)
        .order_by(col(Sample.draw))
    )
    return list(session.execute(_open_to(query, user_id, count)).scalars())


def _wanted_by(user_id: int) -> tuple[ColumnElement[bool], ...]:
    """Tell samples that still want an answer, and one by this person."""
    seen = exists().where(
        col(Offer.sample_id) == col(Sample.id),
        col(Offer.user_id) == user_id,
        col(Offer.state).in_(HOLDS),
    )
    return col(Sample.slots) > 0, col(Sample.removed_at).is_(None), ~seen


def _open_to(query: Any, user_id: int, count: int) -> Select[Any]:
    chosen: Select[Any] = (
        query.where(*_wanted_by(user_id)).limit(count).with_for_update(of=Sample, skip_locked=True)
    )
    return chosen


def add(session: Session, offers: Sequence[Offer]) -> None:
    """Keep new offers and take one slot of each one's sample, but for gold."""
    ids = [offer.sample_id for offer in offers if offer.kind != GOLD]
    session.add_all(offers)
    session.flush()
    if not ids:
        return
    session.execute(
        update(Sample)
        .where(col(Sample.id).in_(ids))
        .values(slots=Sample.slots - 1)
        .execution_options(synchronize_session=False)
    )
    full = select(Sample.id).where(col(Sample.id).in_(ids), Sample.slots <= 0)
    rankings = {offer.ranking_id for offer in offers if offer.ranking_id is not None}
    session.execute(
        update(Candidate)
        .where(col(Candidate.ranking_id).in_(rankings), col(Candidate.sample_id).in_(full))
        .values(spent=True)
        .execution_options(synchronize_session=False)
    )


def give_back(session: Session, sample_ids: Sequence[int]) -> None:
    """Free one slot of each sample and put it back in its place in the present ranking."""
    for sample_id in sorted(sample_ids):
        session.execute(
            update(Sample)
            .where(col(Sample.id) == sample_id)
            .values(slots=Sample.slots + 1)
            .execution_options(synchronize_session=False)
        )
    _unspend(session, sample_ids)


def _unspend(session: Session, sample_ids: Sequence[int]) -> None:
    session.execute(
        update(Candidate)
        .where(
            col(Candidate.sample_id).in_(list(sample_ids)),
            col(Candidate.ranking_id).in_(select(Project.ranking_id)),
        )
        .values(spent=False)
        .execution_options(synchronize_session=False)
    )


def widen(session: Session, sample_id: int, by: int) -> None:
    """Let a sample want more answers, or fewer; one that wants more is in its place again."""
    if by == 0:
        return
    session.execute(
        update(Sample)
        .where(col(Sample.id) == sample_id)
        .values(slots=Sample.slots + by)
        .execution_options(synchronize_session=False)
    )
    if by > 0:
        _unspend(session, [sample_id])


def take_slot(session: Session, sample_id: int) -> bool:
    """Take a slot of a sample, if one is free."""
    taken = session.execute(
        update(Sample)
        .where(col(Sample.id) == sample_id, col(Sample.slots) > 0)
        .values(slots=Sample.slots - 1)
        .returning(col(Sample.id))
        .execution_options(synchronize_session=False)
    ).first()
    return taken is not None


def twins(session: Session, offer: Offer, *, most: int) -> list[Sample]:
    """Lock the near-duplicates of an offered sample that its answer may cover.

    They are those of the ranking that served it, still wanted, and not yet in the same person's
    hands. Index: candidate_twins.
    """
    if offer.ranking_id is None:
        return []
    query = (
        select(Sample)
        .join(Candidate, col(Candidate.sample_id) == col(Sample.id))
        .where(Candidate.ranking_id == offer.ranking_id, Candidate.twin_of == offer.sample_id)
        .order_by(col(Candidate.position))
    )
    return list(session.execute(_open_to(query, offer.user_id, most)).scalars())


def alike(session: Session, offers: Sequence[Offer], *, most: int) -> dict[int, list[Sample]]:
    """Give, by offered sample, its near-duplicates in the ranking that served it.

    Only those that are still wanted and not in the same person's hands. Index: candidate_twins.
    """
    found: dict[int, list[Sample]] = {}
    for ranking_id in {each.ranking_id for each in offers if each.ranking_id is not None}:
        its = [each for each in offers if each.ranking_id == ranking_id]
        query = (
            select(col(Candidate.twin_of), Sample)
            .join(Sample, col(Sample.id) == col(Candidate.sample_id))
            .where(
                Candidate.ranking_id == ranking_id,
                col(Candidate.twin_of).in_([each.sample_id for each in its]),
                *_wanted_by(its[0].user_id),
            )
            .order_by(col(Candidate.position))
            .limit(most * len(its))
        )
        for twin_of, sample in session.execute(query):
            found.setdefault(twin_of, []).append(sample)
    return found


def propagated(session: Session, offer_id: int) -> list[Offer]:
    """List the answers given with this one to near-duplicates. Index: offer_propagated."""
    return list(
        session.exec(
            select(Offer)
            .where(Offer.of_offer == offer_id, Offer.state == "answered")
            .order_by(col(Offer.sample_id))
        )
    )


def keep(
    session: Session, project_id: int, user_id: int, ids: Sequence[int], until: datetime
) -> list[int]:
    """Let the leases that a person still holds of these offers run until `until`."""
    rows = session.execute(
        update(Offer)
        .where(
            col(Offer.id).in_(list(ids)),
            col(Offer.project_id) == project_id,
            col(Offer.user_id) == user_id,
            col(Offer.state) == "open",
        )
        .values(leased_until=until)
        .returning(col(Offer.id))
        .execution_options(synchronize_session=False)
    ).scalars()
    return sorted(rows)


def met(session: Session, sample_id: int, user_id: int) -> bool:
    """Tell whether a sample was ever in a person's hands."""
    query = select(Offer.id).where(Offer.sample_id == sample_id, Offer.user_id == user_id)
    return session.exec(query.limit(1)).first() is not None


def close(session: Session, offer: Offer, state: str) -> None:
    """Set an offer's state."""
    offer.state = state
    session.add(offer)
    session.flush()


def held(session: Session, sample_id: int, user_id: int) -> Offer | None:
    """Find the offer by which a person holds, answered or skipped a sample."""
    return session.exec(
        select(Offer).where(
            Offer.sample_id == sample_id,
            Offer.user_id == user_id,
            col(Offer.state).in_(HOLDS),
        )
    ).one_or_none()


def release(session: Session, project_id: int, user_id: int, ids: Sequence[int]) -> int:
    """Return a person's open offers before their time."""
    rows = session.execute(
        update(Offer)
        .where(
            col(Offer.id).in_(list(ids)),
            col(Offer.project_id) == project_id,
            col(Offer.user_id) == user_id,
            col(Offer.state) == "open",
        )
        .values(state="expired")
        .returning(col(Offer.sample_id), col(Offer.kind))
        .execution_options(synchronize_session=False)
    ).all()
    give_back(session, [sample_id for sample_id, kind in rows if kind != GOLD])
    return len(rows)


def expire(session: Session, now: datetime, *, limit: int = 1000) -> int:
    """Take back the offers whose lease has run out. Index: offer_leases."""
    due = (
        select(Offer.id)
        .where(Offer.state == "open", Offer.leased_until <= now)
        .order_by(col(Offer.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        update(Offer)
        .where(col(Offer.id).in_(due))
        .values(state="expired")
        .returning(col(Offer.sample_id), col(Offer.kind))
        .execution_options(synchronize_session=False)
    ).all()
    give_back(session, [sample_id for sample_id, kind in rows if kind != GOLD])
    return len(rows)


def open_count(session: Session, project_id: int) -> int:
    """Count the leases now open."""
    return session.exec(
        select(func.count()).where(Offer.project_id == project_id, Offer.state == "open")
    ).one()


def next_return(session: Session, project_id: int) -> datetime | None:
    """Tell when the first open lease ends."""
    return session.exec(
        select(func.min(Offer.leased_until)).where(
            Offer.project_id == project_id, Offer.state == "open"
        )
    ).one()


def skipped_by(session: Session, project_id: int, user_id: int) -> int:
    """Count what a person has skipped and nobody answered since."""
    return session.exec(
        select(func.count())
        .select_from(Offer)
        .join(Sample, col(Sample.id) == col(Offer.sample_id))
        .where(
            Offer.project_id == project_id,
            Offer.user_id == user_id,
            Offer.state == "skipped",
            Sample.slots > 0,
        )
    ).one()


def lease(now: datetime, seconds: int) -> datetime:
    """Tell when a lease given now ends."""
    return now + timedelta(seconds=seconds)
