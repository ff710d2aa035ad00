"""Real processes for tests: started on a leash, logged, awaited and ended by their id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")


class Process:
    """One process of the system under test, and what it wrote."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        farewell: signal.Signals = signal.SIGTERM,
        user: str = "",
    ) -> None:
        """Remember what to run.

        Args:
            command: program and arguments.
            log: file to which output and errors are appended.
            env: the whole environment; None inherits the test's.
            cwd: working directory; None is the log's directory.
            farewell: signal that ends it in order.
            user: run as this user (needs root); empty means as oneself.
        """
        self.command = [str(word) for word in command]
        self.log = log
        self.farewell = farewell
        self._env = env
        self._cwd = cwd or log.parent
        self._user = user
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id, also after it ended."""
        if self._running is None:
            raise RuntimeError(f"{self.command[0]} was never started")
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    def start(self) -> None:
        """Start it, or start it again."""
        leash = [sys.executable, "-I", str(LEASH), self.farewell.name, self._user]
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [*leash, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=None if self._env is None else dict(self._env),
                cwd=self._cwd,
            )

    def wait_until(
        self, ready: Callable[[], bool], *, seconds: float = 30, pause: float = 0.02
    ) -> None:
        """Return when `ready` says so, asked after each pause.

        Raises:
            RuntimeError: when it ends or the time is over before that; the log's end is quoted.
        """
        end = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise RuntimeError(f"{self.command[0]} ended before it was ready:\n{self.tail()}")
            if time.monotonic() > end:
                raise RuntimeError(
                    f"{self.command[0]} was not ready in {seconds} s:\n{self.tail()}"
                )
            time.sleep(pause)

    def stop(self, *, seconds: float = 20) -> int:
        """Ask it to end and give its exit code; kill it when it does not hear."""
        if self._running is None:
            return 0
        if self.alive:
            self._running.send_signal(self.farewell)
        try:
            return self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it as a power cut would."""
        if self._running is None:
            return 0
        self._running.kill()
        return self._running.wait()

    def tail(self, lines: int = 30) -> str:
        """Give the end of what it wrote."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def free_port() -> int:
    """Find a TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain_environment(**more: str) -> dict[str, str]:
    """Give the test's environment without settings of activeloop, plus `more`."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ACTIVELOOP_")}
    return {**kept, **more}
