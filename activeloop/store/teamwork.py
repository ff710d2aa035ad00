"""Who did what: the events of a project with the offers behind them, and what reports keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import Table, bindparam, func
from sqlmodel import Session, col, select

from activeloop.events import Event
from activeloop.store.tables import Consensus, Gold, Label, Offer, Review, Tally, User

_CONSENSUS: Table = Consensus.__table__  # type: ignore[attr-defined]
_AT_ONCE = 500


class Act(NamedTuple):
    """A label event, and the offer under which it was given."""

    event: Event
    lead_ms: int | None
    at: datetime
    offer: str | None
    suggestion: str | None
    shown: bool


def acts(session: Session, project_id: int, number: int) -> Iterator[Act]:
    """Read what people did through event `number`, in order, and the labels of those samples.

    A label that was imported is left out where nobody answered: there may be a million of them.
    """
    answered = sqlalchemy.select(col(Label.sample_id)).where(
        col(Label.project_id) == project_id, col(Label.kind) != "imported"
    )
    rows = session.execute(
        sqlalchemy.select(
            col(Label.id),
            col(Label.sample_id),
            col(Label.kind),
            col(Label.label),
            col(Label.undoes),
            col(Label.counted),
            col(Label.number),
            col(Label.user_id),
            col(Label.lead_ms),
            col(Label.created_at),
            col(Offer.kind),
            col(Offer.suggestion),
            col(Offer.suggestion_shown),
        )
        .outerjoin(Offer, col(Offer.id) == col(Label.offer_id))
        .where(
            col(Label.project_id) == project_id,
            col(Label.number) <= number,
            sqlalchemy.or_(col(Label.kind) != "imported", col(Label.sample_id).in_(answered)),
        )
        .order_by(col(Label.number))
        .execution_options(yield_per=10_000)
    )
    for row in rows:
        yield Act(Event(*row[:8]), row[8], row[9], row[10], row[11], bool(row[12]))


def gold(session: Session, project_id: int) -> dict[int, str]:
    """Give the known labels by sample. Index: gold_of_project."""
    rows = session.execute(
        sqlalchemy.select(col(Gold.sample_id), col(Gold.label)).where(
            col(Gold.project_id) == project_id
        )
    )
    return dict(iter(rows))


def names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Give people's names by id."""
    found: dict[int, str] = {}
    for at in range(0, len(ids), _AT_ONCE):
        part = list(ids[at : at + _AT_ONCE])
        rows = session.execute(
            sqlalchemy.select(col(User.id), col(User.name)).where(col(User.id).in_(part))
        )
        found.update(iter(rows))
    return found


def ends_of_disputes(session: Session, project_id: int) -> dict[str, int]:
    """Count the disagreements that went to review, by how they ended."""
    rows = session.execute(
        sqlalchemy.select(col(Review.state), col(Review.label_id).is_not(None), func.count())
        .where(col(Review.project_id) == project_id, col(Review.reason) == "disagreement")
        .group_by(col(Review.state), col(Review.label_id).is_not(None))
    )
    found = {"open": 0, "decided": 0, "answered": 0, "dismissed": 0}
    for state, decided, number in rows:
        ended = {"done": "decided" if decided else "answered"}.get(state, state)
        found[ended] += int(number)
    return found


def of_several(session: Session, project_id: int) -> bool:
    """Tell whether more than one person has done something. Index: label_by_person."""
    first, last = (
        sqlalchemy.select(end(col(Label.user_id)))
        .where(col(Label.project_id) == project_id, col(Label.user_id).is_not(None))
        .scalar_subquery()
        for end in (func.min, func.max)
    )
    least, most = session.execute(sqlalchemy.select(first, last)).one()
    return bool(least != most)


def confidences(session: Session, project_id: int) -> dict[int, float | None]:
    """Give the confidence that is kept with each sample's label."""
    rows = session.execute(
        sqlalchemy.select(col(Consensus.sample_id), col(Consensus.confidence)).where(
            col(Consensus.project_id) == project_id
        )
    )
    return dict(iter(rows))


def confide(session: Session, project_id: int, given: Mapping[int, float], *, number: int) -> None:
    """Keep how sure the labels are, where nothing was said after event `number`.

    Waits for those who are writing labels, and lets them wait: keep it short.
    """
    # whoever changes a consensus holds this row first; so nobody can wait for us and we for them
    session.execute(
        select(Tally.project_id).where(Tally.project_id == project_id).with_for_update()
    )
    session.connection().execute(
        sqlalchemy.update(_CONSENSUS)
        .where(_CONSENSUS.c.sample_id == bindparam("its"), _CONSENSUS.c.number <= number)
        .values(confidence=bindparam("sure")),
        [{"its": sample, "sure": sure} for sample, sure in sorted(given.items())],
    )
