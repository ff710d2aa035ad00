"""The tasks: three lines each."""

from __future__ import annotations

from celery import Celery

from activeloop.flows.tick import tick
from activeloop.settings import Settings

from .child import Child

CARRY_OUT = "activeloop.carry_out"
TICK = "activeloop.tick"


def register(app: Celery, settings: Settings) -> None:
    """Give the app its tasks; their services are built in the process that runs them."""
    child = Child(settings)
    child.listen()

    def _carry_out(job_id: int) -> None:
        child.carry_out(job_id)

    def _tick() -> None:
        child.services.enqueue(tick(child.services).sent)

    app.task(_carry_out, name=CARRY_OUT, shared=False)
    app.task(_tick, name=TICK, shared=False)
