"""Reviews: the samples that a reviewer should look at, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy
from sqlalchemy import Table, func, update
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from activeloop.store.tables import Label, Offer, Review, Sample, User

Reason = Literal["disagreement", "suspected", "flag", "asked"]
DISAGREEMENT: Reason = "disagreement"
"""The answers are in, and people disagree."""
SUSPECTED: Reason = "suspected"
"""The label is likely wrong."""
FLAG: Reason = "flag"
"""An annotator flagged the sample."""
ASKED: Reason = "asked"
"""Somebody sent the sample here."""
REASONS = (DISAGREEMENT, SUSPECTED, FLAG, ASKED)

_REVIEW: Table = Review.__table__  # type: ignore[attr-defined]
_AT_ONCE = 500


def open_(
    session: Session,
    project_id: int,
    sample_id: int,
    reason: Reason,
    detail: Mapping[str, Any],
    *,
    now: datetime,
    user_id: int | None = None,
) -> None:
    """Send a sample to review; one that is there for this reason already gets the new detail."""
    open_many(session, project_id, {sample_id: detail}, reason, now=now, user_id=user_id)


def open_many(
    session: Session,
    project_id: int,
    details: Mapping[int, Mapping[str, Any]],
    reason: Reason,
    *,
    now: datetime,
    user_id: int | None = None,
) -> None:
    """Send samples to review, each with its detail; index: review_once."""
    postgres = session.connection().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    rows = [
        {
            "project_id": project_id,
            "sample_id": sample_id,
            "reason": reason,
            "detail": dict(details[sample_id]),
            "state": "open",
            "user_id": user_id,
            "created_at": now,
        }
        for sample_id in sorted(details)  # in one order, so that two cannot lock each other out
    ]
    for at in range(0, len(rows), _AT_ONCE):
        statement = insert(_REVIEW).values(rows[at : at + _AT_ONCE])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[_REVIEW.c.sample_id, _REVIEW.c.reason],
                # as text: PostgreSQL recognises the index only when the value is no parameter
                index_where=sql("state = 'open'"),
                set_={"detail": statement.excluded.detail},
            )
        )


def settle(
    session: Session,
    sample_id: int,
    *,
    now: datetime,
    reasons: Sequence[Reason] = REASONS,
    state: Literal["done", "dismissed"] = "done",
    by: int | None = None,
    label_id: int | None = None,
) -> int:
    """Close a sample's open reviews for these reasons and tell how many there were.

    Index: review_once.
    """
    closed = session.execute(
        update(_REVIEW)
        .where(
            _REVIEW.c.sample_id == sample_id,
            _REVIEW.c.reason.in_(reasons),
            _REVIEW.c.state == "open",
        )
        .values(state=state, closed_by=by, closed_at=now, label_id=label_id)
        .returning(_REVIEW.c.id)
    )
    return len(closed.all())


def settle_many(
    session: Session, sample_ids: Sequence[int], reason: Reason, *, now: datetime
) -> None:
    """Close the open reviews of some samples for one reason. Index: review_once."""
    for at in range(0, len(sample_ids), _AT_ONCE):
        session.execute(
            update(_REVIEW)
            .where(
                _REVIEW.c.sample_id.in_(list(sample_ids[at : at + _AT_ONCE])),
                _REVIEW.c.reason == reason,
                _REVIEW.c.state == "open",
            )
            .values(state="done", closed_at=now)
        )


def by_id(session: Session, project_id: int, review_id: int) -> Review | None:
    """Look a review up within its project."""
    return session.exec(
        select(Review).where(Review.project_id == project_id, Review.id == review_id)
    ).one_or_none()


def of_sample(session: Session, sample_id: int) -> list[Review]:
    """List all reviews of a sample, oldest first. Index: review_of_sample."""
    found = select(Review).where(Review.sample_id == sample_id).order_by(col(Review.id))
    return list(session.exec(found))


def queue(
    session: Session,
    project_id: int,
    *,
    reason: Reason | None = None,
    after: int = 0,
    count: int = 50,
) -> list[Review]:
    """List the open reviews that come after review `after`, oldest first. Index: review_queue."""
    found = select(Review).where(
        Review.project_id == project_id, Review.state == "open", Review.id > after
    )
    if reason is not None:
        found = found.where(Review.reason == reason)
    return list(session.exec(found.order_by(col(Review.id)).limit(count)))


def before(
    session: Session, project_id: int, review_id: int, *, reason: Reason | None = None
) -> int | None:
    """Give the number of the open review before this one. Index: review_queue."""
    found = select(Review.id).where(
        Review.project_id == project_id, Review.state == "open", Review.id < review_id
    )
    if reason is not None:
        found = found.where(Review.reason == reason)
    return session.exec(found.order_by(col(Review.id).desc()).limit(1)).one_or_none()


def open_counts(session: Session, project_id: int) -> dict[str, int]:
    """Count the open reviews by reason. Index: review_queue."""
    rows = session.execute(
        select(col(Review.reason), func.count())
        .where(col(Review.project_id) == project_id, col(Review.state) == "open")
        .group_by(col(Review.reason))
    )
    found = {reason: int(number) for reason, number in rows}
    return {reason: found.get(reason, 0) for reason in REASONS}


@dataclass(frozen=True, slots=True)
class Said:
    """An event of a sample, with who did it and how it was asked."""

    event: Label
    name: str | None
    kind: str | None
    suggestion: str | None
    suggestion_shown: bool


def said(session: Session, sample_id: int) -> list[Said]:
    """Read all events of a sample in order, with their people and offers.

    Index: label.sample_id.
    """
    rows = session.execute(
        sqlalchemy.select(
            Label,
            col(User.name),
            col(Offer.kind),
            col(Offer.suggestion),
            col(Offer.suggestion_shown),
        )
        .outerjoin(User, col(User.id) == col(Label.user_id))
        .outerjoin(Offer, col(Offer.id) == col(Label.offer_id))
        .where(col(Label.sample_id) == sample_id)
        .order_by(col(Label.number))
    )
    return [
        Said(event, name, kind, suggestion, bool(shown))
        for event, name, kind, suggestion, shown in rows
    ]


def samples(session: Session, ids: Sequence[int]) -> dict[int, Sample]:
    """Read samples by their ids."""
    if not ids:
        return {}
    found = session.exec(select(Sample).where(col(Sample.id).in_(list(ids))))
    return {sample.id: sample for sample in found}


def names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Give people's names by their ids."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    rows = session.execute(select(col(User.id), col(User.name)).where(col(User.id).in_(wanted)))
    return {int(user_id): name for user_id, name in rows}
