"""Services on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activeloop.settings import read_settings
from activeloop.store import schema
from activeloop.wiring import Services, build


@pytest.fixture(params=["sqlite", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    """Give services on an empty, migrated database: SQLite, then PostgreSQL."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = build(read_settings(data=tmp_path / "data", database_url=url))
    schema.upgrade(made.database)
    yield made
    made.database.close()
