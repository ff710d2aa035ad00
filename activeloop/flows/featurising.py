"""Turn samples into numbers once, and keep them in blocks from which everything else reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop.errors import CannotLearn, NotFound, NotReady
from activeloop.flows.projects import spec_of
from activeloop.jobs import Featurize, Rank
from activeloop.spec import ProjectSpec
from activeloop.store import blocks, db, featurizers, ledger, projects, samples
from activeloop.store.db import Session
from activeloop.store.tables import FeatureBlock, Featurizer, Project
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.blockfiles import StoredBlock
    from activeloop.flows.carrying import Work
    from activeloop.learn import features
    from activeloop.learn.types import Block as Block  # noqa: PLC0414 - others name it through here
    from activeloop.learn.types import Features

Tell = Callable[[str, float], None]
BLOCK_ROWS = 65_536
BLOCK_BYTES = 64 << 20
PAGE = {"text": 2000, "image": 64, "table": 2000, "vectors": 500}
FITTED_ROWS = 20_000
FITTED_VALUES = 4_000_000
STAGE = "computing features"


@dataclass(frozen=True)
class _Fitted:
    """A featurizer as the database and as the numbers know it."""

    row: Featurizer
    fitted: features.Featurizer
    kind: str
    half: bool


def run(services: Services, job: Featurize, work: Work) -> None:
    """Carry out a featurize job: cover the whole pool, then have it ranked."""
    with services.read() as session:
        empty = samples.count(session, job.project_id) == 0
    if not empty:
        ensure(services, job.project_id, work.tell)
    with services.write() as session:
        if not empty:
            ledger.add(session, Rank(job.project_id), now=db.now(session))
        work.done(session)


def failed(session: Session, job: Featurize, message: str) -> None:
    """Leave the blocks that are there; the job's row keeps the message for the doctor."""


def ensure(services: Services, project_id: int, tell: Tell) -> Featurizer:
    """Make sure that every sample has features.

    Safe to be called by several workers at once: what one has done the others take over.

    Args:
        services: those of this process.
        project_id: whose pool.
        tell: is told stage and progress; may raise to stop the work between two pages.

    Returns:
        The project's featurizer, whose blocks cover all samples there were when this began.

    Raises:
        CannotLearn: when the recipe has to look at the pool and the pool is empty.
        Invalid: when the recipe is wrong or a sample does not fit it.
    """
    with services.read() as session:
        project = _project(session, project_id)
        total = samples.count(session, project_id)
    found = _fitted(services, project, spec_of(project))
    while True:
        with services.read() as session:
            last = blocks.tail(session, found.row.id)
        done = last.start + last.rows if last else 0
        if done >= total:
            return found.row
        tell(STAGE, done / total)
        _extend(services, found, last, total, tell)


def open_blocks(services: Services, session: Session, featurizer_id: int) -> list[StoredBlock]:
    """List the blocks of a featurizer, in the order of the samples."""
    from activeloop.flows.blockfiles import StoredBlock

    return [
        StoredBlock(each.start, each.rows, services.artifacts.path(each.artifact))
        for each in blocks.listed(session, featurizer_id)
    ]


def rows(services: Services, featurizer_id: int, seqs: Sequence[int]) -> Features:
    """Gather the features of some samples.

    Returns:
        (len(seqs), width), row i being the sample with the number `seqs[i]`; a copy.

    Raises:
        NotReady: when a sample has no features yet.
    """
    import numpy as np
    from scipy.sparse import csr_matrix, vstack

    with services.read() as session:
        featurizer = featurizers.by_id(session, featurizer_id)
        stored = open_blocks(services, session, featurizer_id)
    if featurizer is None:
        raise NotFound(f"There is no featurizer {featurizer_id}.")
    wanted = np.asarray(seqs, np.int64).reshape(-1)
    order = np.argsort(wanted, kind="stable")
    ordered = wanted[order]
    covered = stored[-1].start + stored[-1].rows if stored else 0
    if len(ordered) and not 0 <= ordered[0] <= ordered[-1] < covered:
        raise NotReady(f"Sample number {ordered[-1]} has no features yet; they are on their way.")
    cuts = np.searchsorted(ordered, [each.start for each in stored] + [covered])
    parts = [
        each.take(ordered[low:high] - each.start)
        for each, low, high in zip(stored, cuts, cuts[1:], strict=False)
        if low < high
    ]
    if featurizer.sparse:
        empty = csr_matrix((0, featurizer.width), dtype=np.float32)
        gathered: Any = vstack([empty, *parts], format="csr")
        return csr_matrix(gathered[np.argsort(order)])
    dense = np.empty((len(ordered), featurizer.width), np.float32)
    at = 0
    for part in parts:
        dense[order[at : at + len(part)]] = part
        at += len(part)
    return dense


def _project(session: Session, project_id: int) -> Project:
    project = projects.by_id(session, project_id)
    if project is None:
        raise NotFound(f"There is no project {project_id}.")
    return project


def _fitted(services: Services, project: Project, spec: ProjectSpec) -> _Fitted:
    """Give the project's featurizer, fitting one when there is none that follows the spec."""
    from activeloop.learn import features, persist

    recipe, half = features.make(spec.features, spec.kind), spec.features.precision == "float16"
    with services.read() as session:
        row = featurizers.current(session, project)
    if row is not None:
        fitted = persist.load_featurizer(services.artifacts.get(row.artifact))
        if recipe.needs_fit or recipe.fit([]).fingerprint == row.fingerprint:
            return _Fitted(row, fitted, spec.kind, half)
    payloads = _to_fit(services, project.id) if recipe.needs_fit else []
    if recipe.needs_fit and not payloads:
        raise CannotLearn("The pool is empty: import data to start.")
    fitted = recipe.fit(payloads)
    return _Fitted(_kept(services, project.id, fitted, len(payloads)), fitted, spec.kind, half)


def _to_fit(services: Services, project_id: int) -> list[dict[str, Any]]:
    """Read a random sample of the pool, fewer of them when each is long."""
    with services.read() as session:
        first = samples.drawn(session, project_id, 1)
        values = max((_length(value) for value in first[0].values()), default=1) if first else 1
        return samples.drawn(session, project_id, min(FITTED_ROWS, FITTED_VALUES // values + 1))


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 1


def _kept(
    services: Services, project_id: int, fitted: features.Featurizer, fitted_rows: int
) -> Featurizer:
    from activeloop.learn import persist

    # saved before the row that names it: a crash here leaves a stray file, never a row without
    artifact = services.artifacts.put(persist.dump_featurizer(fitted))
    with services.write() as session:
        row = Featurizer(
            project_id=project_id,
            fingerprint=fitted.fingerprint,
            artifact=artifact,
            width=fitted.width,
            sparse=fitted.sparse,
            fitted_rows=fitted_rows,
            created_at=db.now(session),
        )
        row = featurizers.keep(session, row)
        projects.point(session, project_id, featurizer_id=row.id)
    return row


def _extend(
    services: Services, found: _Fitted, last: FeatureBlock | None, total: int, tell: Tell
) -> None:
    """Compute one block more, or the last one anew when it has room; drop it if not wanted."""
    from activeloop.flows import blockfiles

    start = last.start + last.rows if last else 0
    parts: list[Features] = []
    size = 0
    if last is not None and last.rows < BLOCK_ROWS:
        before = blockfiles.load(services.artifacts.path(last.artifact))
        size = blockfiles.size_of(before)
        if size < BLOCK_BYTES:
            parts, start = [before], last.start
        else:
            size = 0
    count = sum(part.shape[0] for part in parts)
    stop = min(total, start + BLOCK_ROWS)
    for part in _pages(services, found, start + count, stop):
        parts.append(part)
        count += part.shape[0]
        size += blockfiles.size_of(part)
        tell(STAGE, (start + count) / total)
        if size >= BLOCK_BYTES:
            break
    dumped = blockfiles.dump(_stacked(parts), half=found.half)
    artifact = services.artifacts.put(dumped)
    with services.write() as session:
        blocks.put(session, found.row.id, start=start, rows=count, artifact=artifact)


def _pages(services: Services, found: _Fitted, start: int, stop: int) -> Iterator[Features]:
    page = PAGE[found.kind]
    for at in range(start, stop, page):
        with services.read() as session:
            payloads = samples.payloads(session, found.row.project_id, at, min(at + page, stop))
        blobs = None
        if found.kind == "image":
            blobs = [services.artifacts.get(payload["image"]) for payload in payloads]
        yield found.fitted.transform(payloads, blobs=blobs)


def _stacked(parts: list[Features]) -> Features:
    import numpy as np
    from scipy.sparse import issparse, vstack

    if len(parts) == 1:
        return parts[0]
    stacked: Features = vstack(parts, format="csr") if issparse(parts[0]) else np.concatenate(parts)
    return stacked
