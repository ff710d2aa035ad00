"""Measure one cell in this process, which has done nothing else: `python -m ... KEY WORK LIMIT`."""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.selection import bare, ours, peers, pools
from benchmarks.selection.cells import MEMBERS, SCORES, Cell, cells

REPEATS, WARM_ROWS = 3, 2_000
LONG_SECONDS = 5.0
"""What takes longer is not repeated."""


def measure(cell: Cell, work: Path, limit: float) -> dict[str, Any]:
    """Time the task and, turn by turn with it, the bare loop over the same pool.

    A batch's yardstick is the bare loop by margin: it says how busy the machine was.

    Args:
        cell: what to measure.
        work: where pools on disk are kept.
        limit: seconds after which the process gives up, also within foreign code.
    """
    pool = pools.make(cell, work)
    run = peers.RUNS.get(cell.who, ours.run)
    run(cell, pool.first(WARM_ROWS))  # libraries are loaded as they are used
    pool.eligible.sum()  # made before memory is looked at: it belongs to the pool
    bare_loop = _bare(cell, pool)
    bare_loop()
    faulthandler.dump_traceback_later(limit, exit=True)
    extra, first, chosen = _with_peak(lambda: run(cell, pool))
    faulthandler.cancel_dump_traceback_later()
    taken, yardstick = [first], [_spent(bare_loop)]
    while len(taken) < REPEATS and first.wall < LONG_SECONDS:
        taken.append(_spent(lambda: run(cell, pool)))
        yardstick.append(_spent(bare_loop))
    rows = {int(row) for row in chosen}
    same = len(rows & {int(row) for row in bare_loop()}) if len(pool.X) else None
    return {
        "seconds": min(spent.wall for spent in taken),
        "bare_seconds": min(spent.wall for spent in yardstick),
        "cpu": min(spent.cpu for spent in taken),
        "bare_cpu": min(spent.cpu for spent in yardstick),
        "extra_mb": extra,
        "as_bare": same if cell.task in ("entropy", "margin") else None,
        "chosen": sorted(rows),
        "load": os.getloadavg()[0],
    }


def _bare(cell: Cell, pool: pools.Pool) -> Callable[[], Any]:
    """Give the bare loop; over a pool on disk, its first million rows held in memory."""
    X = pool.X
    if not len(X):
        in_memory = Cell(cell.task, "activeloop", min(cell.rows, 1_000_000), cell.width)
        X = pools.make(in_memory, Path()).X
    by = cell.task if cell.task in SCORES else "margin"
    weights, offsets = pool.members() if by == "mutual-information" else pool.heads()
    members = MEMBERS if by == "mutual-information" else 1
    return lambda: bare.best(X, weights, offsets, bare.SCORES[by], members)


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of all threads' processor time, which a busy machine bends less."""

    wall: float
    cpu: float


def _spent(work: Callable[[], Any]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def _with_peak(work: Callable[[], Any]) -> tuple[float, Spent, Any]:
    """Give the most memory held during the work beyond what was held before, in MB, and time."""
    gc.collect()
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew from here
    found: list[Any] = []
    spent = _spent(lambda: found.append(work()))
    return (_status("VmHWM") - before) / 1024, spent, found[0]


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found.group(1)) if found else 0


if __name__ == "__main__":
    key, folder, seconds_allowed = sys.argv[1:]
    asked = next(cell for cell in cells(2) if cell.key == key)
    print(json.dumps(measure(asked, Path(folder), float(seconds_allowed))))
