"""Label events and the consensus kept beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy
from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, func, select

from activeloop.events import Agreed, Event
from activeloop.store import projects
from activeloop.store.tables import Consensus, Label, Sample

_EVENT = (
    col(Label.id),
    col(Label.sample_id),
    col(Label.kind),
    col(Label.label),
    col(Label.undoes),
    col(Label.counted),
)


def by_id(session: Session, project_id: int, label_id: int) -> Label | None:
    """Look an event up within its project."""
    return session.exec(
        select(Label).where(Label.project_id == project_id, Label.id == label_id)
    ).one_or_none()


def by_key(session: Session, project_id: int, user_id: int, key: str) -> Label | None:
    """Find what a client's key was used for before."""
    return session.exec(
        select(Label).where(
            Label.project_id == project_id, Label.user_id == user_id, Label.key == key
        )
    ).one_or_none()


def append(session: Session, label: Label) -> Label:
    """Append one event under the next number of its project."""
    label.number = projects.number_events(session, label.project_id)
    session.add(label)
    session.flush()
    return label


def undone(session: Session, label_id: int) -> bool:
    """Tell whether an event has been taken back."""
    found = session.exec(select(Label.id).where(Label.undoes == label_id)).first()
    return found is not None


def of_sample(session: Session, sample_id: int) -> list[Event]:
    """Read a sample's events in order."""
    found = session.exec(
        select(Label).where(Label.sample_id == sample_id).order_by(col(Label.number))
    )
    return [Event(e.id, e.sample_id, e.kind, e.label, e.undoes, e.counted) for e in found]


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


def settle(session: Session, sample: Sample, agreed: Agreed, *, number: int) -> None:
    """Keep a sample's consensus, and the counts of labelled samples in step with it."""
    before = session.get(Consensus, sample.id)
    was = before is not None and before.complete and before.label is not None
    session.execute(delete(Consensus).where(col(Consensus.sample_id) == sample.id))
    if before is not None:
        session.expunge(before)
    session.execute(
        insert(Consensus).values(
            sample_id=sample.id,
            project_id=sample.project_id,
            seq=sample.seq,
            stratum=sample.stratum,
            label=agreed.label,
            answers=agreed.answers,
            agreement=agreed.agreement,
            complete=agreed.complete,
            number=number,
        )
    )
    step = int(agreed.complete and agreed.label is not None) - int(was)
    projects.count(session, sample.project_id, **{f"labelled_{sample.stratum}": step})


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
    """List the classes that have a settled label in the training stratum."""
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
    """Count the samples whose answers are all in but tied. Index: consensus_done."""
    return session.exec(
        select(func.count()).where(
            Consensus.project_id == project_id,
            col(Consensus.complete).is_(True),
            col(Consensus.label).is_(None),
        )
    ).one()
