"""Key to next sample in a browser at 60 labels a minute: a large pool, and a model that trains."""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from activeloop.flows import accounts, projects, status
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import schema
from activeloop.wiring import Services, build
from benchmarks.bench_browse import POETRY
from benchmarks.tabular import show

NAME = "poetry"
SIGNS = "no secret: this database lives for one measurement only"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 3600.0
LABEL_ALL = """async ([answers, pause]) => {
  const box = document.querySelector("[data-sample]");
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const told = [];
  for (let n = 0; n < answers; n++) {
    const before = box.dataset.offer;
    const began = performance.now();
    document.dispatchEvent(new KeyboardEvent("keydown", {key: String(1 + n % 2), bubbles: true}));
    while (!box.dataset.offer || box.dataset.offer === before) await wait(1);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const took = performance.now() - began;
    told.push(took);
    await wait(Math.max(0, pause - took));
  }
  return told;
}"""


def main(words: Sequence[str] = ()) -> None:
    """Print a row for each size of the pool."""
    if not POETRY.exists():
        print(f"{POETRY.name} is not beside this checkout; left out.")
        return
    asked = _options().parse_args(list(words))
    rows = []
    for samples in asked.samples:
        with tempfile.TemporaryDirectory(prefix="activeloop-pace-") as folder:
            rows.append(_measured(Path(folder), samples, asked.answers, asked.pause))
    columns = ("samples", "answers", "versions meanwhile", "median ms", "p95", "p99", "most")
    show("key to painted next sample", columns, rows)


def _options() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="python -m benchmarks pace")
    asked.add_argument("--samples", type=int, nargs="+", default=(1000, 1_000_000))
    asked.add_argument("--answers", type=int, default=300)
    asked.add_argument("--pause", type=int, default=1000, help="ms from key to key")
    return asked


def _measured(home: Path, samples: int, answers: int, pause: int) -> tuple[object, ...]:
    services = build(read_settings(data=home / "data"))
    schema.upgrade(services.database)
    spec = parse_spec(
        {"name": NAME, "kind": "text", "classes": ["tang", "song"], "retrain": {"every": 20}}
    )
    kept = accounts.hashed(SIGNS)
    with services.write() as session:
        project = projects.create(session, spec)
        accounts.add_user(session, "ada", "annotator", kept)
    file = _written(home, samples)
    words = [sys.executable, "-m", "activeloop.cli", "import", NAME, str(file)]
    subprocess.run([*words, "--data", str(home / "data")], check=True, stdout=subprocess.DEVNULL)
    with _up(home) as port:
        _await(services, "ranked", lambda told: told["queue"]["ranking"] and not told["jobs"])
        took = _labelled(port, project.id, answers, pause)
        with services.read() as session:
            versions = [run["version"] for run in status.report(session, project)["runs"]]
    services.database.close()
    quantiles = np.quantile(took, (0.5, 0.95, 0.99, 1))
    told = (f"{each:.0f}" for each in quantiles)
    return f"{samples:,}", len(took), max(filter(None, versions), default=0), *told


def _written(home: Path, samples: int) -> Path:
    file = home / "lines.jsonl"
    with gzip.open(POETRY, "rt", encoding="utf-8") as source, file.open("w") as out:
        for row in itertools.islice(csv.DictReader(source), samples):
            out.write(json.dumps({"id": row["line_id"], "text": row["text"]}) + "\n")
    return file


@contextlib.contextmanager
def _up(home: Path) -> Iterator[int]:
    """Run the whole service, as `activeloop up` does for everybody."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [sys.executable, "-m", "activeloop.cli", "up", "--data", str(home / "data")]
    with (home / "up.log").open("w") as log:
        running = subprocess.Popen(
            [*words, "--port", str(port)], stdout=log, stderr=log, env=os.environ.copy()
        )
        try:
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.2)
            yield port
        finally:
            running.terminate()
            running.wait()


def _await(services: Services, what: str, done: Any) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with services.read() as session:
            if done(status.report(session, projects.find(session, NAME))):
                return
        time.sleep(1)
    raise TimeoutError(f"The pool was not {what} within {PATIENCE:.0f} s.")


def _labelled(port: int, project_id: int, answers: int, pause: int) -> list[float]:
    """Label in a browser, one key a second; give the milliseconds from key to next sample."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"http://127.0.0.1:{port}/sign-in")
        page.fill("#name", "ada")
        page.fill("#password", SIGNS)
        page.keyboard.press("Enter")
        page.wait_for_url(f"http://127.0.0.1:{port}/")
        page.goto(f"http://127.0.0.1:{port}/projects/{project_id}/label")
        page.wait_for_selector("[data-sample][data-offer]")
        page.wait_for_timeout(2000)
        told: list[float] = page.evaluate(LABEL_ALL, [answers, pause])
        page.wait_for_timeout(2000)
        browser.close()
    return told


if __name__ == "__main__":
    main(sys.argv[1:])
