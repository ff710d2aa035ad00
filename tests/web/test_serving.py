from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from activeloop.settings import Settings, read_settings
from activeloop.wiring import build
from tests.processes import Process, free_port
from web import create_app
from web.serving import make_server

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys, time
from pathlib import Path
from activeloop.settings import read_settings
from activeloop.wiring import build
from web import create_app, serve
from web.auth import public

settings = read_settings(data=Path(sys.argv[1]), port=int(sys.argv[2]))
app = create_app(build(settings))

@public
def slow():
    Path(sys.argv[1], "begun").touch()
    time.sleep(1)
    return "whole"

app.add_url_rule("/api/slow", view_func=slow)
serve(app, settings)
"""


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_for(port: int, seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            assert get(port, "/healthz")[0] == 200
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Iterator[tuple[Process, int]]:
    port = free_port()
    command = [sys.executable, "-c", SERVE, str(settings.data), str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = Process(command, log=tmp_path / "web.log", env=env)
    process.start()
    wait_for(port)
    yield process, port
    process.kill()


def test_sigterm_lets_the_request_in_hand_finish(
    served: tuple[Process, int], settings: Settings
) -> None:
    process, port = served
    answers: list[tuple[int, bytes]] = []
    asking = threading.Thread(target=lambda: answers.append(get(port, "/api/slow")))
    asking.start()
    while not (settings.data / "begun").exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    asking.join(20)
    assert answers == [(200, b"whole")]
    until = time.monotonic() + 10
    while process.alive and time.monotonic() < until:
        time.sleep(0.05)
    assert not process.alive


@pytest.mark.parametrize(("behind", "seen"), [(True, "203.0.113.7"), (False, "127.0.0.1")])
def test_only_behind_a_proxy_is_a_claimed_address_believed(
    settings: Settings, *, behind: bool, seen: str
) -> None:
    from flask import request

    from web.auth import public

    chosen = read_settings(data=settings.data, behind_proxy=behind, port=0)
    app = create_app(build(chosen))
    app.add_url_rule("/api/who", "who", public(lambda: request.remote_addr or ""))
    server = make_server(app, chosen)
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=20)
    connection.request("GET", "/api/who", headers={"X-Forwarded-For": "203.0.113.7"})
    assert connection.getresponse().read().decode() == seen
    connection.close()
    server.close()
    running.join(5)
