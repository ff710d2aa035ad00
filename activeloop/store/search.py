"""The search index: which samples may hold some letters. It can be lost and made anew.

It is kept apart from the tables, and is no part of the schema: for SQLite a file of its own for
each project, so that neither import nor labelling waits for it; for PostgreSQL a schema of its own.
It finds too much rather than too little: whoever asks looks at the samples themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from activeloop.store.db import Database

SHORTEST = 3
"""Letters that a search needs to be served by the index."""


class Index(Protocol):
    """What is searched of one project's pool."""

    def through(self) -> int:
        """Count the samples that it knows: those with a lower `seq`."""
        ...

    def add(self, first: int, bodies: Sequence[str]) -> bool:
        """Take in the samples from `first` on; refused unless it is the next one it lacks."""
        ...

    def serves(self, needles: Sequence[str]) -> bool:
        """Tell whether these folded texts can be looked up in it."""
        ...

    def find(self, needles: Sequence[str], after: int, limit: int) -> list[int]:
        """List, in order, the next `seq` after `after` that may hold all of them."""
        ...


def opened(database: Database, data: Path, project_id: int) -> Index:
    """Open the index of a project; it may know nothing yet."""
    if database.dialect == "sqlite":
        from activeloop.store.search_sqlite import FileIndex

        return FileIndex(data / "search" / f"{project_id}.db")
    from activeloop.store.search_postgres import TableIndex

    return TableIndex(database, project_id)
