"""The search index beside SQLite: an FTS5 table of trigrams in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from activeloop.errors import Transient
from activeloop.store.db import sqlite_module
from activeloop.store.search import SHORTEST

MOST_TRIGRAMS = 64
"""Of a long search only the first are looked up; what is found is looked at anyway."""
# neither the texts nor the places in them are kept: the samples themselves are looked at
_KEPT_LEAN = "content='', columnsize=0, detail=none, tokenize='trigram'"
NEW = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS pool USING fts5(body, {_KEPT_LEAN})",
    "CREATE TABLE IF NOT EXISTS state (through INTEGER NOT NULL)",
    "INSERT INTO state SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM state)",
)


class FileIndex:
    """The index of one project; every call opens its file for itself."""

    def __init__(self, path: Path) -> None:
        """Remember where it is; nothing is made before the first `add`."""
        self._path = path

    def through(self) -> int:
        """Count the samples that it knows."""
        if not self._path.exists():
            return 0
        with self._open() as connection:
            return _through(connection)

    def add(self, first: int, bodies: Sequence[str]) -> bool:
        """Take in the next samples, all or none."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in NEW:
                connection.execute(statement)
            known = _through(connection) == first
            if known:
                connection.executemany(
                    "INSERT INTO pool (rowid, body) VALUES (?, ?)", enumerate(bodies, start=first)
                )
                connection.execute("UPDATE state SET through = ?", [first + len(bodies)])
            connection.execute("COMMIT" if known else "ROLLBACK")
        return known

    def serves(self, needles: Sequence[str]) -> bool:
        """Tell whether one of them has a trigram."""
        return any(len(needle) >= SHORTEST for needle in needles)

    def find(self, needles: Sequence[str], after: int, limit: int) -> list[int]:
        """List the next samples that have all trigrams of the needles."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            found = connection.execute(
                "SELECT rowid FROM pool WHERE pool MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?",
                [_expression(needles), after, limit],
            )
            return [seq for (seq,) in found]

    @contextmanager
    def _open(self) -> Iterator[Any]:
        module = sqlite_module()
        connection = module.connect(self._path, timeout=15, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            # what a power cut takes away is made anew
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA cache_size=-65536")
            yield connection
        except module.DatabaseError as error:
            raise Transient(
                f"The search index did not answer: {error}. If that stays so, delete "
                f"{self._path}: it is made anew."
            ) from error
        finally:
            connection.close()


def _through(connection: Any) -> int:
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone()
    if made is None:
        return 0
    (through,) = connection.execute("SELECT through FROM state").fetchone()
    return int(through)


def _expression(needles: Sequence[str]) -> str:
    """Ask for each trigram by itself: without places there are no phrases."""
    trigrams = [needle[at : at + 3] for needle in needles for at in range(len(needle) - 2)]
    quoted = [
        '"{}"'.format(trigram.replace('"', '""'))
        for trigram in dict.fromkeys(trigrams[:MOST_TRIGRAMS])
    ]
    return " AND ".join(quoted)
