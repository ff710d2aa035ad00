"""Thirty-two annotators at once, two answers a sample, on SQLite and on PostgreSQL."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sqlmodel import col, func, select

from activeloop.flows import accounts, importing, projects, simulating
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import schema
from activeloop.store.tables import Consensus, Project
from activeloop.wiring import Services, build
from benchmarks.load.annotators import Annotator, Habits, Seen
from benchmarks.load.proof import Proof, prove
from benchmarks.serving import clock, served
from benchmarks.tabular import show

CLASSES = ("good", "bad", "neither")
WANTED = 2
LEASE_SECONDS = 5
SIGNS = "no secret: this database lives for one measurement only"
SMOOTH = Habits(**dict.fromkeys(Habits.__dataclass_fields__, 0.0))
PERCENT = (50, 95, 99)


def main(words: Sequence[str] = ()) -> None:
    """Print a row for each database; end with an error when a promise was broken."""
    asked = _options().parse_args(list(words))
    rows: list[tuple[object, ...]] = []
    faults: list[str] = []
    for database in asked.databases:
        with _place(database) as (home, url):
            services = build(read_settings(data=home, database_url=url))
            try:
                seen, proof, seconds = measure(
                    services, url, people=asked.people, samples=asked.samples,
                    habits=SMOOTH if asked.smooth else Habits(),
                )  # fmt: skip
            finally:
                services.database.close()
        rows.append(_row(database, asked.people, seen, proof, seconds))
        faults += proof.faults
        print(f"{database}: what happened: {dict(sorted(seen.did.items()))}")
    columns = ("database", "people", "samples", "answers", "not counted", "events", "answers/s")
    latency = [f"{what} {'p50 ms' if p == PERCENT[0] else f'p{p}'}" for what in ("next", "answer")
               for p in PERCENT]  # fmt: skip
    show("two answers per sample, full speed", (*columns, *latency, "broken promises"), rows)
    if faults:
        raise SystemExit("\n".join(faults[:20]))


def _options() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="python -m benchmarks load")
    asked.add_argument("--people", type=int, default=32)
    asked.add_argument("--samples", type=int, default=10_000)
    asked.add_argument("--smooth", action="store_true", help="nobody vanishes or sends twice")
    asked.add_argument(
        "--databases", nargs="+", default=("sqlite", "postgresql"),
        choices=("sqlite", "postgresql"),
    )  # fmt: skip
    return asked


@contextlib.contextmanager
def _place(database: str) -> Iterator[tuple[Path, str]]:
    """Give a data directory and, for PostgreSQL, a database on a durable server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="activeloop-load-"))
    folder.chmod(0o755)  # the server runs as a user of its own
    try:
        with contextlib.ExitStack() as ending:
            url = ""
            if database == "postgresql":
                from tests.servers import Postgres

                (folder / "postgres").mkdir()
                server = Postgres(folder / "postgres", durable=True)
                ending.callback(server.stop)
                server.start()
                url = server.url_of(server.create_database())
            yield folder / "data", url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(
    services: Services, url: str, *, people: int, samples: int, habits: Habits
) -> tuple[Seen, Proof, float]:
    """Let people label a whole pool; give what they saw, what the tables say, and the seconds."""
    schema.upgrade(services.database)
    project, tokens = _pool(services, people, samples)
    home = services.settings.data
    seen, stop = Seen(), threading.Event()
    with served(home, **_environment(url)) as port, clock(services):
        crowd = [
            Annotator(
                name, token, ("127.0.0.1", port), project.name, _truth, CLASSES, LEASE_SECONDS,
                seen, stop, habits,
            )
            for name, token in tokens.items()
        ]  # fmt: skip
        threads = [threading.Thread(target=each.live, daemon=True) for each in crowd]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        while not stop.is_set() and _complete(services, project) < samples:
            time.sleep(0.5)
        seconds = time.perf_counter() - began
        stop.set()
        for thread in threads:
            thread.join()
    if seen.errors:
        raise seen.errors[0]
    with services.read() as session:
        proof = prove(session, project.id, seen.acknowledged, wanted=WANTED)
    return seen, proof, seconds


def _environment(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "SECRET_KEY": SIGNS} if url else {}


def _truth(sample: dict[str, object]) -> str:
    return CLASSES[int(str(sample["id"])) % len(CLASSES)]


def _complete(services: Services, project: Project) -> int:
    with services.read() as session:
        return session.exec(
            select(func.count()).where(
                Consensus.project_id == project.id, col(Consensus.complete).is_(True)
            )
        ).one()


def _pool(services: Services, people: int, samples: int) -> tuple[Project, dict[str, str]]:
    """Import a ranked pool of texts; give the project and a token for each annotator."""
    services.uploads.mkdir(parents=True)
    path = services.uploads / "pool.jsonl"
    chance = np.random.default_rng(0)
    words = chance.integers(0, 5000, size=(samples, 12))
    rows = (json.dumps({"text": " ".join(f"w{word}" for word in row)}) for row in words)
    path.write_text("\n".join(rows))
    spec = parse_spec(
        {
            "name": "crowd", "kind": "text", "classes": CLASSES, "answers_per_sample": WANTED,
            "lease_seconds": LEASE_SECONDS, "offer_groups": False,
            # no version is trained meanwhile: this measures the doors
            "retrain": {"every": 1_000_000},
        }
    )  # fmt: skip
    with services.write() as session:
        project = projects.create(session, spec)
        importing.begin(
            services, session, project, name=path.name, media_type="", stream_path=path,
            mapping={}, user_id=None,
        )  # fmt: skip
    simulating.drain(services, project.id)
    with services.write() as session:
        tokens = {}
        for number in range(people):
            name = f"annotator-{number}"
            accounts.add_user(session, name, "annotator", None)
            tokens[name] = accounts.new_token(session, name)
    return project, tokens


def _row(
    database: str, people: int, seen: Seen, proof: Proof, seconds: float
) -> tuple[object, ...]:
    milliseconds = [
        f"{value * 1000:.0f}"
        for times in (seen.next_seconds, seen.answer_seconds)
        for value in np.percentile(times, PERCENT)
    ]
    return (
        database, people, f"{proof.samples:,}", f"{proof.answers:,}", proof.spare,
        f"{proof.events:,}", f"{proof.answers / seconds:.0f}", *milliseconds, len(proof.faults),
    )  # fmt: skip
