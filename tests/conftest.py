"""What every room's tests share: real servers, a real browser, real data, a clean environment."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from activeloop.store.db import open_database
from activeloop.store.schema import upgrade
from tests.servers import Postgres, Redis

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
LEFT_OUT = "the shared data folder is not beside this checkout"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVERS = {"postgres_server", "redis_server"}

hypothesis.settings.register_profile("activeloop", deadline=None, print_blob=True)
hypothesis.settings.load_profile("activeloop")


def pytest_configure() -> None:
    """Let no setting of the developer reach a test, and no numeric library take every core."""
    for name in [name for name in os.environ if name.startswith("ACTIVELOOP_")]:
        del os.environ[name]
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they ask for, so that nobody has to remember to."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        # a parametrized fixture asks for its server only when it runs
        parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
        if asked & SERVERS or "postgresql" in parameters:
            item.add_marker("servers")
        if "chromium_path" in asked:
            item.add_marker("browser")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests could not run for want of the shared data."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = sorted({report.nodeid for report in skipped if LEFT_OUT in str(report.longrepr)})
    if left_out:
        terminalreporter.write_line(f"{len(left_out)} tests left out, because {LEFT_OUT}:")
        for nodeid in left_out:
            terminalreporter.write_line(f"  {nodeid}")


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Give a folder that any user may enter; pytest's own is closed to all but its owner."""
    folder = Path(tempfile.mkdtemp(prefix="activeloop-tests-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[Postgres]:
    """Run one PostgreSQL for this test process; its `kill` and `start` are for fault tests."""
    folder = server_folder / "postgres"
    folder.mkdir()
    server = Postgres(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """Give the URL of a new, empty database."""
    if not postgres_server.alive:  # a fault test may have left it dead
        postgres_server.start()
    name = postgres_server.create_database()
    yield postgres_server.url_of(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: Postgres) -> str:
    name = postgres_server.create_database()
    database = open_database(postgres_server.url_of(name), Path())
    upgrade(database)
    database.close()
    return name


@pytest.fixture
def migrated_postgres_url(postgres_server: Postgres, _migrated_template: str) -> Iterator[str]:
    """Give the URL of a new database with the schema in place, copied in milliseconds."""
    name = postgres_server.create_database(template=_migrated_template)
    yield postgres_server.url_of(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def _redis(server_folder: Path) -> Iterator[Redis]:
    folder = server_folder / "redis"
    folder.mkdir()
    server = Redis(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(_redis: Redis) -> Redis:
    """Give a running, empty Redis; its `kill`, `start` and `flush` are for fault tests."""
    if not _redis.alive:  # a fault test may have left it dead
        _redis.start()
    _redis.flush()
    return _redis


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """Give the URL of an empty Redis."""
    return redis_server.url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Find Chromium; a machine without it fails the test, for `make test` installs it."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    pytest.fail("Chromium is missing; `make browser` installs it or says how")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real data sets, which are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(LEFT_OUT)
    return SHARED_DATA


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Give a data directory that does not exist yet."""
    return tmp_path / "activeloop-data"
