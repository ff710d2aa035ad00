from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from activeloop.settings import Settings
from activeloop.wiring import build
from worker import create_worker


@pytest.mark.parametrize("redis_url", ["", "redis://localhost:1/0"])
def test_messages_are_acknowledged_early_and_results_are_not_kept(
    tmp_path: Path, redis_url: str
) -> None:
    services = build(Settings(data=tmp_path, redis_url=redis_url))
    app = create_worker(services)
    services.database.close()
    assert app.conf.task_acks_late is False
    assert app.conf.result_backend is None
    assert app.conf.accept_content == ["json"]


def test_beat_sends_only_tasks_that_exist(tmp_path: Path) -> None:
    services = build(Settings(data=tmp_path))
    app = create_worker(services)
    services.database.close()
    sent = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert sent
    assert sent <= set(app.tasks)


def test_a_worker_loads_no_numerics_before_it_forks() -> None:
    code = (
        "import sys, worker.running, worker.app, worker.clock, worker.child;"
        "print([m for m in ('numpy', 'sklearn', 'scipy', 'flask') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
