"""What one person has answered in a project, counted."""

from __future__ import annotations

from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from activeloop.store.tables import Label, Version


class Counts(NamedTuple):
    """How many answers a person has given, ever and since a moment."""

    all: int
    since: int


class Share(NamedTuple):
    """What a version learned anew, whose it was, and how many predictions it moved.

    `moved` of the `of` predictions differ from the version before; None when nobody looked. It is
    an estimate from a random part of the pool unless `exact`.
    """

    number: int
    new: int
    mine: int
    moved: int | None
    of: int
    exact: bool


def counts(session: Session, project_id: int, user_id: int, *, since: datetime) -> Counts:
    """Count a person's answers and skips, less those taken back. Index: label_by_person."""
    step = case((col(Label.kind) == "undo", -1), (col(Label.kind).in_(("answer", "skip")), 1))
    recent = case((col(Label.created_at) >= since, step), else_=0)
    row = session.execute(
        select(func.sum(step), func.sum(recent)).where(
            col(Label.project_id) == project_id, col(Label.user_id) == user_id
        )
    ).one()
    return Counts(int(row[0] or 0), max(0, int(row[1] or 0)))


def moments(
    session: Session, project_id: int, user_id: int, *, since: datetime, most: int = 500
) -> list[datetime]:
    """List when a person answered since a moment, in order. Index: label_by_person."""
    rows = session.execute(
        select(col(Label.created_at))
        .where(
            col(Label.project_id) == project_id,
            col(Label.user_id) == user_id,
            col(Label.kind).in_(("answer", "skip")),
        )
        .order_by(col(Label.number).desc())
        .limit(most)
    ).scalars()
    return sorted(moment for moment in rows if moment >= since)


def shares(session: Session, project_id: int, user_id: int, most: int) -> list[Share]:
    """Tell of the newest versions that learned something of a person, newest first."""
    rows = session.execute(
        select(col(Version.number), col(Version.snapshot), col(Version.moved))
        .where(col(Version.project_id) == project_id)
        .order_by(col(Version.number).desc())
        .limit(most + 1)
    ).all()
    found = []
    for row, before in zip_longest(rows, rows[1:]):
        if before is None and row.number > 1:
            break  # the version before it is out of sight
        new, mine = _learned(
            session, project_id, user_id, before.snapshot if before else 0, row.snapshot
        )
        if mine > 0:
            moved = row.moved or {}
            found.append(
                Share(
                    row.number,
                    new,
                    mine,
                    moved.get("moved"),
                    int(moved.get("of", 0)),
                    bool(moved.get("exact", False)),
                )
            )
    return found[:most]


def _learned(
    session: Session, project_id: int, user_id: int, after: int, through: int
) -> tuple[int, int]:
    """Count the answers between two events, all and this person's."""
    step = case((col(Label.kind) == "undo", -1), (col(Label.kind) == "answer", 1), else_=0)
    row = session.execute(
        select(
            func.sum(step), func.sum(case((col(Label.user_id) == user_id, step), else_=0))
        ).where(
            col(Label.project_id) == project_id,
            col(Label.number) > after,
            col(Label.number) <= through,
        )
    ).one()
    return int(row[0] or 0), int(row[1] or 0)
