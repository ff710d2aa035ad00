"""Bring the queue up to date: sweep the pool with the newest model, or take in what came since."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from activeloop.errors import Needs
from activeloop.flows import asking, featurising, lows, refreshing, telling
from activeloop.flows.projects import find
from activeloop.jobs import Rank
from activeloop.store import rankings, sweeps
from activeloop.store.db import Session
from activeloop.store.tables import Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.asking import Ask, Plan
    from activeloop.flows.carrying import Work
    from activeloop.learn.pool import Pool

Step = Literal["nothing", "arrivals", "sweep"]


def run(services: Services, job: Rank, work: Work) -> None:
    """Carry out a ranking job; safe to be asked for at any time, for it looks what is missing."""
    featurizer = featurising.ensure(services, job.project_id, work.tell)
    with services.read() as session:
        length = services.settings.queue_length
        ask, version = asking.read(session, job.project_id, featurizer.id, length=length)
        step = _step(services, session, ask)
    if step == "sweep":
        work.tell("ranking", 0.0)
        _sweep(services, ask, version, work)
        return
    by = asking.plan(services, ask, version)
    fresh = refreshing.with_arrivals(services, ask, by) if step == "arrivals" else None
    with services.write() as session:
        if fresh is not None and version is not None:
            refreshing.flip(session, fresh, version.id)
        work.done(session)


def failed(session: Session, job: Rank, message: str) -> None:
    """Leave the old ranking in place; the job's row keeps the message for the doctor."""


def _step(services: Services, session: Session, ask: Ask) -> Step:
    """Decide what the queue lacks."""
    if ask.samples == 0:
        return "nothing"
    served = rankings.current(session, find(session, ask.project_id))
    live = sweeps.running(session, ask.project_id)
    under_way = live is not None and live.question == ask.question
    if served is None or served.question != ask.question:
        return "nothing" if under_way else "sweep"
    came = ask.samples - served.samples
    if under_way:  # what came meanwhile joins what is served; the sweep goes on
        return "arrivals" if 0 < came <= refreshing.MOST_ARRIVALS else "nothing"
    low = rankings.runs_low(session, served, lows.mark(services.settings, ask.spec.batch_size))
    if served.scope == "head" or low or came > refreshing.MOST_ARRIVALS:
        return "sweep"
    return "arrivals" if came else "nothing"


def _sweep(services: Services, ask: Ask, version: Version | None, work: Work) -> None:
    """Sweep the pool by the plan; when its strategy lacks something, by the cold start."""
    pool = _pool(services, ask)
    by = asking.plan(services, ask, version)
    try:
        _carry_out(services, ask, by, pool, work)
    except Needs as lack:
        if by.model is None and by.strategy == "random":
            raise
        _carry_out(services, ask, asking.instead(ask, by, lack.message), pool, work)


def _pool(services: Services, ask: Ask) -> Pool:
    from activeloop.flows import sources
    from activeloop.learn.pool import Pool

    with services.read() as session:
        blocks = sources.opened(services, session, ask.featurizer_id, ask.samples)
        left_out = rankings.unavailable(session, ask.project_id)
        eligible = sources.mask(ask.samples, left_out)
    return Pool(blocks, eligible, services.settings.threads)


def _carry_out(services: Services, ask: Ask, by: Plan, pool: Pool, work: Work) -> None:
    """Sweep a large pool in ranges that all workers share, any other here and now."""
    from activeloop.flows import sweeping

    started = time.monotonic()
    sweep = asking.prepare(services, ask, by, pool)
    large = pool.rows > services.settings.sweep_rows
    if large and sweep.splits:
        sweeping.begin(services, ask, by, sweep, pool, work)
        return
    if large:
        by = replace(by, because=f"{by.because}; it looks at the whole pool, in one process")
    found = sweep.over(pool, lambda read: work.tell("ranking", read / max(1, pool.rows)))
    picks = sweep.finish(found, pool)
    told = telling.tell(services, ask, by, picks)
    swept = refreshing.Swept(ask, by, picks, told, time.monotonic() - started)
    refreshing.serve(services, swept, work)
