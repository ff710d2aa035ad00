"""The commands of docker-compose.yml, run with its environment against real local servers."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis

from tests.contract import compose
from tests.processes import Process, free_port, plain_environment
from tests.servers import Postgres, find_redis_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
PROGRAMS = Path(sys.executable).parent
LASTING = ("web", "worker", "clock")


@dataclass
class Composition:
    """The services of the file, at addresses of this machine."""

    folder: Path
    database: str
    broker: str
    port: int = field(default_factory=free_port)
    running: dict[str, Process] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        """Give a service's environment as the file states it, with local addresses."""
        stated = compose.services()[name]["environment"]
        here = {"postgres:5432": self.database, "redis:6379": self.broker}
        stated = {key: _replaced(value, here) for key, value in stated.items()}
        stated["ACTIVELOOP_DATA"] = str(self.folder / "data")
        if name == "web":
            stated["ACTIVELOOP_PORT"] = str(self.port)
        return plain_environment(**stated)

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a service that ends by itself."""
        return self._execute(name, compose.services()[name]["command"])

    def start(self, name: str) -> Process:
        """Start a lasting service."""
        program, *words = compose.services()[name]["command"]
        process = Process(
            [PROGRAMS / program, *words],
            log=self.folder / f"{name}.log",
            env=self.environment(name),
        )
        process.start()
        self.running[name] = process
        return process

    def healthy(self, name: str) -> bool:
        """Run the service's own health check, once."""
        command = compose.services()[name]["healthcheck"]["test"][1:]
        here = {"127.0.0.1:8000": f"127.0.0.1:{self.port}"}
        return self._execute(name, [_replaced(word, here) for word in command]).returncode == 0

    def _execute(self, name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        program, *words = command
        return subprocess.run(
            [PROGRAMS / program, *words],
            env=self.environment(name),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Redis by the very command of the file, and give its address."""
    port = free_port()
    folder = tmp_path_factory.mktemp("broker")
    words = compose.services()["redis"]["command"][1:]
    command = [find_redis_server(), *words, "--port", str(port), "--bind", "127.0.0.1"]
    process = Process(command, log=folder / "redis.log")
    process.start()
    url = f"redis://:{compose.SECRETS['REDIS_PASSWORD']}@127.0.0.1:{port}/0"
    process.wait_until(lambda: _pings(url))
    yield f"127.0.0.1:{port}"
    process.stop()


@pytest.fixture(scope="module")
def database(postgres_server: Postgres) -> Iterator[str]:
    """Make the user and the database that the file's environment makes, and give the address."""
    stated = compose.services()["postgres"]["environment"]
    user, name = stated["POSTGRES_USER"], stated["POSTGRES_DB"]
    with psycopg.connect(postgres_server.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{stated['POSTGRES_PASSWORD']}'".encode())
        admin.execute(f"CREATE DATABASE {name} OWNER {user}".encode())
        yield f"127.0.0.1:{postgres_server.port}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        admin.execute(f"DROP ROLE {user}".encode())


@pytest.fixture(scope="module")
def composition(
    tmp_path_factory: pytest.TempPathFactory, database: str, broker: str
) -> Iterator[Composition]:
    """Give the composition, upgraded once, and end what the tests start."""
    made = Composition(tmp_path_factory.mktemp("composition"), database, broker)
    (made.folder / "data").mkdir()
    upgraded = made.run("upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    yield made
    for process in made.running.values():
        process.stop()


def test_the_services_start_in_the_order_of_the_file_and_call_themselves_healthy(
    composition: Composition,
) -> None:
    # together, as compose starts them once the upgrade has ended
    started = {name: composition.start(name) for name in LASTING}
    for name, process in started.items():
        healthy = partial(composition.healthy, name)
        process.wait_until(healthy, seconds=90, pause=1)
    assert _answer(composition.port, "/readyz") == 200
    assert _answer(composition.port, "/api/v1/projects") == 401


def test_a_service_that_is_killed_is_no_longer_called_healthy_and_comes_back(
    composition: Composition,
) -> None:
    web = composition.running.get("web") or composition.start("web")
    web.wait_until(lambda: composition.healthy("web"), seconds=60)
    web.kill()
    assert not composition.healthy("web")
    web.start()
    web.wait_until(lambda: composition.healthy("web"), seconds=60)


def test_an_upgrade_run_again_changes_nothing(composition: Composition) -> None:
    assert composition.run("upgrade").returncode == 0


def test_a_web_process_without_its_key_refuses_to_start(composition: Composition) -> None:
    environment = composition.environment("web") | {"ACTIVELOOP_SECRET_KEY": ""}
    done = subprocess.run(
        [PROGRAMS / "activeloop", "web"],
        env=environment,
        cwd=composition.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "ACTIVELOOP_SECRET_KEY" in done.stderr


def _replaced(text: str, here: dict[str, str]) -> str:
    for there, local in here.items():
        text = text.replace(there, local)
    return text


def _pings(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def _answer(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
