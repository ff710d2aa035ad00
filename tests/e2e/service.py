"""A running activeloop of real processes, on either stack, and programs that talk to it."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import urllib3

from activeloop.settings import Settings
from activeloop.store.db import Session
from activeloop.wiring import build
from tests.processes import Process, free_port, plain_environment
from tests.servers import Postgres, Redis

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("embedded", pytest.param("production", marks=pytest.mark.servers))
PASSWORD = "correct horse battery staple"
ACTIVELOOP = [sys.executable, "-m", "activeloop.cli"]
START = 240
"""Seconds within which the web process answers, also on a machine that is busy with others."""
WORKERS = ("worker-1", "worker-2")


class Refused(AssertionError):
    """The service answered otherwise than the test wants."""


@dataclass
class Client:
    """A program with somebody's token; safe to use from several threads."""

    base: str
    token: str = ""
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(
            maxsize=8, retries=False, timeout=urllib3.Timeout(connect=5, read=120)
        )
    )

    def send(
        self, method: str, path: str, body: bytes | None = None, media_type: str = ""
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and give the answer, whatever it is."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if media_type:
            headers["Content-Type"] = media_type
        return self.pool.request(method, f"{self.base}{path}", body=body, headers=headers)

    def get(self, path: str) -> Any:
        """Read JSON."""
        return self._read(self.send("GET", path), path)

    def text(self, path: str) -> str:
        """Read text."""
        answer = self.send("GET", path)
        if answer.status != 200:
            raise Refused(f"{path}: {answer.status} {answer.data[:500]!r}")
        return answer.data.decode()

    def post(self, path: str, content: Any = None) -> Any:
        """Send JSON and read JSON."""
        body = json.dumps({} if content is None else content).encode()
        return self._read(self.send("POST", path, body, "application/json"), path)

    def upload(self, project: str, name: str, media_type: str, content: bytes) -> int:
        """Begin an import of a file as a browser would, and give its number."""
        part = (name, content, media_type)
        body, header = urllib3.encode_multipart_formdata({"file": part})
        path = f"/api/v1/projects/{project}/imports"
        return int(self._read(self.send("POST", path, body, header), path)["id"])

    def _read(self, answer: urllib3.BaseHTTPResponse, path: str) -> Any:
        if not 200 <= answer.status < 300:
            raise Refused(f"{path}: {answer.status} {answer.data[:2000].decode()}")
        return answer.json()


@dataclass
class Service:
    """The processes of one installation, and its doors."""

    stack: str
    folder: Path
    settings: dict[str, str]
    port: int
    redis: Redis | None = None
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """Address of the web process."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment of every process."""
        return plain_environment(**self.settings)

    def start(self, *names: str) -> None:
        """Start processes by name; those that run the web are awaited."""
        for name in names:
            role = name.partition("-")[0]
            words = [role, "--port", str(self.port)] if role in ("up", "web") else [role]
            process = Process(
                [*ACTIVELOOP, *words],
                log=self.folder / f"{name}.log",
                env=self.environment,
                cwd=ROOT,
            )
            process.start()
            self.processes[name] = process
        for name in names:
            if name in ("up", "web"):
                self.processes[name].wait_until(self.answers, seconds=START)

    def answers(self) -> bool:
        """Whether the web process answers."""
        try:
            return Client(self.base).send("GET", "/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self) -> None:
        """End everything in order."""
        for process in self.processes.values():
            if process.alive:
                process.stop()

    def cli(self, *words: str, told: str = "") -> str:
        """Run a command to its end and give what it printed."""
        done = subprocess.run(
            [*ACTIVELOOP, *words],
            input=told,
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=START,
            check=False,
        )
        if done.returncode:
            raise Refused(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @cached_property
    def admin(self) -> Client:
        """The first user and token, made by the command line as on the first day."""
        self.cli("user", "add", "admin", "--role", "admin", told=f"{PASSWORD}\n{PASSWORD}\n")
        return Client(self.base, self.cli("token", "new", "--user", "admin").split()[-1])

    def person(self, name: str, role: str) -> Client:
        """Have the administrator make a user and a token."""
        self.admin.post("/api/v1/users", {"name": name, "role": role})
        token = self.admin.post(f"/api/v1/users/{name}/tokens")
        return Client(self.base, token["token"])

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Look into the database behind the service's back."""
        values = {name.removeprefix("ACTIVELOOP_").lower(): v for name, v in self.settings.items()}
        services = build(Settings(**values))  # type: ignore[arg-type]
        try:
            with services.read() as session:
                yield session
        finally:
            services.database.close()

    def logs(self) -> str:
        """Give the end of every log."""
        return "\n".join(f"--- {name}\n{each.tail()}" for name, each in self.processes.items())

    def until(self, ready: Callable[[], bool], what: str, *, seconds: float) -> None:
        """Wait until `ready` says so; the logs are shown when it never does."""
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                pytest.fail(f"not within {seconds} s: {what}\n{self.logs()}")
            time.sleep(0.1)


@contextlib.contextmanager
def running(
    stack: str, request: pytest.FixtureRequest, folder: Path, **settings: str
) -> Iterator[Service]:
    """Start an empty installation, and end it.

    Args:
        stack: `embedded` (`activeloop up`) or `production` (PostgreSQL, Redis, web, two workers
            and the clock).
        request: of the test or fixture; gives the servers.
        folder: an empty directory for logs and data.
        settings: further ACTIVELOOP_ settings, by their name in capitals.
    """
    more = {f"ACTIVELOOP_{name}": text for name, text in settings.items()}
    service = Service(stack, folder, {"ACTIVELOOP_DATA": str(folder / "data"), **more}, free_port())
    with contextlib.ExitStack() as ending:
        if stack == "production":
            service.redis = _broker(folder, ending)
            service.settings |= {
                "ACTIVELOOP_DATABASE_URL": _database(request, ending),
                "ACTIVELOOP_REDIS_URL": service.redis.url,
                "ACTIVELOOP_SECRET_KEY": secrets.token_hex(32),
            }
        ending.callback(service.stop)
        if stack == "production":
            service.cli("upgrade")
            service.start("web")
            service.start(*WORKERS, "clock")
        else:
            service.start("up")
        yield service


def _broker(folder: Path, ending: contextlib.ExitStack) -> Redis:
    (folder / "redis").mkdir()
    redis = Redis(folder / "redis")
    redis.start()
    ending.callback(redis.stop)
    return redis


def _database(request: pytest.FixtureRequest, ending: contextlib.ExitStack) -> str:
    server: Postgres = request.getfixturevalue("postgres_server")
    if not server.alive:  # a fault test may have left it dead
        server.start()
    name = server.create_database()
    ending.callback(server.drop_database, name)
    return server.url_of(name)


@dataclass(frozen=True)
class Site:
    """One project of a running service, seen by its engineer."""

    service: Service
    engineer: Client
    name: str

    @property
    def path(self) -> str:
        """The project's address in the API."""
        return f"/api/v1/projects/{self.name}"

    def status(self) -> dict[str, Any]:
        """Read what the project does."""
        found: dict[str, Any] = self.engineer.get(f"{self.path}/status")
        return found

    def done(self) -> list[dict[str, Any]]:
        """List the runs that are done, latest first."""
        return [run for run in self.status()["runs"] if run["status"] == "done"]

    def bring(self, name: str, media_type: str, content: bytes) -> dict[str, Any]:
        """Import a file over HTTP, and wait until the pool is ranked."""
        number = self.engineer.upload(self.name, name, media_type, content)
        found: dict[str, Any] = {}

        def imported() -> bool:
            found.update(self.engineer.get(f"{self.path}/imports/{number}"))
            return found["status"] in ("done", "failed")

        self.service.until(imported, f"import of {name}", seconds=180)
        if found["status"] == "done" and found["added"]:
            ranked = lambda: self.status()["queue"]["ranking"] is not None  # noqa: E731
            self.service.until(ranked, "the first ranking", seconds=120)
        return found

    def quiet(self, *, seconds: float = 120) -> dict[str, Any]:
        """Wait until no job is left, and give the status then."""
        found: dict[str, Any] = {}

        def still() -> bool:
            found.clear()
            found.update(self.status())
            working = [job for job in found["jobs"] if job["state"] in ("queued", "running")]
            return not working and not any(
                r["status"] in ("queued", "running") for r in found["runs"]
            )

        self.service.until(still, "no job left", seconds=seconds)
        return found

    def learn(self, *, seconds: float = 120) -> dict[str, Any]:
        """Learn from everything labelled so far, and give the status after that."""
        self.quiet(seconds=seconds)
        run = self.engineer.post(f"{self.path}/runs", {"mode": "auto"})
        after = self.quiet(seconds=seconds)
        ended = self.engineer.get(f"{self.path}/runs/{run['id']}")
        if ended["status"] != "done":
            raise Refused(f"run {run['id']} is {ended}\n{self.service.logs()}")
        return after

    def right(self, samples: list[Any], truth: list[str], *, batch: int = 200) -> float:
        """Give the champion's accuracy on samples it has never seen, asked over HTTP."""
        said: list[str] = []
        for start in range(0, len(samples), batch):
            asked = {"samples": samples[start : start + batch]}
            answer = self.engineer.post(f"{self.path}/predict", asked)
            said += [each["label"] for each in answer["predictions"]]
        return sum(map(str.__eq__, said, truth)) / len(truth)

    def export(self, form: str) -> list[dict[str, Any]]:
        """Read an export in JSON Lines."""
        text = self.engineer.text(f"{self.path}/export?format={form}")
        return [json.loads(line) for line in text.splitlines()]


def site(service: Service, spec: Mapping[str, Any], engineer: Client | None = None) -> Site:
    """Make a project over HTTP, by an engineer made for it."""
    client = engineer or service.person("engineer", "engineer")
    made = client.post("/api/v1/projects", dict(spec))
    return Site(service, client, str(made["name"]))


def counted(metrics: str, route: str) -> float:
    """Add up how many requests to a route Prometheus would count."""
    line = rf'^activeloop_requests_total{{.*route="{route}".*}} (\S+)$'
    rows = re.findall(line, metrics, re.MULTILINE)
    return sum(map(float, rows))
