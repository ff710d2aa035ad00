"""The schema: made and migrated by Alembic, from inside the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError

from activeloop.errors import Misconfigured, Transient
from activeloop.store.db import WRITES, Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x616C_7570
"""The PostgreSQL advisory lock behind which one process at a time migrates."""


def upgrade(database: Database) -> str:
    """Create the schema, or migrate it to this release; several processes may call it at once.

    Returns:
        The revision the database is at now.
    """
    from alembic import command  # loaded only to migrate: every process checks, few migrate

    with _alone(database) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return _newest()


def current(database: Database) -> str | None:
    """Read the revision the database is at; None before the first `upgrade`.

    Raises:
        Transient: when the database does not answer.
    """
    try:
        with database.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(sql("SELECT version_num FROM alembic_version"))
            revision: str | None = found.scalar_one_or_none()
            return revision
    except OperationalError as error:
        raise Transient(f"The database did not answer: {error.orig}") from error


def check(database: Database) -> None:
    """Make sure that this release and the database's schema belong together.

    Raises:
        Misconfigured: when the schema is missing, older or newer, with what to do.
    """
    found, wanted = current(database), _newest()
    if found == wanted:
        return
    if found is None:
        raise Misconfigured("The database has no tables yet. Run `activeloop upgrade`.")
    if found in _revisions():
        raise Misconfigured(
            f"The database is at schema {found}, this release wants {wanted}. "
            "Run `activeloop upgrade`."
        )
    raise Misconfigured(
        f"The database is at schema {found}, which is newer than this release ({wanted}). "
        "Install the newer release, then run `activeloop upgrade`."
    )


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    if database.dialect == "sqlite":
        engine = database.engine.execution_options(**{WRITES: True})
        with (
            database.turn(),
            engine.connect() as connection,
            _unreferenced(connection),
            connection.begin(),
        ):
            yield connection
        return
    with database.engine.connect() as connection, connection.begin():
        connection.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        yield connection


@contextmanager
def _unreferenced(connection: Connection) -> Iterator[None]:
    # SQLite changes a table by making it anew; with foreign keys on, dropping the old one would
    # delete the rows that refer to it. The pragma works only outside a transaction.
    raw = connection.connection.driver_connection
    if raw is None:
        raise Transient("The connection to the database broke.")
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _newest() -> str:
    revisions = _revisions()
    if not revisions:
        raise Misconfigured("This installation carries no migrations. Install activeloop again.")
    return revisions[-1]


def _revisions() -> list[str]:
    """List the revisions, oldest first: each file's name begins with its own."""
    return sorted(
        path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")
    )
