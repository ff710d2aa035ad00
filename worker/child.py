"""A pool process: its own services, made after the fork."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from functools import cached_property
from typing import Any

from celery import signals

from activeloop.flows.carrying import carry_out, warm
from activeloop.settings import Settings
from activeloop.wiring import Services, build

from .hinting import sender

PR_SET_PDEATHSIG = 1
FOLLOW_SECONDS = 10.0
"""Jobs that a job adds are left to the clock after so long: others may wait for this process."""


def worker_name(pid: int | None = None) -> str:
    """Name a worker for people, and for `reminders.release`."""
    return f"{socket.gethostname()}:{pid or os.getpid()}"


class Child:
    """What the tasks of one pool process share."""

    def __init__(self, settings: Settings) -> None:
        """Remember the settings; open nothing before the fork."""
        self._settings = settings
        self._parent = os.getpid()
        self._added: deque[int] = deque()
        self._warming: threading.Thread | None = None

    def listen(self) -> None:
        """Prepare each pool process when it starts."""
        signals.worker_process_init.connect(self._prepare, weak=False)

    @cached_property
    def services(self) -> Services:
        """The services of this process; first used after the fork."""
        enqueue = sender(self._settings) if self._settings.redis_url else self._added.extend
        return build(self._settings, enqueue=enqueue)

    def carry_out(self, job_id: int) -> None:
        """Carry a job out and, embedded, go on with the jobs that it added.

        No message crosses processes there: the clock would find them up to a tenth of a second
        later. Another process that finds one first keeps it.
        """
        if self._warming is not None:
            # two threads that import NumPy at once leave it half made, for the process's whole life
            self._warming.join()
        until = time.monotonic() + FOLLOW_SECONDS
        carry_out(self.services, job_id, self.owner)
        while self._added:
            following = self._added.popleft()
            if time.monotonic() < until:
                carry_out(self.services, following, self.owner)

    @property
    def owner(self) -> str:
        """Name of this process as holder of a job."""
        return f"{worker_name(self._parent)}/{os.getpid()}"

    def _prepare(self, **_kwargs: Any) -> None:
        # an orphan would go on beating for a job that a restarted worker could take
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != self._parent:  # it ended before the request was in place
            os.kill(os.getpid(), signal.SIGKILL)
        self.load()

    def load(self) -> None:
        """Begin to load the libraries of jobs; the first job waits for the end of it."""
        # in a thread, for the pool gives up on a process that is not ready within seconds
        self._warming = threading.Thread(target=warm, name="warming", daemon=True)
        self._warming.start()
