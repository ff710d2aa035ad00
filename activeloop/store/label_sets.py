"""Changes of a project's label set, and the rows that they touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Table, bindparam, delete, func, insert, update
from sqlmodel import Session, col, select

from activeloop.events import Agreed, Event
from activeloop.spec import Answer
from activeloop.store.labels import Stood
from activeloop.store.rewording import SAYING, naming
from activeloop.store.tables import (
    Candidate,
    ClassChange,
    Consensus,
    Label,
    Offer,
    Project,
    Sample,
    User,
)

CHUNK = 500
"""Rows in one statement, below SQLite's limit on its parameters."""

_LABEL: Table = Label.__table__  # type: ignore[attr-defined]
_CONSENSUS: Table = Consensus.__table__  # type: ignore[attr-defined]
_SAMPLE: Table = Sample.__table__  # type: ignore[attr-defined]
_EVENT = (
    _LABEL.c.id,
    _LABEL.c.sample_id,
    _LABEL.c.kind,
    _LABEL.c.label,
    _LABEL.c.undoes,
    _LABEL.c.counted,
    _LABEL.c.number,
    _LABEL.c.user_id,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A touched sample: where it is, what its answers came to before the change, and its events."""

    sample_id: int
    seq: int
    stratum: str
    before: Stood
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a touched sample comes to after a change, and how many slots that frees."""

    standing: Standing
    agreed: Agreed
    slots: int


def add(session: Session, change: ClassChange) -> ClassChange:
    """Keep a change; its number is one of the project's events."""
    session.add(change)
    session.flush()
    return change


def newest(session: Session, project_id: int) -> ClassChange | None:
    """Read a project's last change. Index: class_change's unique number."""
    return session.exec(
        select(ClassChange)
        .where(ClassChange.project_id == project_id)
        .order_by(col(ClassChange.number).desc())
        .limit(1)
    ).one_or_none()


def last_number(session: Session, project_id: int) -> int:
    """Give the number of a project's last change; 0 before any."""
    found = session.exec(
        select(func.max(ClassChange.number)).where(ClassChange.project_id == project_id)
    ).one()
    return found or 0


def moved_on(session: Session, project_id: int, known: int) -> bool:
    """Tell whether the label set was changed after change `known`, by a transaction that is done.

    Asked once one's event has its number: then no further change can come before it.
    """
    if session.connection().dialect.name != "postgresql":
        return False  # there is one writer at a time: nothing can have changed since it began
    return last_number(session, project_id) != known


def history(session: Session, project_id: int) -> list[tuple[ClassChange, str | None]]:
    """List a project's changes, newest first, each with the name of who made it."""
    rows = session.execute(
        select(ClassChange, col(User.name))
        .outerjoin(User, col(User.id) == col(ClassChange.user_id))
        .where(col(ClassChange.project_id) == project_id)
        .order_by(col(ClassChange.number).desc())
    )
    return [(change, name) for change, name in rows]


def touched(
    session: Session, project_id: int, names: Sequence[str], answer: Answer, *, split_only: bool
) -> list[int]:
    """List the samples that were ever said to be one of some classes, by their ids.

    Args:
        session: an open session.
        project_id: whose samples.
        names: the classes, and what they were called before.
        answer: whether an answer names one class or several.
        split_only: leave out those whose answers are all alike.
    """
    query = (
        sqlalchemy.select(col(Label.sample_id))
        .where(
            col(Label.project_id) == project_id,
            col(Label.kind).in_(SAYING),
            naming(col(Label.label), names, answer),
        )
        .distinct()
        .order_by(col(Label.sample_id))
    )
    if split_only:
        query = query.join(Consensus, col(Consensus.sample_id) == col(Label.sample_id)).where(
            col(Consensus.agreement) < 1
        )
    return list(session.execute(query).scalars())


def lock(session: Session, sample_ids: Sequence[int]) -> None:
    """Let nobody answer these samples, or take an answer back, until the commit.

    Offers before samples, each in the order of their ids, as those who answer lock them.
    """
    if session.connection().dialect.name != "postgresql":
        return  # there is one writer at a time
    for part in _parts(sample_ids):
        session.execute(
            sqlalchemy.select(col(Offer.id))
            .where(col(Offer.sample_id).in_(part), col(Offer.state).in_(("open", "answered")))
            .order_by(col(Offer.id))
            .with_for_update()
        ).all()
    for part in _parts(sample_ids):
        session.execute(
            sqlalchemy.select(col(Sample.id))
            .where(col(Sample.id).in_(part))
            .order_by(col(Sample.id))
            .with_for_update(key_share=True)
        ).all()


def standing(session: Session, sample_ids: Sequence[int]) -> Iterator[list[Standing]]:
    """Read samples that have a consensus, with it and their events, some hundreds at a time."""
    for part in _parts(sample_ids):
        events: dict[int, list[Event]] = {}
        said = sqlalchemy.select(*_EVENT).where(_LABEL.c.sample_id.in_(part))
        for row in session.execute(said.order_by(_LABEL.c.number)):
            events.setdefault(row.sample_id, []).append(Event(*row))
        stood = _CONSENSUS.c
        found = session.execute(
            sqlalchemy.select(
                stood.sample_id,
                stood.seq,
                stood.stratum,
                stood.label,
                stood.complete,
                stood.disputed,
                stood.wants,
            )
            .where(stood.sample_id.in_(part))
            .order_by(stood.sample_id)
        )
        yield [
            Standing(sample_id, seq, stratum, Stood(*rest), events[sample_id])
            for sample_id, seq, stratum, *rest in found
        ]


def settle(session: Session, project_id: int, outcomes: Sequence[Outcome], *, number: int) -> None:
    """Keep what some samples come to, and free their slots. The counts are the caller's."""
    for part in _parts([each.standing.sample_id for each in outcomes]):
        session.execute(delete(_CONSENSUS).where(_CONSENSUS.c.sample_id.in_(part)))
    rows = [
        {
            "sample_id": each.standing.sample_id,
            "project_id": project_id,
            "seq": each.standing.seq,
            "stratum": each.standing.stratum,
            "label": each.agreed.label,
            "answers": each.agreed.answers,
            "agreement": each.agreed.agreement,
            "complete": each.agreed.complete,
            "disputed": each.agreed.disputed,
            "wants": each.agreed.wants,
            "number": number,
        }
        for each in outcomes
    ]
    if rows:
        session.connection().execute(insert(_CONSENSUS), rows)
    _free(session, {each.standing.sample_id: each.slots for each in outcomes if each.slots})


def _free(session: Session, slots: Mapping[int, int]) -> None:
    """Give slots to samples, or take them; one that gets some is in its place again."""
    if not slots:
        return
    session.connection().execute(
        update(_SAMPLE)
        .where(_SAMPLE.c.id == bindparam("its"))
        .values(slots=_SAMPLE.c.slots + bindparam("by")),
        [{"its": sample_id, "by": by} for sample_id, by in slots.items()],
    )
    for part in _parts([sample_id for sample_id, by in slots.items() if by > 0]):
        session.execute(
            update(Candidate)
            .where(
                col(Candidate.sample_id).in_(part),
                col(Candidate.ranking_id).in_(select(Project.ranking_id)),
            )
            .values(spent=False)
            .execution_options(synchronize_session=False)
        )


def void(session: Session, offer_ids: Sequence[int]) -> None:
    """Let go of offers whose answer no longer stands, so that the same person may answer again."""
    for part in _parts(offer_ids):
        session.execute(
            update(Offer)
            .where(col(Offer.id).in_(part), col(Offer.state) == "answered")
            .values(state="expired")
            .execution_options(synchronize_session=False)
        )


def offers_of(session: Session, label_ids: Sequence[int]) -> list[int]:
    """List the offers under which some answers were given."""
    found: list[int] = []
    for part in _parts(label_ids):
        rows = session.execute(
            sqlalchemy.select(col(Label.offer_id)).where(
                col(Label.id).in_(part), col(Label.offer_id).is_not(None)
            )
        )
        found += [offer_id for (offer_id,) in rows]
    return found


def _parts(ids: Sequence[int]) -> Iterator[list[int]]:
    for at in range(0, len(ids), CHUNK):
        yield list(ids[at : at + CHUNK])
