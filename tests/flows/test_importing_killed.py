from __future__ import annotations

import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from activeloop.errors import Fenced
from activeloop.flows import carrying, importing
from activeloop.jobs import ImportFile
from activeloop.store import samples
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.pools import (
    Idle,
    begun,
    check_counts,
    counted,
    imported,
    jsonl,
    pool_of,
    project,
    reported,
)
from tests.processes import Process, plain_environment

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import sys
from pathlib import Path
from activeloop.flows import carrying, intake
from activeloop.settings import read_settings
from activeloop.wiring import build
intake.FIRST_ROWS = intake.FEWEST_ROWS = intake.MOST_ROWS = 50
carrying.carry_out(build(read_settings(data=Path(sys.argv[1]))), int(sys.argv[2]), "child")
"""


class PowerCutError(RuntimeError):
    """The process ends here."""


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_import_killed_at_any_chunk_goes_on_and_ends_the_same(
    services: Services, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    chance = random.Random(4)  # noqa: S311 - a test's own
    content = jsonl(
        [
            {"text": f"row {chance.randrange(14)}", "label": chance.choice(["good", "bad", ""])}
            for _ in range(20)
        ]
    )
    content = content.replace(b'"row 7"', b"broken")
    straight = project(services, name="straight")
    wanted = imported(services, straight, content)
    pool = project(services, name="killed")
    row, _ = begun(services, pool, content)

    tries = run_with_power_cuts(services, monkeypatch, moment, pool, row.id)

    report = reported(services, pool, row.id)
    ours = {name: report[name] for name in ("rows", "added", "duplicates", "rejected", "labelled")}
    assert ours == {name: wanted[name] for name in ours}
    assert report["problems"] == wanted["problems"]
    key = [(row[1], row[2], row[8]) for row in pool_of(services, straight)]
    assert [(row[1], row[2], row[8]) for row in pool_of(services, pool)] == key
    assert tries >= 3
    check_counts(services, pool)


def run_with_power_cuts(
    services: Services, monkeypatch: pytest.MonkeyPatch, moment: str, pool: Project, import_id: int
) -> int:
    """Run an import that dies at its second chunk, again and again; give how often it began."""
    original, chunks = importing._write, [0]

    def write(*given: Any, **named: Any) -> int:
        chunks[0] += 1
        if chunks[0] == 2 and moment == "before":
            raise PowerCutError
        last = original(*given, **named)
        if chunks[0] == 2:
            raise PowerCutError
        return last

    monkeypatch.setattr(importing, "_write", write)
    for tries in range(1, 100):
        chunks[0] = 0
        with suppress(PowerCutError):
            importing.run(services, ImportFile(pool.id, import_id), Idle())  # type: ignore[arg-type]
        if reported(services, pool, import_id)["status"] == "done":
            return tries
    raise AssertionError("it never ended")


@pytest.mark.slow
def test_an_import_whose_process_is_killed_goes_on_in_another(
    embedded: Services, tmp_path: Path
) -> None:
    pool = project(embedded)
    total = 6000
    row, job_id = begun(embedded, pool, jsonl([{"text": f"row {n}"} for n in range(total)]))
    command: list[str | Path] = [sys.executable, "-c", KILLED]
    child = Process(
        [*command, embedded.settings.data, str(job_id)],
        log=tmp_path / "child.log",
        env=plain_environment(),
        cwd=ROOT,
    )
    child.start()
    child.wait_until(lambda: counted(embedded, pool).samples >= 500, seconds=60)
    child.kill()
    standing = reported(embedded, pool, row.id)
    assert standing["status"] == "running"
    assert standing["rows"] < total
    check_counts(embedded, pool)

    importing.run(embedded, ImportFile(pool.id, row.id), Idle())  # type: ignore[arg-type]

    report = reported(embedded, pool, row.id)
    assert (report["status"], report["added"], report["duplicates"]) == ("done", total, 0)
    check_counts(embedded, pool)


def test_a_worker_that_was_taken_over_adds_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = project(services)
    row, job_id = begun(services, pool, jsonl([{"text": f"row {n}"} for n in range(10)]))
    job = ImportFile(pool.id, row.id)
    original = samples.prepare

    def overtaken(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(samples, "prepare", original)
        carrying.carry_out(services, job_id, "faster")
        return original(*given, **named)

    monkeypatch.setattr(samples, "prepare", overtaken)
    with pytest.raises(Fenced):
        importing.run(services, job, Idle())  # type: ignore[arg-type]

    assert reported(services, pool, row.id)["added"] == 10
    check_counts(services, pool)
