"""Heartbeats: which processes are alive, so that people can be told when none is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from activeloop.store.tables import Heartbeat

FORGET_AFTER = timedelta(minutes=10)
ALIVE_WITHIN = timedelta(seconds=15)

_heartbeat: Table = Heartbeat.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Seen:
    """A process and how long ago it gave a sign of life."""

    name: str
    role: str
    age: timedelta

    @property
    def host(self) -> str:
        """Machine that it runs on; a process is named host:pid."""
        return self.name.rpartition(":")[0]


def seen(session: Session, *, name: str, role: str, now: datetime) -> None:
    """Note that a process is alive."""
    postgres = session.connection().dialect.name == "postgresql"
    statement = (postgresql.insert if postgres else sqlite.insert)(_heartbeat).values(
        name=name, role=role, at=now
    )
    session.exec(
        statement.on_conflict_do_update(index_elements=["name"], set_={"role": role, "at": now})
    )


def listed(session: Session, *, now: datetime) -> list[Seen]:
    """List the processes that were seen lately, the latest first."""
    rows = session.connection().execute(select(_heartbeat).order_by(_heartbeat.c.at.desc()))
    return [Seen(row.name, row.role, now - row.at) for row in rows]


def alive(session: Session, role: str, *, now: datetime) -> bool:
    """Say whether a process of this role was seen within the last seconds."""
    found = session.connection().execute(
        select(_heartbeat.c.name)
        .where(_heartbeat.c.role == role, _heartbeat.c.at >= now - ALIVE_WITHIN)
        .limit(1)
    )
    return found.first() is not None


def leave(session: Session, name: str) -> None:
    """Take a process off the list that ends in good order."""
    session.exec(delete(_heartbeat).where(_heartbeat.c.name == name))


def clean(session: Session, *, now: datetime) -> int:
    """Forget processes that have been silent for long."""
    gone = session.exec(delete(_heartbeat).where(_heartbeat.c.at < now - FORGET_AFTER))
    return int(gone.rowcount)
