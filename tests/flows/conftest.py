"""Services on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activeloop.flows import intake
from activeloop.settings import read_settings
from activeloop.store import schema
from activeloop.wiring import Services, build
from tests.flows.pools import opened


@pytest.fixture(params=["sqlite", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    """Give services on an empty, migrated database: SQLite, then PostgreSQL."""
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("migrated_postgres_url") if postgres else ""
    made = build(read_settings(data=tmp_path / "data", database_url=url))
    if not postgres:
        schema.upgrade(made.database)
    yield made
    made.database.close()


@pytest.fixture
def embedded(data_dir: Path) -> Iterator[Services]:
    """Give services on an empty SQLite database."""
    services = opened(data_dir)
    yield services
    services.database.close()


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an import write three rows at a time."""
    for name in ("FIRST_ROWS", "FEWEST_ROWS", "MOST_ROWS"):
        monkeypatch.setattr(intake, name, 3)
