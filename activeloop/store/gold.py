"""Gold: samples whose label is known, mixed in unseen to score annotators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import Table, delete, exists, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from activeloop.store.offers import GOLD, HOLDS
from activeloop.store.tables import Consensus, Gold, Label, Offer, Sample, User

_GOLD: Table = Gold.__table__  # type: ignore[attr-defined]
_AT_ONCE = 500


class Answered(NamedTuple):
    """What somebody said of a gold sample that came to them as one."""

    sample_id: int
    number: int
    label: str
    name: str | None


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


def put(
    session: Session,
    project_id: int,
    marked: Mapping[int, str],
    *,
    user_id: int | None,
    now: datetime,
) -> None:
    """Make samples gold with their labels; one that is gold already gets the new label."""
    postgres = session.connection().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    rows = [
        {
            "sample_id": sample_id,
            "project_id": project_id,
            "label": label,
            "user_id": user_id,
            "created_at": now,
        }
        for sample_id, label in sorted(marked.items())
    ]
    for at in range(0, len(rows), _AT_ONCE):
        statement = insert(_GOLD).values(rows[at : at + _AT_ONCE])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[_GOLD.c.sample_id], set_={"label": statement.excluded.label}
            )
        )


def remove(session: Session, project_id: int, sample_id: int) -> bool:
    """Let a sample be gold no more; tell whether it was."""
    gone = session.execute(
        delete(_GOLD)
        .where(_GOLD.c.project_id == project_id, _GOLD.c.sample_id == sample_id)
        .returning(_GOLD.c.sample_id)
    )
    return gone.first() is not None


def count(session: Session, project_id: int) -> int:
    """Count the gold samples. Index: gold_of_project."""
    return session.exec(select(func.count()).where(Gold.project_id == project_id)).one()


def listed(
    session: Session, project_id: int, *, after: int, count: int
) -> list[tuple[Gold, Sample]]:
    """List gold samples after sample `after`, by its id. Index: gold_of_project."""
    rows = session.execute(
        select(Gold, Sample)
        .join(Sample, col(Sample.id) == col(Gold.sample_id))
        .where(Gold.project_id == project_id, Gold.sample_id > after)
        .order_by(col(Gold.sample_id))
        .limit(count)
    )
    return [(each, sample) for each, sample in rows]


def answered(session: Session, sample_ids: Sequence[int]) -> list[Answered]:
    """Read what people said of samples that came to them as gold, what they took back left out.

    Index: label.sample_id.
    """
    if not sample_ids:
        return []
    undone = sqlalchemy.select(col(Label.undoes)).where(
        col(Label.sample_id).in_(list(sample_ids)), col(Label.undoes).is_not(None)
    )
    rows = session.execute(
        sqlalchemy.select(col(Label.sample_id), col(Label.number), col(Label.label), col(User.name))
        .join(Offer, col(Offer.id) == col(Label.offer_id))
        .outerjoin(User, col(User.id) == col(Label.user_id))
        .where(
            col(Label.sample_id).in_(list(sample_ids)),
            col(Label.kind) == "answer",
            col(Label.id).not_in(undone),
            col(Offer.kind) == GOLD,
        )
        .order_by(col(Label.number))
    )
    return [Answered(*row) for row in rows]


def unanimous(session: Session, project_id: int, *, least: int, most: int) -> dict[int, str]:
    """Give the label of samples on which at least so many agree, all of them, and are not gold.

    In random order, up to `most`. Index: consensus_done.
    """
    rows = session.execute(
        sqlalchemy.select(col(Consensus.sample_id), col(Consensus.label))
        .join(Sample, col(Sample.id) == col(Consensus.sample_id))
        .outerjoin(Gold, col(Gold.sample_id) == col(Consensus.sample_id))
        .where(
            col(Consensus.project_id) == project_id,
            col(Consensus.complete).is_(True),
            col(Consensus.label).is_not(None),
            col(Consensus.agreement) == 1,
            col(Consensus.answers) >= least,
            col(Gold.sample_id).is_(None),
            col(Sample.removed_at).is_(None),
        )
        .order_by(col(Sample.draw))
        .limit(most)
    )
    return {int(sample_id): label for sample_id, label in rows}
