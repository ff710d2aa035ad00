from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from activeloop.errors import Misconfigured
from activeloop.store import schema
from activeloop.store.db import Database, open_database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if postgres else ""
    database = open_database(url, tmp_path)
    yield database
    database.close()


def test_the_migrations_lead_to_exactly_the_tables(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_every_partial_index_of_the_tables_is_partial_in_the_database(empty: Database) -> None:
    schema.upgrade(empty)
    dialect = empty.dialect
    for table in SQLModel.metadata.sorted_tables:
        partial = {
            str(index.name)
            for index in table.indexes
            if index.dialect_options[dialect].get("where") is not None
        }
        found = {
            str(index["name"])
            for index in inspect(empty.engine).get_indexes(table.name)
            if index.get("dialect_options", {}).get(f"{dialect}_where") is not None
        }
        assert found == partial, table.name


def test_upgrading_twice_keeps_what_is_there(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.write() as session:
        session.connection().execute(
            sql("INSERT INTO heartbeat (name, role, at) VALUES ('a', 'worker', '2026-01-01')")
        )
    schema.upgrade(empty)
    with empty.read() as session:
        names = session.connection().execute(sql("SELECT name FROM heartbeat")).scalars().all()
    assert names == ["a"]


def test_several_processes_may_upgrade_at_once(
    request: pytest.FixtureRequest, tmp_path: Path, empty: Database
) -> None:
    url = request.getfixturevalue("postgres_url") if empty.dialect == "postgresql" else ""
    databases = [open_database(url, tmp_path) for _ in range(4)]
    faults: list[Exception] = []

    def upgrade(database: Database) -> None:
        try:
            schema.upgrade(database)
        except Exception as fault:  # noqa: BLE001 - kept for the assertion
            faults.append(fault)

    threads = [threading.Thread(target=upgrade, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert faults == []
    schema.check(empty)


def test_a_database_without_tables_is_refused_with_the_remedy(empty: Database) -> None:
    with pytest.raises(Misconfigured, match=r"no tables yet\. Run `activeloop upgrade`"):
        schema.check(empty)


def test_a_database_of_a_newer_release_is_refused(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.write() as session:
        session.connection().execute(sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misconfigured, match="newer than this release"):
        schema.check(empty)


def test_foreign_keys_are_enforced_again_after_an_upgrade(tmp_path: Path) -> None:
    database = open_database("", tmp_path)
    schema.upgrade(database)
    with database.read() as session:
        assert session.connection().execute(sql("PRAGMA foreign_keys")).scalar_one() == 1
    database.close()
