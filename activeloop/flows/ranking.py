"""Rank the pool with the newest model and put the new queue in front of the annotators."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from activeloop.errors import Needs
from activeloop.flows import featurising
from activeloop.flows.projects import find, spec_of
from activeloop.jobs import Rank
from activeloop.spec import ProjectSpec
from activeloop.store import db, labels, projects, rankings, versions
from activeloop.store.db import Session
from activeloop.store.tables import Ranking, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    import numpy as np

    from activeloop.flows.carrying import Work
    from activeloop.learn.types import Block, Bools, Features, Ints, Model, Picks


@dataclass(frozen=True)
class Pool:
    """What a ranking starts from, read in one short transaction."""

    spec: ProjectSpec
    samples: int
    unavailable: Sequence[int]
    labelled: Sequence[tuple[int, str]]
    version: Version | None
    generation: int


@dataclass(frozen=True)
class Plan:
    """How the pool will be ordered, and why so."""

    strategy: str
    because: str
    model: Model | None


def run(services: Services, job: Rank, work: Work) -> None:
    """Carry out a ranking job: score the pool, flip the new ranking in."""
    started = time.monotonic()
    featurizer = featurising.ensure(services, job.project_id, work.tell)
    with services.read() as session:
        pool = _read(session, job.project_id, featurizer.id)
    if pool.samples == 0:
        with services.write() as session:
            work.done(session)
        return
    work.tell("ranking", 0.0)
    plan = _plan(services, pool)
    plan, picks = _picked(services, pool, plan, featurizer.id, work)
    with services.write() as session:
        ranking = Ranking(
            project_id=job.project_id,
            version_id=pool.version.id if pool.version and plan.model else None,
            version=pool.version.number if pool.version and plan.model else None,
            strategy=plan.strategy,
            because=plan.because,
            seed=pool.spec.seed,
            scored=picks.scored,
            length=len(picks.seqs),
            samples=pool.samples,
            seconds=time.monotonic() - started,
            created_at=db.now(session),
        )
        rankings.flip(session, ranking, _rows(picks))
        work.done(session)


def failed(session: Session, job: Rank, message: str) -> None:
    """Leave the old ranking in place; the job's row keeps the message for the doctor."""


def _read(session: Session, project_id: int, featurizer_id: int) -> Pool:
    project = find(session, project_id)
    version = versions.learner(session, project_id)
    if version is not None and version.featurizer_id != featurizer_id:
        version = None
    counts = projects.tally(session, project_id)
    return Pool(
        spec=spec_of(project),
        samples=counts.samples,
        unavailable=rankings.unavailable(session, project_id),
        labelled=labels.labelled(session, project_id, "train"),
        version=version,
        generation=(project.ranking_id or 0) + 1,
    )


def _plan(services: Services, pool: Pool) -> Plan:
    """Choose the strategy: the project's own with a model, the cold start before."""
    from activeloop.learn import persist

    if pool.version is None:
        return Plan(pool.spec.strategy.cold_start, _cold_because(pool), None)
    model = persist.load(services.artifacts.get(pool.version.artifact))
    name = pool.spec.strategy.name
    because = f"{name}: the most informative samples by version {pool.version.number}"
    return Plan(name, because, model)


def _cold_because(pool: Pool) -> str:
    seen = {label for _, label in pool.labelled}
    missing = len(pool.spec.classes) - len(seen)
    name = pool.spec.strategy.cold_start
    told = "is random" if name == "random" else f"covers the pool ({name})"
    if not seen:
        return f"order {told}: nothing is labelled yet"
    if missing:
        return (
            f"order {told}: {missing} of {len(pool.spec.classes)} classes have no label yet "
            "and no model is trained"
        )
    return f"order {told}: no model is trained yet"


def _picked(
    services: Services, pool: Pool, plan: Plan, featurizer_id: int, work: Work
) -> tuple[Plan, Picks]:
    """Pick by the plan; when its strategy lacks something, by the cold start, saying so."""
    try:
        return plan, _pick(services, pool, plan, featurizer_id, work)
    except Needs as lack:
        name = pool.spec.strategy.cold_start
        if plan.model is None and plan.strategy == "random":
            raise
        fallback = Plan(name, f"order by {name}, not {plan.strategy}: {lack.message}", None)
        return fallback, _pick(services, pool, fallback, featurizer_id, work)


def _pick(services: Services, pool: Pool, plan: Plan, featurizer_id: int, work: Work) -> Picks:
    from activeloop.learn import select

    blocks = _blocks(services, featurizer_id, pool.samples, work)
    eligible = _eligible(pool)
    known = _labelled(services, pool, plan, featurizer_id)
    if plan.model is None:
        return select.cold_start(
            blocks,
            strategy=plan.strategy,
            eligible=eligible,
            labelled=known,
            batch_size=pool.spec.batch_size,
            length=services.settings.queue_length,
            rng=_rng(pool),
        )
    return select.rank(
        blocks,
        plan.model,
        strategy=plan.strategy,
        params=pool.spec.strategy.params,
        eligible=eligible,
        labelled=known,
        batch_size=pool.spec.batch_size,
        length=services.settings.queue_length,
        rng=_rng(pool),
    )


def _rng(pool: Pool) -> np.random.Generator:
    import numpy as np

    version = pool.version.number if pool.version else 0
    return np.random.default_rng([pool.spec.seed, version, pool.generation])


def _eligible(pool: Pool) -> Bools:
    import numpy as np

    mask = np.ones(pool.samples, dtype=bool)
    mask[np.asarray(pool.unavailable, dtype=np.int64)] = False
    return mask


def _labelled(
    services: Services, pool: Pool, plan: Plan, featurizer_id: int
) -> tuple[Features, Ints] | None:
    """Gather what is labelled, for the strategies that look at it."""
    import numpy as np

    from activeloop.learn import strategies

    wants = plan.model is None or "labelled" in strategies.get(plan.strategy).needs
    if not pool.labelled or not wants:
        return None
    index = {name: i for i, name in enumerate(pool.spec.classes)}
    X = featurising.rows(services, featurizer_id, [seq for seq, _ in pool.labelled])
    y = np.array([index[label] for _, label in pool.labelled], dtype=np.int64)
    return X, y


def _blocks(services: Services, featurizer_id: int, samples: int, work: Work) -> Iterator[Block]:
    """Read the blocks one by one; samples that came after the pool was read wait their turn."""
    from activeloop.learn.types import Block

    with services.read() as session:
        stored = featurising.open_blocks(services, session, featurizer_id)
    for block in stored:
        work.check()
        if block.start < samples:
            loaded = block.load()
            yield Block(loaded.start, loaded.X[: samples - loaded.start])
        work.tell("ranking", min(1.0, (block.start + block.rows) / max(samples, 1)))


def _rows(picks: Picks) -> list[tuple[int, float, float]]:
    return list(
        zip(
            picks.seqs.tolist(),
            picks.scores.tolist(),
            picks.probabilities.tolist(),
            strict=True,
        )
    )
