"""Sweep one pool by 1, 2 and 4 worker processes, through the real ledger, PostgreSQL and Redis."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from activeloop.flows import blockfiles, importing, projects, simulating, training
from activeloop.jobs import Rank
from activeloop.settings import Settings
from activeloop.spec import parse_spec
from activeloop.store import blocks, db, heartbeats, ledger, rankings, runs, schema
from activeloop.store import projects as stored
from activeloop.wiring import Services, build
from benchmarks.tabular import show
from tests.servers import Postgres, Redis
from worker import hints

ROWS, WIDTH, CLASSES, RANGE = 2_000_000, 256, 10, 131_072
SEED_ROWS, BLOCK, ROUNDS = 2_000, 65_536, 3
PROCESSES = (1, 2, 4)


def main(words: list[str] | None = None) -> None:
    """Read the options, and print a row for each number of processes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--range", type=int, default=RANGE, help="rows of a range")
    options.add_argument("--strategy", default="margin-badge")
    asked = options.parse_args(words or [])
    with contextlib.ExitStack() as ending:
        settings = _servers(ending, asked.range)
        # hints at new jobs as a web process would
        services = build(settings, enqueue=hints(settings))
        ending.callback(services.database.close)
        project = _pool(services, asked.rows, asked.strategy)
        rows = []
        for count in PROCESSES:
            with _worker(services, count):
                took = [_swept(services, project) for _ in range(ROUNDS + 1)][1:]
            middle = statistics.median(took)
            rows.append((count, f"{middle:.2f}", f"{asked.rows / middle / 1e6:.2f}"))
    show(
        f"{asked.rows:,} x {WIDTH} float32, {CLASSES} classes, {asked.strategy}, "
        f"ranges of {asked.range:,} rows",
        ("processes", "seconds from asked to served", "million rows/s"),
        rows,
    )


def _servers(ending: contextlib.ExitStack, range_rows: int) -> Settings:
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
    folder.chmod(0o755)
    for name in ("postgres", "redis"):
        (folder / name).mkdir()
    postgres, redis = Postgres(folder / "postgres"), Redis(folder / "redis")
    for server in (postgres, redis):
        server.start()
        ending.callback(server.stop)
    return Settings(
        data=folder / "data",
        database_url=postgres.url_of(postgres.create_database()),
        redis_url=redis.url,
        secret_key=secrets.token_hex(32),
        sweep_rows=range_rows,
        scoring_threads=1,
    )


def _pool(services: Services, rows: int, strategy: str) -> int:
    """Learn a version from a few labelled samples, then let the pool be large.

    The other samples have features only: a sweep reads nothing else of them.
    """
    schema.upgrade(services.database)
    services.uploads.mkdir(parents=True)
    chance = np.random.default_rng(0)
    truth = chance.standard_normal((WIDTH, CLASSES), dtype=np.float32)
    X = chance.standard_normal((SEED_ROWS, WIDTH), dtype=np.float32)
    path = services.uploads / "seed.npz"
    np.savez(path, X=X, y=np.array([f"c{row}" for row in (X @ truth).argmax(axis=1)]))
    spec = {
        "name": "sweep",
        "kind": "vectors",
        "classes": [f"c{number}" for number in range(CLASSES)],
        "strategy": {"name": strategy},
    }
    with services.write() as session:
        project = projects.create(session, parse_spec(spec))
        importing.begin(
            services, session, project, name=path.name, media_type="", stream_path=path,
            mapping={}, user_id=None,
        )  # fmt: skip
    simulating.drain(services, project.id)
    with services.write() as session:
        if runs.live(session, project.id) is None:
            training.ask(session, project, mode="full", because="bench", user_id=None)
    simulating.drain(services, project.id)
    _enlarge(services, project.id, rows, chance)
    return project.id


def _enlarge(services: Services, project_id: int, rows: int, chance: np.random.Generator) -> None:
    with services.read() as session:
        featurizer = projects.find(session, project_id).featurizer_id or 0
    for start in range(SEED_ROWS, rows, BLOCK):
        count = min(BLOCK, rows - start)
        X = chance.standard_normal((count, WIDTH), dtype=np.float32)
        artifact = services.artifacts.put(blockfiles.dump(X), durable=False)
        with services.write() as session:
            blocks.put(session, featurizer, start=start, rows=count, artifact=artifact)
    with services.write() as session:
        stored.count(session, project_id, samples=rows - SEED_ROWS)


@contextlib.contextmanager
def _worker(services: Services, processes: int) -> Iterator[None]:
    settings = services.settings
    values = {
        "DATA": settings.data,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "SWEEP_ROWS": settings.sweep_rows,
        "SCORING_THREADS": 1,
        "WORKER_PROCESSES": processes,
    }
    environment = os.environ | {f"ACTIVELOOP_{name}": str(value) for name, value in values.items()}
    with (settings.data / "worker.log").open("a") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "activeloop.cli", "worker"],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            while not _alive(services):
                if worker.poll() is not None:
                    raise RuntimeError("the worker ended; see worker.log")
                time.sleep(0.1)
            time.sleep(10 + 5 * processes)  # each process loads its libraries
            yield
        finally:
            worker.terminate()
            worker.wait()


def _alive(services: Services) -> bool:
    with services.read() as session:
        return heartbeats.alive(session, "worker", now=db.now(session))


def _swept(services: Services, project_id: int) -> float:
    """Ask for a sweep of everything, and wait until it is served."""
    with services.write() as session:
        ranking = rankings.current(session, projects.find(session, project_id))
        before = ranking.id if ranking else 0
        if ranking is not None:
            ranking.question = "another"
            session.add(ranking)
        ledger.add(session, Rank(project_id), now=db.now(session))
    began = time.perf_counter()
    while True:
        with services.read() as session:
            found = rankings.current(session, projects.find(session, project_id))
        if found is not None and found.id != before:
            return time.perf_counter() - began
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1:])
