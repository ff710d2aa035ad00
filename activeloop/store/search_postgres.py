"""The search index in PostgreSQL: a table of folded texts under a trigram index of pg_trgm."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError

from activeloop.store.db import Database, Session
from activeloop.store.search import SHORTEST

SCHEMA = "activeloop_search"
NEW = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    "CREATE TABLE IF NOT EXISTS {table} (seq integer PRIMARY KEY, body text NOT NULL)",
    "CREATE INDEX IF NOT EXISTS {name}_trigrams ON {table} USING gin (body gin_trgm_ops)",
)
MAKING = 0x616C_7365
"""The advisory lock behind which one process at a time makes the tables."""


class TableIndex:
    """The index of one project; it stays empty where pg_trgm cannot be had."""

    def __init__(self, database: Database, project_id: int) -> None:
        """Remember where it is; nothing is made before the first `add`."""
        self._database = database
        self._name = f"pool_{int(project_id)}"
        self._table = f"{SCHEMA}.{self._name}"

    def through(self) -> int:
        """Count the samples that it knows."""
        with self._database.read() as session:
            return self._through(session) if self._made(session) else 0

    def add(self, first: int, bodies: Sequence[str]) -> bool:
        """Take in the next samples, all or none."""
        if not self._make():
            return False
        rows = [{"seq": seq, "body": body} for seq, body in enumerate(bodies, start=first)]
        with self._database.write() as session:
            connection = session.connection()
            # one at a time: else two could both see that the same samples come next
            connection.execute(sql(f"LOCK TABLE {self._table} IN SHARE ROW EXCLUSIVE MODE"))
            if self._through(session) != first:
                return False
            connection.execute(
                sql(f"INSERT INTO {self._table} (seq, body) VALUES (:seq, :body)"),  # noqa: S608 - our own names
                rows,
            )
        return True

    def serves(self, needles: Sequence[str]) -> bool:
        """Tell whether the extension makes a trigram of one of them.

        It knows words only, and what a word is depends on the locale the database was made with.
        """
        runs = [run for needle in needles for run in re.findall(rf"\w{{{SHORTEST},}}", needle)]
        if not runs:
            return False
        with self._database.read() as session:
            if not self._made(session):
                return False
            found = session.connection().execute(
                sql("SELECT cardinality(show_trgm(:run)) > 0"), {"run": max(runs, key=len)}
            )
            return bool(found.scalar_one())

    def find(self, needles: Sequence[str], after: int, limit: int) -> list[int]:
        """List the next samples that have all needles."""
        wanted = [f"body LIKE :needle{at}" for at in range(len(needles))]
        given = {f"needle{at}": f"%{_plain(needle)}%" for at, needle in enumerate(needles)}
        query = (
            f"SELECT seq FROM {self._table} WHERE {' AND '.join(wanted)} AND seq > :after "  # noqa: S608 - our own names
            "ORDER BY seq LIMIT :limit"
        )
        names = (*given, "after", "limit")
        asked = sql(query).bindparams(*(bindparam(name) for name in names))
        with self._database.read() as session:
            if not self._made(session):
                return []
            rows = session.connection().execute(asked, given | {"after": after, "limit": limit})
            return [int(seq) for (seq,) in rows]

    def _made(self, session: Session) -> bool:
        found = session.connection().execute(
            sql("SELECT to_regclass(:name)"), {"name": self._table}
        )
        return found.scalar_one() is not None

    def _through(self, session: Session) -> int:
        found = session.connection().execute(
            sql(f"SELECT coalesce(max(seq) + 1, 0) FROM {self._table}")  # noqa: S608 - our own name
        )
        return int(found.scalar_one())

    def _make(self) -> bool:
        """Make the tables when they are not there; tell whether they are there now."""
        with self._database.read() as session:
            if self._made(session):
                return True
        try:
            with self._database.write() as session:
                connection = session.connection()
                connection.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING})
                connection.execute(sql("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
                for statement in NEW:
                    connection.execute(sql(statement.format(table=self._table, name=self._name)))
        except DBAPIError:
            # the extension is not installed, or this role may not make it: searches go without
            return False
        return True


def _plain(needle: str) -> str:
    """Keep the wildcards of LIKE from being wildcards."""
    return re.sub(r"([\\%_])", r"\\\1", needle)
