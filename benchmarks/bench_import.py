"""How many text rows a second go into the pool, beside a bare reader and a bare SQLite insert."""

from __future__ import annotations

import csv
import gzip
import itertools
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from activeloop import formats
from activeloop.flows import carrying, importing, projects
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import ledger, schema
from activeloop.wiring import build

POETRY = Path(__file__).resolve().parents[2] / "shared" / "data" / "poetry_lines.csv.gz"
ROWS = 200_000
CLASSES = ("tang", "song")


def main() -> None:
    """Print rows a second of each, and the ratios to a bare insert."""
    if not POETRY.exists():
        print(f"{POETRY.name} is not beside this checkout; left out.")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.csv"
        with gzip.open(POETRY, "rt", encoding="utf-8") as source, path.open("w") as target:
            target.writelines(itertools.islice(source, ROWS + 1))
        measured = {
            "csv module and one bare insert": _rate(lambda: _bare(path)),
            "activeloop's reader alone": _rate(lambda: _read(path)),
            "import, labels ignored": _rate(lambda: _imported(path, {"label": ""})),
            "import, labels taken": _rate(lambda: _imported(path, {})),
        }
    bare = next(iter(measured.values()))
    for what, rate in measured.items():
        print(f"{what:32} {rate:10,.0f} rows/s   {rate / bare:5.2f} x bare")


def _rate(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return ROWS / (time.perf_counter() - began)


def _bare(path: Path) -> None:
    with sqlite3.connect(path.with_suffix(".db")) as connection, path.open() as file:
        connection.execute("CREATE TABLE line (line_id, poem_id, text UNIQUE, label, author)")
        rows = itertools.islice(csv.reader(file), 1, None)
        connection.executemany("INSERT OR IGNORE INTO line VALUES (?, ?, ?, ?, ?)", rows)


def _read(path: Path) -> None:
    for _ in formats.read(path, kind="text", format="csv", mapping={}, classes=CLASSES):
        pass


def _imported(path: Path, mapping: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        services = build(read_settings(data=Path(folder)))
        schema.upgrade(services.database)
        services.uploads.mkdir(parents=True)
        upload = services.uploads / "lines"
        shutil.copy(path, upload)
        with services.write() as session:
            spec = parse_spec({"name": "poetry", "kind": "text", "classes": CLASSES})
            importing.begin(
                services,
                session,
                projects.create(session, spec),
                name=path.name,
                media_type="text/csv",
                stream_path=upload,
                mapping=mapping,
                user_id=None,
            )
            (job_id,) = session.info[ledger.NEW_JOBS]
        carrying.carry_out(services, job_id, "benchmark")
        services.database.close()


if __name__ == "__main__":
    main()
