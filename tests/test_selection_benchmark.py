"""The benchmark of selection measures what it says: a yardstick that is right, honest tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.selection import bare, measure, ours, peers, pools, report
from benchmarks.selection.cells import BEST, CLASSES, LABELLED, MEMBERS, SCORES, Cell, cells

ROWS = 2_500


@pytest.fixture(scope="module")
def pool() -> pools.Pool:
    """Give a pool that no chunk divides evenly."""
    return pools.make(Cell("entropy", "activeloop", ROWS, 16), Path())


def naive(pool: pools.Pool, task: str) -> Any:
    """Score by the formulas, in float64."""
    if task == "mutual-information":
        p = np.asarray(pool.model.committee_proba(pool.X), np.float64)
        mean = p.mean(axis=0)
        inner = -(p * np.log(p)).sum(axis=2).mean(axis=0)
        return -(mean * np.log(mean)).sum(axis=1) - inner
    p = np.asarray(pool.model.predict_proba(pool.X), np.float64)
    ordered = np.sort(p, axis=1)
    return (
        -(p * np.log(p)).sum(axis=1) if task == "entropy" else 1 - (ordered[:, -1] - ordered[:, -2])
    )


@pytest.mark.parametrize("task", SCORES)
def test_the_bare_loop_finds_the_best_rows(
    pool: pools.Pool, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bare, "CHUNK", 192)  # so that thresholds run and the last chunk is short
    many = task == "mutual-information"
    weights, offsets = pool.members() if many else pool.heads()
    found = bare.best(pool.X, weights, offsets, bare.SCORES[task], MEMBERS if many else 1)
    scores = naive(pool, task)
    assert np.allclose(scores[found], np.sort(scores)[::-1][:BEST], atol=1e-5)


@pytest.mark.parametrize("task", ["entropy", "margin"])
def test_everyone_is_asked_the_same_question_and_picks_the_same_rows(
    pool: pools.Pool, task: str
) -> None:
    cell = Cell(task, "activeloop", ROWS, 16)
    mine = {int(row) for row in ours.run(cell, pool)}
    for who, run in peers.RUNS.items():
        theirs = {int(row) for row in run(cell, pool)}
        assert len(mine & theirs) >= BEST - 1, who


def test_a_pool_on_disk_is_written_once_and_ranked_like_any_other(tmp_path: Path) -> None:
    cell = Cell("margin", "activeloop from disk", ROWS, 8)
    first = ours.run(cell, pools.make(cell, tmp_path))
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    again = ours.run(cell, pools.make(cell, tmp_path))
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    assert first.tolist() == again.tolist()


def test_a_cell_is_measured_with_its_yardstick(tmp_path: Path) -> None:
    found = measure.measure(Cell("entropy", "activeloop", 4_000, 16), tmp_path, 60)
    assert found["seconds"] > 0
    assert found["bare_seconds"] > 0
    assert 0 <= found["extra_mb"] < 100
    assert found["as_bare"] == BEST


def test_the_tables_name_what_was_cut_off_and_compare_by_the_yardstick() -> None:
    asked = {cell.key: cell for cell in cells(2)}
    size = " / 10000 x 64"
    results: report.Results = {
        f"ranked-batch / activeloop{size}": {
            "seconds": 0.2, "bare_seconds": 0.1, "cpu": 0.2, "bare_cpu": 0.1, "extra_mb": 3.0,
            "chosen": [1, 2, 3],
        },
        # four times as slow a machine: 40 yardsticks and not 80 are what it took
        f"ranked-batch / modAL{size}": {
            "seconds": 16.0, "bare_seconds": 0.4, "cpu": 1.0, "bare_cpu": 0.1, "extra_mb": 5.0,
            "chosen": [2, 3, 4],
        },
        f"entropy / modAL{size}": {"failed": "cut off after 180 seconds"},
        f"entropy / activeloop{size}": {
            "seconds": 0.3, "bare_seconds": 0.2, "cpu": 0.2, "bare_cpu": 0.1, "extra_mb": 3.0,
            "chosen": [1],
        },
    }  # fmt: skip
    assert set(results) <= set(asked)
    told = report.tables(results)
    assert "| modAL | 16.00 s | 5 | 20 | 2 |" in told
    assert "cut off after 180 seconds" in told
    assert "1.50 (2.00)" in told


def test_the_page_says_how_many_classes_members_and_labels_there_are() -> None:
    page = report.PAGE.read_text("utf-8")
    assert f"{LABELLED} labelled rows" in page
    assert f"{CLASSES} classes" in page
    assert f"committee of {MEMBERS}" in page
    assert f"{bare.CHUNK:,} rows" in page
    assert f"more than\n  {measure.LONG_SECONDS:.0f} seconds" in page
