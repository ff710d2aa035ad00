"""What SQLite does for a query: which index serves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from activeloop.wiring import Services


@contextmanager
def planned(services: Services) -> Iterator[list[str]]:
    """Gather the plans of all that is selected meanwhile, one line for each step."""
    steps: list[str] = []

    def explain(_c: Any, cursor: Any, statement: str, given: Any, _x: Any, _many: bool) -> None:  # noqa: FBT001 - as SQLAlchemy calls it
        if not statement.lstrip().upper().startswith("SELECT"):
            return
        own = cursor.connection.cursor()
        own.execute(f"EXPLAIN QUERY PLAN {statement}", given)
        steps.extend(str(row[3]) for row in own.fetchall())

    event.listen(services.database.engine, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(services.database.engine, "before_cursor_execute", explain)
