"""Next sample and label over HTTP: p50 and p99 of paced annotators, labels/s at full speed."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from activeloop.flows import accounts, importing, projects, simulating
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import schema
from activeloop.wiring import build
from benchmarks.tabular import show

POOLS = (10_000, 100_000)
ANNOTATORS = (1, 2, 4, 8)
SECONDS, PER_SECOND, FLOOR_COMMITS = 10.0, 2.0, 500
CLASSES = ("yes", "no")


@dataclass
class Timed:
    """How long each request took, in seconds."""

    next: list[float] = field(default_factory=list)
    label: list[float] = field(default_factory=list)
    labels_per_second: float = 0.0


def main() -> None:
    """Print a row for each size of the pool and number of annotators."""
    with tempfile.TemporaryDirectory() as folder:
        floor = _floor(Path(folder))
        print(f"floor: a bare SQLite FULL commit loop makes {floor:,.0f} commits/s")
        for samples in POOLS:
            home = Path(folder) / str(samples)
            tokens = _pool(home, samples)
            with _served(home) as port:
                _measure(samples, port, tokens, floor)


def _measure(samples: int, port: int, tokens: list[str], floor: float) -> None:
    rows = []
    for people in ANNOTATORS:
        for pace in (PER_SECOND, 0.0):
            timed = _together(port, tokens[:people], pace)
            rows.append(
                (
                    people,
                    f"{people * pace:.0f}/s paced" if pace else "full speed",
                    *_milliseconds(timed.next),
                    *_milliseconds(timed.label),
                    f"{timed.labels_per_second:.0f}",
                    f"{timed.labels_per_second / floor:.2f}",
                )
            )
    show(
        f"{samples:,} samples",
        ("people", "pace", "next p50 ms", "p99", "label p50 ms", "p99", "labels/s", "x floor"),
        rows,
    )


def _milliseconds(seconds: list[float]) -> tuple[str, str]:
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000
    return f"{p50:.1f}", f"{p99:.1f}"


def _floor(folder: Path) -> float:
    """Commit one row at a time, as safely as a label is committed, with nothing around it."""
    with contextlib.closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE TABLE label (id INTEGER PRIMARY KEY, label TEXT)")
        began = time.perf_counter()
        for _ in range(FLOOR_COMMITS):
            bare.execute("INSERT INTO label (label) VALUES ('yes')")
        return FLOOR_COMMITS / (time.perf_counter() - began)


def _pool(home: Path, samples: int) -> list[str]:
    """Import a ranked pool of vectors; give a token for each annotator."""
    services = build(read_settings(data=home))
    schema.upgrade(services.database)
    services.uploads.mkdir(parents=True)
    path = services.uploads / "pool.npy"
    np.save(path, np.random.default_rng(0).standard_normal((samples, 16), dtype=np.float32))
    # no version is trained meanwhile: this measures the doors, not the machine's spare cores
    spec = {"name": "pool", "kind": "vectors", "classes": CLASSES, "retrain": {"every": 1_000_000}}
    with services.write() as session:
        project = projects.create(session, parse_spec(spec))
        importing.begin(
            services,
            session,
            project,
            name=path.name,
            media_type="",
            stream_path=path,
            mapping={},
            user_id=None,
        )
    simulating.drain(services, project.id)
    tokens = []
    with services.write() as session:
        for number in range(max(ANNOTATORS)):
            accounts.add_user(session, f"annotator-{number}", "annotator", None)
            tokens.append(accounts.new_token(session, f"annotator-{number}"))
    services.database.close()
    return tokens


@contextlib.contextmanager
def _served(home: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [sys.executable, "-m", "activeloop.cli", "web"]
    with (home / "web.log").open("w") as log:
        served = subprocess.Popen(
            [*words, "--data", str(home), "--port", str(port)], stdout=log, stderr=log
        )
        try:
            _await(port, served)
            yield port
        finally:
            served.terminate()
            served.wait()


def _await(port: int, served: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if served.poll() is not None:
            raise RuntimeError("the web process ended; see web.log")
        time.sleep(0.1)
    raise RuntimeError("the web process does not answer")


def _together(port: int, tokens: list[str], pace: float) -> Timed:
    timed, lock = Timed(), threading.Lock()
    began = time.perf_counter()
    people = [
        threading.Thread(target=_annotate, args=(port, token, pace, timed, lock))
        for token in tokens
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    timed.labels_per_second = len(timed.label) / (time.perf_counter() - began)
    return timed


def _annotate(port: int, token: str, pace: float, timed: Timed, lock: threading.Lock) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    chance, end = random.Random(token), time.perf_counter() + SECONDS  # noqa: S311 - only pauses
    while time.perf_counter() < end:
        if pace:
            time.sleep(chance.expovariate(pace))
        offered, asked = _post(connection, token, "offers", {"count": 1})
        held = offered["offers"][0]["id"]
        body = {"offer_id": held, "answer": {"label": "yes"}, "lead_ms": 1, "key": f"key-{held}"}
        _, told = _post(connection, token, "labels", body)
        with lock:
            timed.next.append(asked)
            timed.label.append(told)
    connection.close()


def _post(
    connection: http.client.HTTPConnection, token: str, what: str, body: dict[str, Any]
) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/projects/pool/{what}", json.dumps(body), headers)
    answer = connection.getresponse()
    content = answer.read()
    taken = time.perf_counter() - began
    if answer.status >= 300:
        raise RuntimeError(f"{what}: {answer.status} {content[:300]!r}")
    return json.loads(content), taken


if __name__ == "__main__":
    main()
