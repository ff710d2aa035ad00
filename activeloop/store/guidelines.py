"""Versions of a project's guidelines, and which of them each person has seen."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from activeloop.store.tables import Guideline, GuidelineSeen, User

_SEEN: Table = GuidelineSeen.__table__  # type: ignore[attr-defined]


def newest(session: Session, project_id: int) -> Guideline | None:
    """Read the newest version that was written; index: guideline's unique number."""
    return session.exec(
        select(Guideline)
        .where(Guideline.project_id == project_id)
        .order_by(col(Guideline.number).desc())
        .limit(1)
    ).one_or_none()


def by_number(session: Session, project_id: int, number: int) -> Guideline | None:
    """Read one version."""
    return session.exec(
        select(Guideline).where(Guideline.project_id == project_id, Guideline.number == number)
    ).one_or_none()


def history(session: Session, project_id: int) -> list[tuple[Guideline, str | None]]:
    """List the versions, newest first, each with the name of who wrote it."""
    rows = session.execute(
        sqlalchemy.select(Guideline, col(User.name))
        .outerjoin(User, col(User.id) == col(Guideline.user_id))
        .where(col(Guideline.project_id) == project_id)
        .order_by(col(Guideline.number).desc())
    )
    return [(version, name) for version, name in rows]


def add(
    session: Session,
    project_id: int,
    *,
    number: int,
    text: str,
    user_id: int | None,
    now: datetime,
) -> Guideline:
    """Keep a version. Its number is unique: of two who write at once, one must look again."""
    version = Guideline(
        project_id=project_id, number=number, text=text, user_id=user_id, created_at=now
    )
    session.add(version)
    session.flush()
    return version


def seen(session: Session, project_id: int, user_id: int) -> int | None:
    """Tell the newest version that a person has seen."""
    return session.exec(
        select(GuidelineSeen.number).where(
            GuidelineSeen.project_id == project_id, GuidelineSeen.user_id == user_id
        )
    ).one_or_none()


def mark_seen(session: Session, project_id: int, user_id: int, number: int) -> None:
    """Note that a person has seen a version; an older one changes nothing."""
    postgres = session.connection().dialect.name == "postgresql"
    statement = (postgresql.insert if postgres else sqlite.insert)(_SEEN).values(
        project_id=project_id, user_id=user_id, number=number
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id", "user_id"],
            set_={"number": number},
            where=_SEEN.c.number < number,
        )
    )
