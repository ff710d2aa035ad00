"""Offers: which sample goes to whom, under a lease, never one slot to two people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Table, bindparam, func, insert, update
from sqlalchemy import select as sa_select
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from activeloop.store.tables import Candidate, Offer, Project, Sample

GOLD = "gold"
"""The kind of offer whose sample has no slots: everybody may answer it once."""

HOLDS = ("open", "answered", "skipped")
"""States in which an offer keeps its sample from being offered to the same person again."""

_OFFER: Table = Offer.__table__  # type: ignore[attr-defined]
_SAMPLE: Table = Sample.__table__  # type: ignore[attr-defined]
_CANDIDATE: Table = Candidate.__table__  # type: ignore[attr-defined]
# made once: these are asked with every sample and every answer
_BY_ID = (
    select(Offer)
    .where(col(Offer.project_id) == bindparam("project"), col(Offer.id) == bindparam("offer"))
    .with_for_update()
)
# key_share: a ranking that is being written refers to its samples, and an answer need not wait
_LOCKED = select(Sample).where(col(Sample.id) == bindparam("sample"))
_LOCKED = _LOCKED.with_for_update(key_share=True)
_MINE = (
    select(Offer)
    .where(
        col(Offer.project_id) == bindparam("project"),
        col(Offer.user_id) == bindparam("person"),
        col(Offer.state) == "open",
        col(Offer.leased_until) > bindparam("now", type_=_OFFER.c.leased_until.type),
    )
    .order_by(col(Offer.id))
    .with_for_update()
)
_ADD = insert(_OFFER).returning(_OFFER.c.id, sort_by_parameter_order=True)
_EXTEND = (
    update(_OFFER)
    .where(_OFFER.c.id.in_(bindparam("ids", expanding=True)))
    .values(leased_until=bindparam("until"))
)
_TAKE = (
    update(_SAMPLE)
    .where(_SAMPLE.c.id.in_(bindparam("ids", expanding=True)))
    .values(slots=_SAMPLE.c.slots - 1)
)
_SPEND = (
    update(_CANDIDATE)
    .where(
        # + 0: else SQLite walks through the whole ranking instead of looking the samples up
        (_CANDIDATE.c.ranking_id + 0).in_(bindparam("rankings", expanding=True)),
        _CANDIDATE.c.sample_id.in_(
            sa_select(_SAMPLE.c.id).where(
                _SAMPLE.c.id.in_(bindparam("ids", expanding=True)), _SAMPLE.c.slots <= 0
            )
        ),
    )
    .values(spent=True)
)
_WIDEN = (
    update(_SAMPLE)
    .where(_SAMPLE.c.id == bindparam("sample"))
    .values(slots=_SAMPLE.c.slots + bindparam("by"))
)
_CLOSE = update(_OFFER).where(_OFFER.c.id == bindparam("offer")).values(state=bindparam("to"))


def by_id(session: Session, project_id: int, offer_id: int) -> Offer | None:
    """Look an offer up within its project and lock it until the commit."""
    given = {"project": project_id, "offer": offer_id}
    return session.execute(_BY_ID, given).scalar_one_or_none()


def sample_of(session: Session, offer: Offer) -> Sample:
    """Read and lock the sample an offer is about."""
    return locked(session, offer.sample_id)


def locked(session: Session, sample_id: int) -> Sample:
    """Read a sample and lock it until the commit."""
    found: Sample = session.execute(_LOCKED, {"sample": sample_id}).scalar_one()
    return found


def find_locked(session: Session, project_id: int, sample_id: int) -> Sample | None:
    """Look a sample up within its project and lock it until the commit."""
    return session.exec(
        select(Sample)
        .where(Sample.id == sample_id, Sample.project_id == project_id)
        .with_for_update(key_share=True)
    ).one_or_none()


def mine(session: Session, project_id: int, user_id: int, now: datetime) -> list[Offer]:
    """List and lock the offers a person holds under a lease that still runs.

    Locked in the order of their ids, so that two tabs of one person wait for each other and
    cannot lock each other out. Index: offer_mine.
    """
    given = {"project": project_id, "person": user_id, "now": now}
    return list(session.execute(_MINE, given).scalars())


def extend(session: Session, offers: Sequence[Offer], until: datetime) -> None:
    """Let the leases of these offers run until `until`."""
    if not offers:
        return
    given = {"ids": [offer.id for offer in offers], "until": until}
    session.connection().execute(_EXTEND, given)
    for offer in offers:
        set_committed_value(offer, "leased_until", until)


def add(session: Session, offers: Sequence[Offer]) -> None:
    """Keep new offers, number them, and take one slot of each one's sample, but for gold."""
    ids = [offer.sample_id for offer in offers if offer.kind != GOLD]
    rows = [offer.model_dump(exclude={"id"}) for offer in offers]
    kept = session.connection().execute(_ADD, rows).scalars()
    for offer, number in zip(offers, kept, strict=True):
        offer.id = number
    if not ids:
        return
    session.connection().execute(_TAKE, {"ids": ids})
    rankings = [offer.ranking_id for offer in offers if offer.ranking_id is not None]
    if rankings:
        session.connection().execute(_SPEND, {"ids": ids, "rankings": sorted(set(rankings))})


def give_back(session: Session, sample_ids: Sequence[int]) -> None:
    """Free one slot of each sample and put it back in its place in the present ranking."""
    for sample_id in sorted(sample_ids):
        session.connection().execute(_WIDEN, {"sample": sample_id, "by": 1})
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
    session.connection().execute(_WIDEN, {"sample": sample_id, "by": by})
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
    session.flush()  # what was changed of it before
    session.connection().execute(_CLOSE, {"offer": offer.id, "to": state})
    set_committed_value(offer, "state", state)


def held(session: Session, sample_id: int, user_id: int) -> Offer | None:
    """Find and lock the offer by which a person holds, answered or skipped a sample.

    Locked, else its slot could be used here and given back by the clock at the same moment.
    """
    return session.exec(
        select(Offer)
        .where(
            Offer.sample_id == sample_id,
            Offer.user_id == user_id,
            col(Offer.state).in_(HOLDS),
        )
        .with_for_update()
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
