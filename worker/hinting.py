"""Send hints about jobs from a thread of its own: a broker that is away delays nobody."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from activeloop.settings import Settings
from activeloop.wiring import Enqueue, leave_to_the_clock

if TYPE_CHECKING:
    from celery import Celery

MOST_WAITING = 1000
PAUSE_AFTER_FAULT = 2.0

logger = logging.getLogger("activeloop.hints")


class Hints:
    """Passes job ids on to the broker, drops them when it is away: the clock finds the rows."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing yet: the first hint starts the thread, in the process that gives it."""
        self._settings = settings
        self._ids: queue.Queue[int] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def __call__(self, job_ids: Sequence[int]) -> None:
        """Take the ids and return at once."""
        with self._lock:
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._send_all, name="hints", daemon=True)
                self._thread.start()
        for job_id in job_ids:
            try:
                self._ids.put_nowait(job_id)
            except queue.Full:
                return

    def _send_all(self) -> None:
        from .app import build

        app = build(self._settings)
        while True:
            job_id = self._ids.get()
            if not self._sent(app, job_id):
                self._over.wait(PAUSE_AFTER_FAULT)
                self._forget()

    def _sent(self, app: Celery, job_id: int) -> bool:
        from kombu.exceptions import OperationalError

        from .tasks import CARRY_OUT

        try:
            app.send_task(CARRY_OUT, [job_id], ignore_result=True, retry=False)
        except (OperationalError, OSError) as fault:
            logger.warning("the broker is away, the clock will find job=%d: %s", job_id, fault)
            return False
        return True

    def _forget(self) -> None:
        try:
            while True:
                self._ids.get_nowait()
        except queue.Empty:
            return


def sender(settings: Settings) -> Enqueue:
    """Choose how this process hints: through Redis, or, embedded, not at all."""
    return Hints(settings) if settings.redis_url else leave_to_the_clock
