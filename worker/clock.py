"""The clock of a worker: a thread that sees what is due and says that the worker is alive."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from activeloop.errors import ActiveloopError
from activeloop.flows.tick import SENT_AT_ONCE, due, tick
from activeloop.store import db, heartbeats
from activeloop.wiring import Services

BEAT_SECONDS = 2.0
LOOK_SECONDS = 0.1
"""Embedded, no message crosses processes: this often the worker looks for new rows."""

logger = logging.getLogger("activeloop.clock")


class Clock:
    """Steps while the process lives, but never while it forks.

    A forked pool process must not inherit an open database connection, so the fork waits for
    the step to end and closes the connections first.
    """

    def __init__(
        self,
        services: Services,
        *,
        name: str,
        role: str,
        send: Callable[[int], None],
        room: Callable[[], int] = lambda: SENT_AT_ONCE,
    ) -> None:
        """Prepare; `send` is given the id of each job that is due, as many as there is `room`."""
        self._services = services
        self._name, self._role, self._send = name, role, send
        self._room = room
        self._stepping = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._ticked = self._beaten = float("-inf")
        self._pid = os.getpid()

    def start(self) -> None:
        """Start stepping, and keep out of the way of forks."""
        os.register_at_fork(
            before=self._pause, after_in_parent=self._go_on, after_in_child=self._go_on
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop stepping and sign off."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        try:
            with self._services.write() as session:
                heartbeats.leave(session, self._name)
        except ActiveloopError as fault:
            logger.warning("could not sign off: %s", fault.message)

    def wait(self) -> None:
        """Return when `stop` was called."""
        self._stop.wait()

    def _run(self) -> None:
        pause = self._services.settings.tick_seconds
        if not self._services.settings.redis_url:
            pause = min(LOOK_SECONDS, pause)
        while not self._stop.wait(pause):
            try:
                with self._stepping:
                    found = self._step()
                for job_id in found:
                    self._send(job_id)
            except ActiveloopError as fault:
                logger.warning("the clock could not step: %s", fault.message)
                self._stop.wait(1)
            except Exception:
                # a clock that stands still is worse than one that complains every second
                logger.exception("the clock could not step")
                self._stop.wait(1)

    def _step(self) -> tuple[int, ...]:
        now = time.monotonic()
        if now - self._beaten >= BEAT_SECONDS:
            with self._services.write() as session:
                heartbeats.seen(session, name=self._name, role=self._role, now=db.now(session))
            self._beaten = now
        if now - self._ticked >= self._services.settings.tick_seconds:
            self._ticked = now
            return tick(self._services, room=self._room()).sent
        return tuple(due(self._services, room=self._room()))

    def _pause(self) -> None:
        if os.getpid() == self._pid:
            self._stepping.acquire()
            self._services.database.close()

    def _go_on(self) -> None:
        if self._stepping.locked():
            self._stepping.release()
