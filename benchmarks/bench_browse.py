"""How long a page of the pool browser takes, by what is looked for, and what its index costs."""

from __future__ import annotations

import csv
import gzip
import itertools
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlmodel import col

from activeloop.flows import accounts, browsing, indexing, projects
from activeloop.jobs import IndexPool
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import ledger, samples, schema, search
from activeloop.store.tables import Consensus, Label, Project
from activeloop.wiring import Services, build

POETRY = Path(__file__).resolve().parents[2] / "shared" / "data" / "poetry_lines.csv.gz"
CHUNK = 5000
LABELLED = 20_000
TIMES = 5
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Line:
    number: int
    external_id: str
    payload: dict[str, Any]
    metadata: dict[str, Any]
    label: str | None
    digest: str
    blob: bytes | None = None
    warning: str = ""


def main(options: list[str] | None = None) -> None:
    """Print the median of five pages, at the start and in the middle of the pool."""
    if not POETRY.exists():
        print(f"{POETRY.name} is not beside this checkout; left out.")
        return
    rows = int(options[0].removeprefix("--rows=")) if options else 2_000_000
    with tempfile.TemporaryDirectory() as folder:
        services = build(read_settings(data=Path(folder)), durable=False)
        schema.upgrade(services.database)
        project = _filled(services, rows)
        _indexed(services, project)
        _asked(services, project)
        services.database.close()


def _lines(rows: int) -> Iterator[_Line]:
    with gzip.open(POETRY, "rt", encoding="utf-8") as source:
        for number, row in enumerate(itertools.islice(csv.DictReader(source), rows)):
            given = row["label"] if number % 60 == 0 and number < LABELLED * 60 else None
            yield _Line(
                number,
                row["line_id"],
                {"text": row["text"]},
                {"author": row["author"]},
                given,
                f"{number:064x}",
            )


def _filled(services: Services, rows: int) -> Project:
    spec = parse_spec({"name": "poetry", "kind": "text", "classes": ["tang", "song"]})
    with services.write() as session:
        project = projects.create(session, spec)
        ann = accounts.add_user(session, "ann", "annotator", None)
    lines = _lines(rows)
    labelled = 0
    while chunk := list(itertools.islice(lines, CHUNK)):
        ready = samples.prepare(chunk, key=project.audit_key, audit_share=0.1)
        with services.write() as session:
            samples.add_chunk(session, project, ready, slots=1, now=NOW, import_id=1)
            labelled = session.query(Consensus).count()
    with services.write() as session:
        few = session.query(Consensus).order_by(col(Consensus.seq)).limit(2000).all()
        for at, each in enumerate(few):
            each.agreement, each.disputed = (0.5, True) if at % 10 == 0 else (1.0, False)
            session.add(
                Label(
                    project_id=project.id,
                    number=10**7 + at,
                    sample_id=each.sample_id,
                    user_id=ann.id,
                    kind="flag" if at % 20 == 0 else "answer",
                    label="tang",
                    created_at=NOW,
                )
            )
    print(f"{samples_of(services, project):,} samples, {labelled:,} labelled")
    return project


def samples_of(services: Services, project: Project) -> int:
    """Count the pool."""
    with services.read() as session:
        return samples.count(session, project.id)


class _Idle:
    def tell(self, stage: str, progress: float) -> None:
        """Hear nothing."""

    def done(self, session: Any) -> None:
        """Note nothing."""


def _indexed(services: Services, project: Project) -> None:
    total = samples_of(services, project)
    began = time.perf_counter()
    index = search.opened(services.database, services.settings.data, project.id)
    while index.through() < total:
        indexing.run(services, IndexPool(project.id), _Idle())  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    size = sum(each.stat().st_size for each in (services.settings.data / "search").iterdir())
    print(f"indexed {total / seconds:,.0f} rows/s, in {size / 2**20:,.0f} MiB")


def _asked(services: Services, project: Project) -> None:
    total = samples_of(services, project)
    wanted = {
        "everything": {},
        "search: 3 letters, rare": {"text": "明月光"},
        "search: 3 letters, frequent": {"text": "不知何"},
        "search: nothing like it": {"text": "zzz"},
        "search: 2 letters": {"text": "明月"},
        "search: own id": {"text": "-17", "state": "labelled"},
        "metadata": {"metadata": "author=李白"},
        "class": {"label": "tang"},
        "labelled": {"state": "labelled"},
        "not yet": {"state": "unlabelled"},
        "disputed": {"state": "disputed"},
        "agreement below .8": {"agreement": 0.8},
        "flagged": {"flagged": True},
        "answered by": {"annotator": "ann"},
        "audit": {"stratum": "audit"},
        "import": {"import_id": 1},
        "removed (none)": {"removed": True},
        "search, class, audit": {"text": "明月", "label": "tang", "stratum": "audit"},
    }
    for what, filters in wanted.items():
        told = browsing.Wanted(**filters)  # type: ignore[arg-type]
        start, first = _timed(services, project, told, -1)
        middle, _ = _timed(services, project, told, total // 2)
        stopped = f", looked at {first.looked:,}" if first.stopped else ""
        print(f"{what:30} {start:8.1f} ms  {middle:8.1f} ms  {len(first.rows):4} found{stopped}")


def _timed(
    services: Services, project: Project, wanted: browsing.Wanted, after: int
) -> tuple[float, browsing.Page]:
    took = []
    found = browsing.page(services, project, wanted, after=after, count=50)  # warms the caches
    for _ in range(TIMES):
        began = time.perf_counter()
        found = browsing.page(services, project, wanted, after=after, count=50)
        took.append(1000 * (time.perf_counter() - began))
        with services.write() as session:
            session.info.pop(ledger.NEW_JOBS, None)
    return median(took), found


if __name__ == "__main__":
    main()
