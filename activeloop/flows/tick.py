"""One step of the clock: find what is due, whatever happened to the messages about it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from activeloop.flows import strays
from activeloop.flows.carrying import FINAL, fail_for_good
from activeloop.store import db, heartbeats, offers, projects, reminders

if TYPE_CHECKING:
    from activeloop.store.db import Session
    from activeloop.wiring import Services

SENT_AT_ONCE = 200

logger = logging.getLogger("activeloop.clock")


@dataclass(frozen=True)
class Ticked:
    """What one step found.

    `sent` are jobs to send a hint about, `returned` offers whose lease had run out, `buried`
    jobs given up, `asked` projects whose retraining came due or whose queue ran low.
    """

    sent: tuple[int, ...] = ()
    returned: int = 0
    buried: int = 0
    asked: int = 0


def tick(services: Services, *, room: int = SENT_AT_ONCE) -> Ticked:
    """Do what is due by now; any number of processes may call this at any time.

    Args:
        services: those of this process.
        room: how many hints the caller can pass on; what it cannot is left to another clock.
    """
    with services.write() as session:
        if not reminders.only_clock(session):
            return Ticked()
        now = db.now(session)
        returned = offers.expire(session, now)
        heartbeats.clean(session, now=now)
    buried = _bury(services)
    strays.delete(services, now)
    asked = sum(_asks(services, project_id) for project_id in _projects(services))
    return Ticked(tuple(due(services, room=room)), returned, buried, asked)


def due(services: Services, *, room: int = SENT_AT_ONCE) -> list[int]:
    """List at most `room` jobs to send a hint about; costs one read when there is none."""
    if room <= 0:
        return []
    with services.read() as session:
        if not reminders.waiting(session, now=db.now(session)):
            return []
    with services.write() as session:
        return reminders.due(session, now=db.now(session), limit=room)


def _bury(services: Services) -> int:
    with services.write() as session:
        ended = reminders.bury(session, now=db.now(session))
        for job in ended:
            if job.state in FINAL:
                _mourn(session, job)
    return len(ended)


def _mourn(session: Session, ended: reminders.Ended) -> None:
    logger.error(ended.error, extra={"kind": ended.job.kind, "project": ended.job.project_id})
    fail_for_good(session, ended.job, ended.error)


def _projects(services: Services) -> list[int]:
    with services.read() as session:
        return [project.id for project in projects.all_(session)]


def _asks(services: Services, project_id: int) -> bool:
    try:
        from activeloop.flows import due as cadence
        from activeloop.flows import lows, monitoring, quality, retaining

        retaining.let_go(services, project_id)
        low = lows.ask_if_low(services, project_id)
        with services.write() as session:
            project = projects.by_id(session, project_id)
            if project is None or not reminders.only_clock(session):
                return False
            quality.ask_if_due(session, project)
            monitoring.ask_if_due(session, project)
            return cadence.check(session, project, db.now(session)) is not None or low
    except Exception:
        # one project's fault must not stop the clock for the others
        logger.exception("what it is due could not be judged", extra={"project": project_id})
        return False
