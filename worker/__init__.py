"""The worker: Celery carries the hints, the ledger carries the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery import Celery

    from activeloop.settings import Settings
    from activeloop.wiring import Enqueue, Services


def create_worker(services: Services) -> Celery:
    """Build the Celery app with its tasks and schedule."""
    from .app import build

    return build(services.settings)


def hints(settings: Settings) -> Enqueue:
    """Give what a web process calls after a commit: it never waits and never fails."""
    from .hinting import sender

    return sender(settings)


def run_worker(services: Services) -> None:
    """Be a worker until told to end."""
    from .running import run

    run(services)


def run_clock(services: Services) -> None:
    """Be the clock until told to end: Celery Beat with Redis, a loop without."""
    from .running import run_clock as run

    run(services)
