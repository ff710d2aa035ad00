"""The database: one engine, read and write sessions, and the clock all leases go by."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, TypeDecorator, create_engine, event
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from activeloop.errors import Crossed, Transient

__all__ = [
    "Database",
    "Gate",
    "Session",
    "UtcDateTime",
    "now",
    "open_database",
    "sqlite_module",
]

WRITES = "activeloop_writes"
UNIQUE_VIOLATION = "23505"
DEADLOCK = "40P01"
SERIALIZATION = "40001"
FIXED_SQLITE = (3, 51, 3)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, always aware; SQLite keeps it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; hand over UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Gate:
    """Lets one writer at a time into SQLite, first come first served, across processes.

    Without it SQLite's busy handler lets some writers wait for seconds while others pass.
    """

    def __init__(self, path: Path) -> None:
        """Remember the lock file; each thread of each process opens it for itself."""
        self._path = path
        self._local = threading.local()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Wait for the turn, and keep it until the block ends."""
        descriptor = self._descriptor()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _descriptor(self) -> int:
        # a forked child would share its parent's lock, so the process id is part of the key
        if getattr(self._local, "owner", None) != os.getpid():
            self._local.file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._local.owner = os.getpid()
        return int(self._local.file)


class Database:
    """One database, SQLite or PostgreSQL, behind the same two kinds of session."""

    def __init__(self, engine: Engine, gate: Gate | None) -> None:
        """Keep the engine and, for SQLite, the writers' gate."""
        self.engine = engine
        # made once: each engine joins the listeners anew, at every event of every transaction
        self._writing = engine.execution_options(**{WRITES: True})
        self._gate = gate

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one state and writes nothing."""
        with _faults_translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session  # closing rolls back, and lets go of the rows without emptying them

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits when the block ends and rolls back when it raises."""
        with _faults_translated():
            if self._gate is None:
                with Session(self.engine, expire_on_commit=False) as session, session.begin():
                    yield session
                return
            with (
                self._gate.hold(),
                Session(self._writing, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the writer's turn without opening a session; PostgreSQL has no queue."""
        with self._gate.hold() if self._gate else nullcontext():
            yield

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def _faults_translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        # the unique indexes are the last word where two transactions could not see each other
        if _doubled(error):
            raise Crossed from error
        raise
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) in (DEADLOCK, SERIALIZATION):
            raise Crossed from error
        raise Transient(f"The database did not answer: {error.orig}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Transient(f"The connection to the database broke: {error.orig}") from error
        raise


def _doubled(error: IntegrityError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state == UNIQUE_VIOLATION or "UNIQUE constraint failed" in str(error.orig)


def open_database(url: str, data: Path, *, durable: bool = True) -> Database:
    """Open PostgreSQL at `url`, or, when it is empty, SQLite in the data directory.

    Args:
        url: SQLAlchemy URL, or empty.
        data: the data directory.
        durable: whether a commit waits for the disk; only throw-away databases need not.
    """
    if url:
        return Database(_postgres(url), None)
    data.mkdir(parents=True, exist_ok=True)
    return Database(_sqlite(data / "activeloop.db", durable=durable), Gate(data / "write.lock"))


def now(session: Session) -> datetime:
    """Read the clock by which leases are set and judged: the database's own."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)  # SQLite has no clock but this machine's
    moment: datetime = connection.execute(sql("SELECT clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


def sqlite_module() -> ModuleType:
    """Choose the SQLite to use: Python's own, or the newer one of the pysqlite3 wheel.

    SQLite before 3.51.3 can lose committed writes when two connections reset the WAL at once.
    """
    if sqlite3.sqlite_version_info >= FIXED_SQLITE:
        return sqlite3
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    module: ModuleType = dbapi2
    return module


def _postgres(url: str) -> Engine:
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            url = "postgresql+psycopg://" + url.removeprefix(plain)
    return create_engine(
        url,
        pool_size=16,
        max_overflow=16,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
    )


def _sqlite(path: Path, *, durable: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        module=sqlite_module(),
        pool_size=32,
        max_overflow=32,
        connect_args={"timeout": 15, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite if durable else _prepare_throwaway)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # else the driver begins by itself, too late
    for pragma in (
        "busy_timeout=15000",
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL loses the last minutes of labels at a power cut
        "foreign_keys=ON",
        "cache_size=-65536",
        "wal_autocheckpoint=4000",  # a checkpoint at every few commits halves the speed of imports
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_throwaway(connection: Any, record: Any) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA synchronous=OFF")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
