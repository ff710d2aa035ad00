"""Keep the queue fresh between two sweeps: re-score its top by a new version, take in arrivals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from activeloop.errors import Needs
from activeloop.flows import asking, featurising, models, telling
from activeloop.flows.projects import find
from activeloop.flows.versions import words
from activeloop.jobs import Rank
from activeloop.store import db, imports, ledger, projects, rankings, sweeps, versions
from activeloop.store.db import Session
from activeloop.store.tables import Ranking, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.asking import Ask, Plan
    from activeloop.flows.carrying import Work
    from activeloop.learn.types import Model, Picks

MOST_ARRIVALS = 50_000
"""More new samples than this are left to a sweep: gathering them one by one would take as long."""

Scope = Literal["head", "arrivals"]


@dataclass(frozen=True)
class Fresh:
    """A new order of a few thousand samples, ready to be served."""

    ask: Ask
    plan: Plan
    picks: Picks
    told: Sequence[rankings.Pick]
    samples: int
    scope: Scope
    because: str
    seconds: float


@dataclass(frozen=True)
class Swept:
    """What a whole sweep found."""

    ask: Ask
    by: Plan
    picks: Picks
    told: Sequence[rankings.Pick]
    seconds: float


def head(services: Services, ask: Ask, model: Model) -> Fresh | None:
    """Re-score what is left of the served queue, and what came since, by a new version.

    Args:
        services: those of this process.
        ask: the question to the new version, which need not be kept yet.
        model: the new version.

    Returns:
        The new order, or None when nothing is served, or the strategy cannot be used yet.
    """
    with services.read() as session:
        served = _served(session, ask)
        if served is None:
            return None
        seqs = rankings.open_seqs(session, served.id)
        came, samples = _came(session, ask, served)
    by = asking.by_version(ask, model)
    because = (
        f"{by.strategy}: the top of the queue was re-scored by version {ask.version}; "
        "the full sweep follows"
    )
    return _ordered(services, ask, by, [*seqs, *came], samples, scope="head", because=because)


def with_arrivals(services: Services, ask: Ask, by: Plan) -> Fresh | None:
    """Score what came since the served ranking together with what is left of it."""
    with services.read() as session:
        served = _served(session, ask)
        if served is None:
            return None
        seqs = rankings.open_seqs(session, served.id)
        came, samples = _came(session, ask, served)
    scope: Scope = "head" if served.scope == "head" else "arrivals"
    said = f"{len(came):,} new {'sample was' if len(came) == 1 else 'samples were'} scored"
    because = f"{by.because}; {said} on arrival"
    return _ordered(services, ask, by, [*seqs, *came], samples, scope=scope, because=because)


def serve(services: Services, swept: Swept, work: Work, sweep_id: int | None = None) -> None:
    """Serve what a sweep found, and end its job.

    When a newer version has come meanwhile, the queue must not fall back behind it: the best of
    the sweep are re-scored by that one, and the next sweep is asked for.
    """
    ask = swept.ask
    while True:
        with services.read() as session:
            newest = _overtaken_by(session, ask)
        fresh = _rescored(services, swept, newest) if newest is not None else None
        with services.write() as session:
            projects.lock(session, ask.project_id)
            again = _overtaken_by(session, ask)
            if (again and again.id) != (newest and newest.id):
                continue
            if not _ended(session, ask, sweep_id):
                work.done(session)
                return
            if fresh is not None and newest is not None:
                flip(session, fresh, newest.id)
            elif newest is None:
                _flip_pool(session, swept)
            if newest is not None or _more_came(session, ask):
                ledger.add(session, Rank(ask.project_id), now=db.now(session))
            work.done(session)
            return


def _more_came(session: Session, ask: Ask) -> bool:
    """Tell whether samples came that nobody will ask to be ranked; an import asks when it ends."""
    counts = projects.tally(session, ask.project_id)
    return ask.samples < counts.samples and not imports.live(session, ask.project_id)


def _overtaken_by(session: Session, ask: Ask) -> Version | None:
    """Find a version newer than the one asked that has kept its features."""
    newest = versions.learner(session, ask.project_id)
    if newest is None or newest.featurizer_id != ask.featurizer_id:
        return None
    return newest if newest.number > (ask.version or 0) else None


def _ended(session: Session, ask: Ask, sweep_id: int | None) -> bool:
    """End the sweep that this result is of, or drop the one it replaces; False when it ended."""
    now = db.now(session)
    if sweep_id is None:
        live = sweeps.running(session, ask.project_id)
        if live is not None:
            sweeps.end(session, live.id, sweeps.DROPPED, now)
        return True
    if sweeps.locked(session, sweep_id) is None:
        return False
    sweeps.end(session, sweep_id, sweeps.DONE, now)
    return True


def _flip_pool(session: Session, swept: Swept) -> None:
    ranking = asking.generation(
        swept.ask, swept.by, swept.picks, seconds=swept.seconds, now=db.now(session)
    )
    if ranking.version is not None:
        found = versions.by_number(session, ranking.project_id, ranking.version)
        ranking.version_id = found.id if found else None
    rankings.flip(session, ranking, swept.told)


def _rescored(services: Services, swept: Swept, newest: Version) -> Fresh | None:
    """Order what a sweep by an earlier version found, by the present one."""
    with services.read() as session:
        called = words(session, newest)
    ask = replace(swept.ask, version=newest.number, words=called)
    by = asking.by_version(ask, models.read(services, newest.artifact))
    because = (
        f"{by.strategy}: the best of a sweep by an earlier version, re-scored by version "
        f"{ask.version}; the full sweep follows"
    )
    seqs = swept.picks.seqs.tolist()
    return _ordered(services, ask, by, seqs, ask.samples, scope="head", because=because)


def flip(session: Session, fresh: Fresh, version_id: int) -> Ranking:
    """Serve the new order from now on, in the caller's transaction."""
    ranking = asking.generation(
        fresh.ask, fresh.plan, fresh.picks, seconds=fresh.seconds, now=db.now(session)
    )
    ranking.version_id, ranking.scope = version_id, fresh.scope
    ranking.because, ranking.samples = fresh.because, fresh.samples
    return rankings.flip(session, ranking, fresh.told)


def _served(session: Session, ask: Ask) -> Ranking | None:
    return rankings.current(session, find(session, ask.project_id))


def _came(session: Session, ask: Ask, served: Ranking) -> tuple[list[int], int]:
    """List what came since a ranking, unless that is too much; up to where it then reaches."""
    if ask.samples - served.samples > MOST_ARRIVALS:
        return [], served.samples
    stop = max(ask.samples, served.samples)
    return rankings.arrivals(session, ask.project_id, served.samples, stop), stop


def _ordered(
    services: Services,
    ask: Ask,
    by: Plan,
    seqs: Sequence[int],
    samples: int,
    *,
    scope: Scope,
    because: str,
) -> Fresh | None:
    """Let the engine order some samples as if they were the pool."""
    import numpy as np

    from activeloop.learn.pool import Pool
    from activeloop.learn.types import Block, Picks

    started = time.monotonic()
    if not seqs:
        return None
    places = np.unique(np.asarray(seqs, np.int64))
    X = featurising.rows(services, ask.featurizer_id, places.tolist())
    pool = Pool([Block(0, X)], np.ones(len(places), bool))
    try:
        sweep = asking.prepare(services, ask, by, pool)
        found = sweep.finish(sweep.over(pool), pool)
    except Needs:
        return None
    picks = Picks(places[found.seqs], found.scores, found.probabilities, found.scored)
    told = telling.tell(services, ask, by, picks)
    return Fresh(ask, by, picks, told, samples, scope, because, time.monotonic() - started)
