"""The tests' own servers: real, empty for each test, and gone with the run that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from tests.processes import LEASH, Process
from tests.servers import Postgres, Redis


def test_each_test_gets_an_empty_database_of_its_own(postgres_server: Postgres) -> None:
    first, second = postgres_server.create_database(), postgres_server.create_database()
    with psycopg.connect(postgres_server.url_of(first)) as connection:
        connection.execute("CREATE TABLE seen (number int)")
    with psycopg.connect(postgres_server.url_of(second)) as connection:
        row = connection.execute("SELECT to_regclass('seen')").fetchone()
    assert row == (None,)


def test_a_database_is_a_copy_of_its_template(postgres_server: Postgres) -> None:
    template = postgres_server.create_database()
    with psycopg.connect(postgres_server.url_of(template)) as connection:
        connection.execute("CREATE TABLE seen AS SELECT 42 AS number")
    copy = postgres_server.create_database(template=template)
    with psycopg.connect(postgres_server.url_of(copy)) as connection:
        assert connection.execute("SELECT number FROM seen").fetchone() == (42,)


def test_a_migrated_database_has_the_schema_and_no_rows(migrated_postgres_url: str) -> None:
    with psycopg.connect(migrated_postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM project").fetchone() == (0,)


def test_postgres_keeps_what_was_committed_when_it_is_killed(
    postgres_server: Postgres, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    postgres_server.kill()
    assert not postgres_server.alive
    postgres_server.start()
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_redis_is_killed_and_comes_back_at_the_same_address(redis_server: Redis) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("word", "kept")
        time.sleep(1.2)  # appendfsync everysec
        redis_server.kill()
        assert not redis_server.alive
        redis_server.start()
        assert client.get("word") == b"kept"


def test_redis_is_empty_at_the_start_of_a_test_and_wants_its_password(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
    open_door = redis_url.split("@")[1]
    stranger = redis.Redis.from_url(f"redis://{open_door}")
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_a_process_on_the_leash_ends_when_the_test_run_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    script = (
        "import subprocess, sys, pathlib, time\n"
        f"child = subprocess.Popen([sys.executable, '-I', {str(LEASH)!r}, 'SIGTERM', '', "
        "'sleep', '60'])\n"
        f"pathlib.Path({str(told)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script])
    while not told.exists() or not told.read_text():
        time.sleep(0.02)
    child = int(told.read_text())
    time.sleep(0.3)  # the leash is put on
    run.send_signal(signal.SIGKILL)
    run.wait()
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the process outlived its test run")


def test_a_process_that_ends_early_is_reported_with_what_it_wrote(tmp_path: Path) -> None:
    failing = Process([sys.executable, "-c", "print('no such table')"], log=tmp_path / "log")
    failing.start()
    with pytest.raises(RuntimeError, match="no such table"):
        failing.wait_until(lambda: False)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
