"""Label events and the consensus kept beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import Table, bindparam, delete, insert, update
from sqlmodel import Session, col, func, select

from activeloop.events import Agreed, Change, Event
from activeloop.store import projects
from activeloop.store.tables import ClassChange, Consensus, Label, Sample

_EVENT = (
    col(Label.id),
    col(Label.sample_id),
    col(Label.kind),
    col(Label.label),
    col(Label.undoes),
    col(Label.counted),
    col(Label.number),
    col(Label.user_id),
)
_LABEL: Table = Label.__table__  # type: ignore[attr-defined]
_CONSENSUS: Table = Consensus.__table__  # type: ignore[attr-defined]
_OF_SAMPLE = (
    sqlalchemy.select(*_EVENT)
    .where(col(Label.sample_id) == bindparam("sample"))
    .order_by(col(Label.number))
)

_STOOD = sqlalchemy.select(
    col(Consensus.label),
    col(Consensus.complete),
    col(Consensus.disputed),
    col(Consensus.wants),
).where(col(Consensus.sample_id) == bindparam("sample"))


_BY_KEY = select(Label).where(
    col(Label.project_id) == bindparam("project"),
    col(Label.user_id) == bindparam("person"),
    col(Label.key) == bindparam("key"),
)
_APPEND = insert(_LABEL).returning(_LABEL.c.id)
_FORGET = delete(_CONSENSUS).where(_CONSENSUS.c.sample_id == bindparam("sample"))
_CHANGES = (
    sqlalchemy.select(col(ClassChange.number), col(ClassChange.kind), col(ClassChange.mapping))
    .where(
        col(ClassChange.project_id) == bindparam("project"),
        col(ClassChange.number) <= bindparam("through"),
    )
    .order_by(col(ClassChange.number))
)
_EVER = 2**31 - 1


def by_id(session: Session, project_id: int, label_id: int) -> Label | None:
    """Look an event up within its project."""
    return session.exec(
        select(Label).where(Label.project_id == project_id, Label.id == label_id)
    ).one_or_none()


def by_key(session: Session, project_id: int, user_id: int, key: str) -> Label | None:
    """Find what a client's key was used for before."""
    given = {"project": project_id, "person": user_id, "key": key}
    return session.execute(_BY_KEY, given).scalar_one_or_none()


def append(session: Session, label: Label) -> Label:
    """Append one event under the next number of its project."""
    label.number = projects.number_events(session, label.project_id)
    values = label.model_dump(exclude={"id"})
    label.id = session.connection().execute(_APPEND, values).scalar_one()
    return label


def undone(session: Session, label: Label) -> bool:
    """Tell whether an event has been taken back. Index: label.sample_id."""
    found = session.execute(
        sqlalchemy.select(col(Label.id)).where(
            col(Label.sample_id) == label.sample_id, col(Label.undoes) == label.id
        )
    ).first()
    return found is not None


def of_sample(session: Session, sample_id: int) -> list[Event]:
    """Read a sample's events in order. Index: label.sample_id."""
    rows = session.connection().execute(_OF_SAMPLE, {"sample": sample_id})
    return [Event(*row) for row in rows]


def of_offers(session: Session, offer_ids: Sequence[int]) -> list[Label]:
    """Read the answers given under some offers, in order. Index: label.offer_id."""
    if not offer_ids:
        return []
    return list(
        session.exec(
            select(Label).where(col(Label.offer_id).in_(offer_ids)).order_by(col(Label.number))
        )
    )


def through(session: Session, project_id: int, number: int) -> Iterator[Event]:
    """Read a project's events through `number`, in order. Served by the unique number."""
    rows = session.execute(
        sqlalchemy.select(*_EVENT)
        .where(col(Label.project_id) == project_id, col(Label.number) <= number)
        .order_by(col(Label.number))
        .execution_options(yield_per=10_000)
    )
    for row in rows:
        yield Event(*row)


def changes(session: Session, project_id: int, number: int | None = None) -> list[Change]:
    """Read the changes of a project's label set, through event `number` or all, in order."""
    given = {"project": project_id, "through": _EVER if number is None else number}
    return [Change(*row) for row in session.connection().execute(_CHANGES, given)]


class Stood(NamedTuple):
    """What a sample's answers had come to before they were counted anew."""

    label: str | None
    complete: bool
    disputed: bool
    wants: int

    @property
    def labelled(self) -> bool:
        """Whether the sample counted as labelled."""
        return self.complete and self.label is not None


def stood(session: Session, sample_id: int, *, wanted: int) -> Stood:
    """Read a sample's consensus; before its first answer it wants `wanted` of them."""
    row = session.connection().execute(_STOOD, {"sample": sample_id}).first()
    return Stood(*row) if row is not None else Stood(None, False, False, wanted)  # noqa: FBT003


def settle(session: Session, sample: Sample, agreed: Agreed, *, number: int) -> None:
    """Keep a sample's consensus. The counts of labelled samples are the caller's."""
    connection = session.connection()
    connection.execute(_FORGET, {"sample": sample.id})
    connection.execute(
        insert(_CONSENSUS),
        {
            "sample_id": sample.id,
            "project_id": sample.project_id,
            "seq": sample.seq,
            "stratum": sample.stratum,
            "label": agreed.label,
            "answers": agreed.answers,
            "agreement": agreed.agreement,
            "complete": agreed.complete,
            "disputed": agreed.disputed,
            "wants": agreed.wants,
            "number": number,
        },
    )


def append_imported(
    session: Session,
    project_id: int,
    labelled: Sequence[tuple[int, int, str, str]],
    now: datetime,
) -> None:
    """Append the labels that samples came with, and take those samples off the queue.

    Args:
        session: an open write session.
        project_id: whose samples they are.
        labelled: (sample id, seq, stratum, label) of samples that have no events yet.
        now: the database's clock.
    """
    if not labelled:
        return
    first = projects.number_events(session, project_id, len(labelled))
    events = []
    settled = []
    for number, (sample_id, seq, stratum, label) in enumerate(labelled, start=first):
        events.append(
            {
                "project_id": project_id,
                "number": number,
                "sample_id": sample_id,
                "kind": "imported",
                "label": label,
                "created_at": now,
            }
        )
        settled.append(
            {
                "sample_id": sample_id,
                "project_id": project_id,
                "seq": seq,
                "stratum": stratum,
                "label": label,
                "answers": 1,
                "agreement": 1.0,
                "complete": True,
                "disputed": False,
                "wants": 0,
                "number": number,
            }
        )
    session.execute(insert(Label), events)
    session.execute(insert(Consensus), settled)
    ids = [sample_id for sample_id, *_ in labelled]
    for at in range(0, len(ids), 500):
        part = ids[at : at + 500]
        session.execute(update(Sample).where(col(Sample.id).in_(part)).values(slots=0))
    audit = sum(stratum == "audit" for _, _, stratum, _ in labelled)
    projects.count(session, project_id, labelled_audit=audit, labelled_train=len(labelled) - audit)


def labelled(session: Session, project_id: int, stratum: str) -> list[tuple[int, str]]:
    """List (seq, label) of the samples of a stratum whose label is settled, by seq."""
    rows = session.execute(
        select(Consensus.seq, Consensus.label)
        .where(
            Consensus.project_id == project_id,
            Consensus.stratum == stratum,
            col(Consensus.complete).is_(True),
            col(Consensus.label).is_not(None),
        )
        .order_by(col(Consensus.seq))
    )
    return [(seq, label) for seq, label in rows]


def classes_seen(session: Session, project_id: int) -> set[str]:
    """List the different answers settled in the training stratum: classes, or sets as text."""
    rows = session.execute(
        select(Consensus.label)
        .where(
            Consensus.project_id == project_id,
            Consensus.stratum == "train",
            col(Consensus.complete).is_(True),
            col(Consensus.label).is_not(None),
        )
        .distinct()
    ).scalars()
    return {label for label in rows if label is not None}


def snapshot_seqs(session: Session, sample_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Give (seq, stratum) of the samples by their ids."""
    found: dict[int, tuple[int, str]] = {}
    for at in range(0, len(sample_ids), 500):
        part = list(sample_ids[at : at + 500])
        rows = session.execute(
            select(Sample.id, Sample.seq, Sample.stratum).where(
                col(Sample.id).in_(part), col(Sample.removed_at).is_(None)
            )
        )
        found.update({sample_id: (seq, stratum) for sample_id, seq, stratum in rows})
    return found


def disputed(session: Session, project_id: int) -> int:
    """Count the samples whose answers are all in but disagree. Index: consensus_disputed."""
    return session.exec(
        select(func.count()).where(
            Consensus.project_id == project_id, col(Consensus.disputed).is_(True)
        )
    ).one()


def of_person(
    session: Session, project_id: int, user_id: int, *, before: int | None, count: int
) -> list[Label]:
    """List a person's answers and skips, newest first, those taken back left out.

    Index: label_by_person.
    """
    taken_back = sqlalchemy.select(col(Label.undoes)).where(
        col(Label.project_id) == project_id,
        col(Label.user_id) == user_id,
        col(Label.undoes).is_not(None),
    )
    query = (
        select(Label)
        .where(
            Label.project_id == project_id,
            Label.user_id == user_id,
            col(Label.kind).in_(("answer", "skip")),
            col(Label.id).not_in(taken_back),
        )
        .order_by(col(Label.number).desc())
        .limit(count)
    )
    if before is not None:
        query = query.where(Label.number < before)
    return list(session.exec(query))


def first_after(session: Session, project_id: int, number: int) -> datetime | None:
    """Tell when the first answer after an event came. Served by the unique number."""
    return session.execute(
        select(Label.created_at)
        .where(Label.project_id == project_id, col(Label.number) > number)
        .order_by(col(Label.number))
        .limit(1)
    ).scalar_one_or_none()
