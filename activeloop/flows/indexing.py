"""Keep the search index up with the pool, in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activeloop import searchable
from activeloop.flows.projects import find, spec_of
from activeloop.jobs import IndexPool
from activeloop.store import browsing, db, ledger, samples, search
from activeloop.store.db import Session
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.spec import Kind

AT_ONCE = 2000
"""Samples taken in by one transaction of the index."""
TURN = 50_000
"""Samples taken in by one job; then others have their turn, for people wait for the ranking."""


def run(services: Services, job: IndexPool, work: Work) -> None:
    """Take in what the index lacks; killed anywhere and begun again, it goes on where it was."""
    index = search.opened(services.database, services.settings.data, job.project_id)
    with services.read() as session:
        kind = spec_of(find(session, job.project_id)).kind
        total = samples.count(session, job.project_id)
    first = done = index.through()
    while done < min(total, first + TURN):
        work.tell("indexing", done / total)
        bodies = _bodies(services, job.project_id, kind, done)
        if not bodies or not index.add(done, bodies):
            break  # another worker was quicker, or there is no index here
        done += len(bodies)
    with services.write() as session:
        if first < done < total:
            ledger.add(session, IndexPool(job.project_id), now=db.now(session))
        work.done(session)


def failed(session: Session, job: IndexPool, message: str) -> None:
    """Leave the index as it is: what it lacks is looked through sample by sample."""


def ask(services: Services, project_id: int) -> None:
    """Ask for what the index lacks."""
    with services.write() as session:
        ledger.add(session, IndexPool(project_id), now=db.now(session))


def _bodies(services: Services, project_id: int, kind: Kind, first: int) -> list[str]:
    with services.read() as session:
        told = browsing.told(session, project_id, first, first + AT_ONCE)
    return [searchable.body(kind, each.payload, each.external_id, each.meta) for each in told]
