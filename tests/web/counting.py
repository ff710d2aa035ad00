"""How many rows each table holds: what a refusal must leave as it was."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import SQLModel

from activeloop.store import tables
from activeloop.wiring import Services

TABLES = sorted(SQLModel.metadata.tables)
_ALL = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in TABLES)  # noqa: S608

assert tables.Label.__tablename__ in TABLES


def counts(services: Services) -> dict[str, int]:
    """Count the rows of every table, and the files in the upload folder."""
    with services.read() as session:
        found = {name: int(count) for name, count in session.execute(text(_ALL))}
    folder = services.uploads
    return found | {"(uploads)": len(list(folder.iterdir())) if folder.exists() else 0}
