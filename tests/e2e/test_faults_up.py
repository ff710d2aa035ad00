from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Process, plain_environment

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Process]:
    process = Process(
        [sys.executable, "-m", "activeloop.cli", "up", "--port", "0"],
        log=tmp_path / "up.log",
        env=plain_environment(ACTIVELOOP_DATA=str(tmp_path / "data")),
        cwd=ROOT,
    )
    process.start()
    process.wait_until(lambda: "is up at" in process.tail(), seconds=60)
    yield process
    process.stop()


def address(up: Process) -> str:
    found = re.search(r"is up at (\S+)", up.log.read_text())
    assert found
    return found[1]


def healthy(up: Process) -> bool:
    try:
        url = f"{address(up)}/healthz"
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def children(pid: int) -> list[int]:
    shown = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in shown.stdout.split()]


def descendants(pid: int) -> set[int]:
    found = set(children(pid))
    return found.union(*(descendants(child) for child in found)) if found else found


def gone(pids: set[int], *, seconds: float = 12) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.05)
    return False


def role_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return words[-2].decode() if len(words) > 1 else ""


def test_it_says_its_address_answers_and_tells_how_to_add_a_user(up: Process) -> None:
    assert healthy(up)
    assert "user add NAME --role admin" in up.log.read_text()


def test_a_second_one_over_the_same_data_is_refused_in_one_sentence(up: Process) -> None:
    second = subprocess.run(
        up.command, env=up._env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert second.returncode == 1
    assert re.fullmatch(
        rf"Error: activeloop is up already over \S+ \(process {up.pid}\)\. .*\n", second.stderr
    )


def test_a_child_that_dies_is_started_again(up: Process) -> None:
    (web,) = [pid for pid in children(up.pid) if role_of(pid) == "web"]
    os.kill(web, signal.SIGKILL)
    up.wait_until(lambda: "The web process ended (signal SIGKILL)" in up.log.read_text())
    up.wait_until(lambda: healthy(up), seconds=60)
    assert web not in children(up.pid)


def test_told_to_end_it_ends_its_children_in_seconds(up: Process) -> None:
    family = descendants(up.pid)
    assert len(family) >= 2
    began = time.monotonic()
    assert up.stop() == 0
    assert time.monotonic() - began < 12
    assert gone(family, seconds=1)


def test_killed_it_leaves_no_child_behind(up: Process) -> None:
    family = descendants(up.pid)
    assert len(family) >= 2
    up.kill()
    assert gone(family)


def test_what_belongs_to_the_owner_is_closed_to_others(up: Process) -> None:
    key = Path(up._env["ACTIVELOOP_DATA"]) / "secret.key"  # type: ignore[index]
    assert key.stat().st_mode & 0o077 == 0
