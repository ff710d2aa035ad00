"""From the last label of a batch to a queue ranked by what was learned, through `activeloop up`."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from activeloop.flows import accounts, projects
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import schema
from activeloop.wiring import build
from benchmarks.tabular import show

ROWS, WIDTH, CLASSES, ROUNDS, BATCH = 100_000, 256, 10, 5, 20
POLL_SECONDS = 0.02
NAME = "fresh"


@dataclass(frozen=True)
class Round:
    """Seconds after the last label of a batch was acknowledged."""

    version: int
    started: float
    kept: float
    head: float
    pool: float


def main(words: list[str] | None = None) -> None:
    """Read the options, and print a row for each batch labelled."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--keep", type=Path, help="keep the data here, and use what is there")
    asked = options.parse_args(words or [])
    measure(asked.rows, asked.rounds, asked.keep)


def measure(rows: int, rounds: int, keep: Path | None) -> None:
    """Start the service, and label batch after batch."""
    with contextlib.ExitStack() as ending:
        home = keep or Path(ending.enter_context(tempfile.TemporaryDirectory()))
        token = _token(home)
        port = ending.enter_context(_up(home))
        site = Site(port, token)
        _import(site, home, rows)
        found = [_round(site) for _ in range(rounds)]
    show(
        f"{rows:,} x {WIDTH} vectors, {CLASSES} classes: seconds after the last label of a batch",
        ("version", "run started", "version kept", "head fresh", "pool ranked", "head - version"),
        [
            (r.version, *(f"{s:.2f}" for s in (r.started, r.kept, r.head, r.pool, r.head - r.kept)))
            for r in found
        ],
    )


@dataclass
class Site:
    """The project over HTTP, and somebody who knows the right labels."""

    port: int
    token: str

    def __post_init__(self) -> None:
        """Open one connection and keep it."""
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        self._truth = truth()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON, or the file that `body` is, and read JSON."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with contextlib.ExitStack() as ending:
            content: Any = None if body is None or isinstance(body, Path) else json.dumps(body)
            if isinstance(body, Path):
                headers["Content-Type"] = "application/octet-stream"
                headers["Content-Length"] = str(body.stat().st_size)
                content = ending.enter_context(body.open("rb"))
            self._connection.request(method, f"/api/v1/projects/{NAME}{path}", content, headers)
            answer = self._connection.getresponse()
            told = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {told[:300]!r}")
        return json.loads(told)

    def label(self, how_many: int) -> float:
        """Label so many samples; give the moment at which the last was acknowledged."""
        for offer in self.ask("POST", "/offers", {"count": how_many})["offers"]:
            vector = np.asarray(offer["sample"]["payload"]["vector"], np.float32)
            answer = {"label": f"c{int((vector @ self._truth).argmax())}"}
            body = {
                "offer_id": offer["id"],
                "answer": answer,
                "lead_ms": 1,
                "key": str(offer["id"]),
            }
            self.ask("POST", "/labels", body)
        return time.time()


def truth() -> np.ndarray:
    """Give the directions of the classes: the right label is the nearest one."""
    return np.random.default_rng(1).standard_normal((WIDTH, CLASSES), dtype=np.float32)


def vectors(path: Path, rows: int) -> Path:
    """Write vectors, each leaning towards its class."""
    chance, towards = np.random.default_rng(0), truth().T
    array = np.lib.format.open_memmap(path, "w+", np.float32, (rows, WIDTH))
    for first in range(0, rows, 65_536):
        part = array[first : first + 65_536]
        part[:] = chance.standard_normal(part.shape, dtype=np.float32)
        part += 0.3 * towards[chance.integers(CLASSES, size=len(part))]
    array.flush()
    return path


def _token(home: Path) -> str:
    services = build(read_settings(data=home))
    schema.upgrade(services.database)
    kept = home / "token"
    if not kept.exists():
        spec = {
            "name": NAME,
            "kind": "vectors",
            "classes": [f"c{number}" for number in range(CLASSES)],
            "retrain": {"every": BATCH},
            "batch_size": BATCH,
        }
        with services.write() as session:
            projects.create(session, parse_spec(spec))
            accounts.add_user(session, "engineer", "engineer", None)
            kept.write_text(accounts.new_token(session, "engineer"))
    services.database.close()
    return kept.read_text()


@contextlib.contextmanager
def _up(home: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [sys.executable, "-m", "activeloop.cli", "up", "--port", str(port)]
    with (home / "up.log").open("w") as log:
        up = subprocess.Popen(
            [*words, "--data", str(home)], stdout=log, stderr=log, env=dict(os.environ)
        )
        try:
            _await(port, up)
            yield port
        finally:
            up.terminate()
            up.wait()


def _await(port: int, up: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if up.poll() is not None:
            raise RuntimeError("activeloop ended; see up.log")
        time.sleep(0.1)
    raise RuntimeError("activeloop does not answer")


def _import(site: Site, home: Path, rows: int) -> None:
    if site.ask("GET", "/status")["counts"]["samples"] >= rows:
        return
    path, began = vectors(home / "pool.npy", rows), time.monotonic()
    site.ask("POST", "/imports?name=pool.npy", path)
    path.unlink()
    while (found := site.ask("GET", "/status"))["jobs"] or not found["queue"]["ranking"]:
        time.sleep(0.5)
    print(f"imported, featurised and ranked {rows:,} rows in {time.monotonic() - began:.0f} s")


def _round(site: Site) -> Round:
    """Label until a run is due, then watch it."""
    while (before := site.ask("GET", "/status"))["jobs"]:
        time.sleep(POLL_SECONDS)
    last = before["learner"]["number"] if before["learner"] else 0
    labelled, learnt = before["counts"]["labelled_train"], before["runs"][:1]
    at = site.label(BATCH - (labelled - (learnt[0]["train_labels"] if learnt else 0)))
    started = kept = head = 0.0
    while True:
        found, now = site.ask("GET", "/status"), time.time() - at
        queue, learner, run = found["queue"], found["learner"], (found["runs"] or [None])[0]
        if run is None or (learnt and run["id"] == learnt[0]["id"]):
            if not found["jobs"]:  # a label went to the audit stratum: the batch is not full yet
                return _round(site)
            continue
        started = started or (now if run["status"] != "queued" else 0.0)
        kept = kept or (now if learner and learner["number"] > last else 0.0)
        fresh = queue["version"] is not None and queue["version"] > last
        head = head or (now if fresh else 0.0)
        if fresh and queue.get("scope", "pool") == "pool":
            return Round(queue["version"], started, kept, head, now)
        if run["status"] == "failed" or now > 120:
            raise RuntimeError(f"no fresh queue: {found['doctor']}")
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
