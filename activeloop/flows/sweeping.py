"""Sweep a large pool in ranges: begun by a ranking job, scored by all workers, merged by one."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from activeloop.flows import asking, models, sources
from activeloop.flows.asking import Ask, Plan
from activeloop.flows.versions import words
from activeloop.jobs import Merge, ScoreRange
from activeloop.learn import partials
from activeloop.learn import select as selecting
from activeloop.learn.pool import Pool
from activeloop.spec import ProjectSpec, parse_spec
from activeloop.store import db, ledger, sweeps, versions
from activeloop.store.db import Session
from activeloop.store.tables import Sweep, SweepRange
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.learn.types import Bools, Ints, Source

NONCE = 16
"""Bytes before the content of a sweep's files: no two sweeps share one, so each can be deleted."""
TRIED = 4
PATIENCE = 1
"""A sweep that has itself replaced so many unfinished ones is let finish, however old it is."""
STAGE = "ranking"


@dataclass(frozen=True)
class Asked:
    """A sweep as it was begun, opened again by whoever takes part in it."""

    ask: Ask
    by: Plan
    pool: Pool
    question: selecting.Sweep


def begin(  # noqa: PLR0917 - a sweep and the job that begins it
    services: Services, ask: Ask, by: Plan, question: selecting.Sweep, pool: Pool, work: Work
) -> None:
    """Write the sweep, its ranges and a job for each; end the ranking job.

    Raises:
        Needs: when the strategy lacks something that shows only once it scores.
    """
    _try_out(question, pool)
    with services.read() as session:
        live = sweeps.running(session, ask.project_id)
    if live is not None and live.featurizer_id == ask.featurizer_id and live.overtook >= PATIENCE:
        # versions come faster than sweeps end: one must, and its best be re-scored
        with services.write() as session:
            work.done(session)
        return
    row = _row(services, ask, by, pool)
    with services.write() as session:
        if live is not None and sweeps.locked(session, live.id) is not None:
            sweeps.end(session, live.id, sweeps.DROPPED, db.now(session))
            row.overtook = live.overtook + 1
        row.created_at = now = db.now(session)
        for each in sweeps.add(session, row, _cuts(pool.sources, services.settings.sweep_rows)):
            job = ScoreRange(ask.project_id, row.id, each.id)
            each.job_id = ledger.add(session, job, now=now)
        work.done(session)
    collect(services, ask.project_id)


def run(services: Services, job: ScoreRange, work: Work) -> None:
    """Score one range; does nothing when its sweep has ended or the range is done."""
    started = time.monotonic()
    with services.read() as session:
        found = sweeps.one(session, job.sweep_id, job.range_id)
    if found is None:
        with services.write() as session:
            work.done(session)
        return
    row, part = found
    work.tell(STAGE, 0.0)
    asked = opened(services, row)
    rows = part.stop - part.first
    partial = asked.question.over(
        _part(asked.pool, part), lambda read: work.tell(STAGE, read / rows)
    )
    # saved before the row that names it: a crash here leaves a stray file, never a row without
    artifact = services.artifacts.put(_nonce(row.eligible, part.id) + partials.dump(partial))
    with services.write() as session:
        wanted = sweeps.locked(session, row.id) is not None
        if wanted:
            seconds = time.monotonic() - started
            sweeps.scored(session, part.id, artifact=artifact, seconds=seconds)
            if sweeps.unfinished(session, row.id) == 0:
                ledger.add(session, Merge(job.project_id, row.id), now=db.now(session))
        work.done(session)
    if not wanted:
        services.artifacts.drop(artifact)


def failed(session: Session, job: ScoreRange, message: str) -> None:
    """End the sweep; the old ranking stays, and the job's row keeps the message for the doctor."""
    sweeps.fail(session, job.sweep_id, message, db.now(session))


def opened(services: Services, row: Sweep) -> Asked:
    """Open a sweep again, just as it was begun, whatever has been labelled or imported since."""
    if row.eligible in _opened:
        return _opened[row.eligible]
    with services.read() as session:
        version = versions.by_number(session, row.project_id, row.version or 0)
        blocks = sources.opened(services, session, row.featurizer_id, row.samples)
        # as they were called when it began, whatever has been changed since
        called = words(session, version, row.events) if version else ()
    spec = parse_spec(row.spec)
    ask = Ask(
        project_id=row.project_id,
        spec=spec,
        featurizer_id=row.featurizer_id,
        version=row.version,
        samples=row.samples,
        events=row.events,
        length=row.length,
        labelled=_read_known(services, row.known, spec),
        words=called,
    )
    model = models.read(services, version.artifact) if version and row.by_model else None
    by = Plan(row.strategy, spec.strategy.params if row.by_model else {}, row.because, model)
    pool = Pool(blocks, _read_mask(services, row.eligible), services.settings.threads)
    found = Asked(ask, by, pool, asking.prepare(services, ask, by, pool))
    _opened.clear()  # one is enough: a process takes range after range of the same sweep
    _opened[row.eligible] = found
    return found


def read_partial(services: Services, artifact: str) -> partials.Partial:
    """Read what a range found."""
    return partials.load(services.artifacts.get(artifact)[NONCE:])


def collect(services: Services, project_id: int) -> int:
    """Delete the files and ranges of sweeps that have ended.

    Returns:
        How many files are gone. Killed between, the next call finds the rest.
    """
    with services.read() as session:
        ended = [
            (row, sweeps.ranges(session, row.id)) for row in sweeps.left_behind(session, project_id)
        ]
    files = 0
    for row, ranges in ended:
        names = [row.eligible, row.known, *(each.artifact for each in ranges)]
        for name in filter(None, names):
            services.artifacts.drop(name)
            files += 1
        with services.write() as session:
            sweeps.forget(session, row.id)
    return files


def _row(services: Services, ask: Ask, by: Plan, pool: Pool) -> Sweep:
    """Make the row of a sweep, and the files that say what was there when it began."""
    candidates = np.zeros(ask.samples, bool)
    candidates[pool.candidates] = True
    bits = secrets.token_bytes(NONCE) + np.packbits(candidates).tobytes()
    return Sweep(
        project_id=ask.project_id,
        version=ask.version,
        featurizer_id=ask.featurizer_id,
        spec=ask.spec.dump(),
        question=ask.question,
        strategy=by.strategy,
        because=by.because,
        by_model=by.model is not None,
        samples=ask.samples,
        events=ask.events,
        length=ask.length,
        eligible=services.artifacts.put(bits),
        known=_write_known(services, ask, by),
    )


def _read_mask(services: Services, name: str) -> Callable[[Ints], Bools]:
    """Map the mask of a sweep: a range touches its own part of the file only."""
    bits = np.memmap(services.artifacts.path(name), np.uint8, "r", offset=NONCE).view(np.ndarray)

    def eligible(seqs: Ints) -> Bools:
        places = (7 - (seqs & 7)).astype(np.uint8)
        asked: Bools = ((bits[seqs >> 3] >> places) & 1).astype(bool)
        return asked

    return eligible


def _write_known(services: Services, ask: Ask, by: Plan) -> str:
    """Keep what is labelled, for a strategy that looks at it; empty for any other."""
    if not asking.looks_at_labels(by) or not ask.labelled:
        return ""
    if ask.spec.answer == "several":
        written = json.dumps(list(ask.labelled), ensure_ascii=False).encode()
    else:
        index = {name: i for i, name in enumerate(ask.spec.classes)}
        known = [(seq, index[label]) for seq, label in ask.labelled if label in index]
        pairs = np.array(known, np.int64)
        written = pairs.tobytes()
    return services.artifacts.put(secrets.token_bytes(NONCE) + written)


def _read_known(services: Services, name: str, spec: ProjectSpec) -> list[tuple[int, str]]:
    if not name:
        return []
    written = services.artifacts.get(name)[NONCE:]
    if spec.answer == "several":
        return [(seq, label) for seq, label in json.loads(written)]
    pairs = np.frombuffer(written, np.int64).reshape(-1, 2)
    return [(seq, spec.classes[index]) for seq, index in pairs.tolist()]


def _cuts(blocks: Sequence[Source], rows: int) -> list[tuple[int, int]]:
    """Cut the pool between blocks into ranges of at least `rows`, but for the last."""
    cuts: list[tuple[int, int]] = []
    first = blocks[0].start
    for block in blocks:
        stop = block.start + block.rows
        if stop - first >= rows or block is blocks[-1]:
            cuts.append((first, stop))
            first = stop
    return cuts


def _part(pool: Pool, part: SweepRange) -> Pool:
    starts = [source.start for source in pool.sources]
    return pool.part(bisect_left(starts, part.first), bisect_left(starts, part.stop))


def _try_out(question: selecting.Sweep, pool: Pool) -> None:
    """Score a few rows, so that what is missing shows before the work is handed out."""
    if question.scorer.strategy.picks != "cover":
        question.scorer.score(pool.gather(pool.sample(TRIED, question.seed)))


def _nonce(sweep: str, range_id: int) -> bytes:
    # not random: a range swept twice gives the same file
    return hashlib.sha256(f"{sweep} {range_id}".encode()).digest()[:NONCE]


_opened: dict[str, Asked] = {}
