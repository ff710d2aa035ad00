"""`activeloop up`: one web process and one worker over one data directory, kept alive."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import IO, Self

from activeloop.errors import Conflict, Misconfigured
from activeloop.settings import Settings
from activeloop.store import schema
from activeloop.wiring import build

ROLES = ("web", "worker")
PARENT = "ACTIVELOOP_PARENT"
PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.1
FAREWELL_SECONDS = 8.0
STEADY_SECONDS = 30.0
LONGEST_PAUSE = 30.0
TRIES_BEFORE_READY = 3


def follow_parent() -> None:
    """End this process when the supervisor that started it ends, however that happens."""
    parent = int(os.environ.get(PARENT, "0"))
    if not parent:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=[parent], daemon=True).start()
    if os.getppid() != parent:  # it ended before the request was in place
        raise SystemExit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


@dataclass
class _Child:
    """One supervised process and how it has fared."""

    role: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    next_start: float = 0.0
    falls: int = 0

    def pause(self) -> float:
        """Give the seconds to wait before it is started again; longer the more often it fell."""
        return min(LONGEST_PAUSE, 0.5 * 2.0 ** max(0, self.falls - 1))


class Supervisor:
    """Holds the data directory's lock, and the children while it runs."""

    def __init__(self, settings: Settings, *, say: Callable[[str], None]) -> None:
        """Take settings and where to say things; nothing is started yet."""
        self._settings = settings
        self._say = say
        self._lock: IO[str] | None = None
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._children = [_Child(role) for role in ROLES]

    def __enter__(self) -> Self:
        """Lock the data directory, check the port, bring the database up to date.

        Raises:
            Conflict: when another `up` runs over the same data directory, or the port is taken.
        """
        self._settings.data.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self._settings)
        port = _free_port(self._settings)
        self._settings = self._settings.model_copy(update={"port": port})
        services = build(self._settings)
        schema.upgrade(services.database)
        services.database.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.close()

    def run(self) -> None:
        """Keep the children alive until SIGINT or SIGTERM, then end them.

        Raises:
            Misconfigured: when the web process cannot be started at all.
        """
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._told)
        threading.Thread(target=self._announce, daemon=True).start()
        try:
            while not self._stop.is_set():
                for child in self._children:
                    self._tend(child)
                self._stop.wait(LOOK_SECONDS)
        finally:
            self._end()

    def _told(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _tend(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.next_start:
                child.process, child.started = self._start(child.role), now
            return
        code = child.process.poll()
        if code is None:
            return
        child.process = None
        child.falls = 1 if now - child.started > STEADY_SECONDS else child.falls + 1
        if not self._ready.is_set() and child.falls >= TRIES_BEFORE_READY:
            raise Misconfigured(
                f"The {child.role} process ended {child.falls} times before it was ready; "
                "its messages stand above."
            )
        child.next_start = now + child.pause()
        self._say(f"The {child.role} process ended ({_ending(code)}); starting it again.")

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "ACTIVELOOP_DATA": str(self._settings.data),
            "ACTIVELOOP_HOST": self._settings.host,
            "ACTIVELOOP_PORT": str(self._settings.port),
            PARENT: str(os.getpid()),
        }
        # a session of its own: Ctrl-C reaches the supervisor alone, which ends them in order
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "activeloop.cli", role],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _end(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + FAREWELL_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _announce(self) -> None:
        address = f"http://{_reachable(self._settings.host)}:{self._settings.port}"
        while not self._stop.is_set():
            if _answers(f"{address}/healthz"):
                self._ready.set()
                self._say(f"activeloop is up at {address}  (Ctrl-C ends it)")
                return
            self._stop.wait(LOOK_SECONDS)


def _locked(settings: Settings) -> IO[str]:
    file = (settings.data / "up.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise Conflict(
            f"activeloop is up already over {settings.data} (process {holder or 'unknown'}). "
            "Use that one, or name another directory with --data."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _free_port(settings: Settings) -> int:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Conflict(
                f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
                "Choose another with --host and --port."
            ) from error
        return int(probe.getsockname()[1])


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
