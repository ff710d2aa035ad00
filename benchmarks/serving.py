"""A web process of its own for a benchmark, with the clock kept beside it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from activeloop.wiring import Services

SECONDS_TO_START = 120
TICK_SECONDS = 1.0


@contextlib.contextmanager
def served(home: Path, **settings: str) -> Iterator[int]:
    """Run a web process over a data directory and give its port.

    Args:
        home: the data directory.
        settings: further ACTIVELOOP_ settings, by their name in capitals.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [sys.executable, "-m", "activeloop.cli", "web"]
    environment = os.environ | {f"ACTIVELOOP_{name}": text for name, text in settings.items()}
    with (home / "web.log").open("w") as log:
        process = subprocess.Popen(
            [*words, "--data", str(home), "--port", str(port)],
            stdout=log,
            stderr=log,
            env=environment,
        )
        try:
            _await(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if process.poll() is not None:
            raise RuntimeError("the web process ended; see web.log")
        time.sleep(0.1)
    raise RuntimeError("the web process does not answer")


@contextlib.contextmanager
def clock(services: Services) -> Iterator[None]:
    """Keep the clock meanwhile: it takes back leases that have run out."""
    from activeloop.flows.tick import tick

    over = threading.Event()

    def keep() -> None:
        while not over.wait(TICK_SECONDS):
            tick(services, room=0)

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
