"""The command: measure each cell in a process of its own, keep the results, write the page."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.selection import report
from benchmarks.selection.cells import Cell, cells

RESULTS = Path(__file__).with_name("results.jsonl")
LIMIT, SETTING_UP = 180, 120


def main(arguments: Sequence[str] = ()) -> None:
    """Measure what is asked for; a cell measured again replaces its line."""
    asked = _parser().parse_args(list(arguments))
    level = 0 if asked.quick else 2 if asked.all else 1
    results = read(asked.results)
    for cell in cells(level):
        if asked.report or not re.search(asked.only, cell.key):
            continue
        results[cell.key] = {"key": cell.key, **_measured(cell, asked.work)}
        print(_line(results[cell.key]), flush=True)
        asked.results.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(result) + "\n" for result in results.values())
        asked.results.write_text("".join(lines), encoding="utf-8")
    tables = report.tables(results)
    print(tables)
    if asked.page:
        report.publish(results)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Give the results kept so far, by key."""
    if not path.exists():
        return {}
    found = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {result["key"]: result for result in found}


def _measured(cell: Cell, work: Path) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.selection.measure",
        cell.key,
        str(work),
        str(LIMIT),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=4 * LIMIT + SETTING_UP
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {4 * LIMIT + SETTING_UP} seconds"}
    if done.returncode == 0:
        result: dict[str, Any] = json.loads(done.stdout)
        return result
    if "Timeout" in done.stderr:
        return {"failed": f"cut off after {LIMIT} seconds"}
    told = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
    return {"failed": told[-1][:200]}


def _line(result: dict[str, Any]) -> str:
    if "failed" in result:
        return f"{result['key']}: {result['failed']}"
    times = result["seconds"] / result["bare_seconds"]
    return (
        f"{result['key']}: {result['seconds']:.3f} s, {times:.2f} x bare, "
        f"{result['extra_mb']:.0f} MB more"
    )


def _parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m benchmarks selection")
    words.add_argument("--quick", action="store_true", help="only the small pools")
    words.add_argument("--all", action="store_true", help="also what takes minutes")
    words.add_argument("--only", default="", metavar="REGEX", help="only cells whose name matches")
    words.add_argument("--report", action="store_true", help="measure nothing, print what is kept")
    words.add_argument("--page", action="store_true", help="write the page and the picture in docs")
    kept = Path(tempfile.gettempdir()) / "activeloop-selection"
    words.add_argument("--work", type=Path, default=kept, help="where pools on disk are kept")
    words.add_argument("--results", type=Path, default=RESULTS, help="where results are kept")
    return words
