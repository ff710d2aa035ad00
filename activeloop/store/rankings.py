"""Rankings: the generations of the queue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import Table, bindparam, delete, exists, insert
from sqlalchemy import text as sql
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, col, func, select

from activeloop.store import projects
from activeloop.store.tables import SHUT, Candidate, Project, Ranking, Sample

_CANDIDATE: Table = Candidate.__table__  # type: ignore[attr-defined]
_SAMPLE: Table = Sample.__table__  # type: ignore[attr-defined]
PAGE = 50_000
"""Rows read at a time of those that may be a tenth of the pool."""
_CURRENT = (
    select(Ranking)
    .join(Project, col(Project.ranking_id) == col(Ranking.id))
    .where(col(Project.id) == bindparam("project"))
)
_SAMPLES = select(Sample).where(col(Sample.id).in_(bindparam("ids", expanding=True)))
CHUNK = 500
"""Rows in one statement, below SQLite's limit on its parameters."""


def current(session: Session, project: Project) -> Ranking | None:
    """Read the ranking now served, also when `project` was read before it was flipped in."""
    return session.execute(_CURRENT, {"project": project.id}).scalar_one_or_none()


def by_ids(session: Session, ids: Iterable[int | None]) -> list[Ranking]:
    """Read rankings, also former ones."""
    wanted = [ranking_id for ranking_id in ids if ranking_id is not None]
    return [found for found in map(partial(session.get, Ranking), wanted) if found is not None]


def has_more(session: Session, ranking_id: int) -> bool:
    """Tell whether a ranking has a candidate left to serve. Index: candidate_open."""
    found = session.exec(
        select(Candidate.position)
        .join(Sample, col(Sample.id) == col(Candidate.sample_id))
        .where(
            Candidate.ranking_id == ranking_id,
            col(Candidate.spent).is_(False),
            Sample.slots > 0,
            col(Sample.removed_at).is_(None),
        )
        .limit(1)
    ).first()
    return found is not None


def samples(session: Session, ids: Sequence[int]) -> list[Sample]:
    """Give samples by their ids, in any order; those this session has read are not read again."""
    keys = {sample_id: identity_key(Sample, sample_id) for sample_id in ids}
    known = [session.identity_map[key] for key in keys.values() if key in session.identity_map]
    missing = [sample_id for sample_id, key in keys.items() if key not in session.identity_map]
    if missing:
        known += session.execute(_SAMPLES, {"ids": missing}).scalars()
    return known


class Pick(NamedTuple):
    """A sample chosen by a ranking, by its seq; see `Candidate`."""

    seq: int
    score: float
    probability: float
    suggestion: str | None = None
    confidence: float | None = None
    twin_of: int | None = None


def flip(session: Session, ranking: Ranking, picks: Sequence[Pick]) -> Ranking:
    """Write a new ranking and serve it from now on, in one transaction.

    Args:
        session: an open write session.
        ranking: the new generation, without an id.
        picks: the chosen samples, best first; `twin_of` is a seq that stands before.
    """
    session.add(ranking)
    session.flush()
    ids: dict[int, int] = {}
    for at in range(0, len(picks), CHUNK):
        part = picks[at : at + CHUNK]
        ids |= _ids(session, ranking.project_id, [each.seq for each in part])
        rows = [
            {
                "ranking_id": ranking.id,
                "position": position,
                "sample_id": ids[each.seq],
                "score": each.score,
                "probability": each.probability,
                "suggestion": each.suggestion,
                "confidence": each.confidence,
                "twin_of": ids.get(each.twin_of) if each.twin_of is not None else None,
                "spent": False,
            }
            for position, each in enumerate(part, start=at)
            if each.seq in ids
        ]
        if rows:
            # past the ORM, which takes longer over them than the database does
            session.connection().execute(insert(_CANDIDATE), rows)
    projects.point(session, ranking.project_id, ranking_id=ranking.id)
    _drop_older(session, ranking)
    _tell_planner(session)
    return ranking


def _tell_planner(session: Session) -> None:
    """Have PostgreSQL look at the new candidates at once.

    Until it does it takes a ranking it has not seen for a few rows, and sorts them all, with each
    sample that is offered: some 40 ms instead of a tenth of one, for a minute after each ranking.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(sql("ANALYZE candidate"))


def _ids(session: Session, project_id: int, seqs: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Sample.seq, Sample.id).where(
            Sample.project_id == project_id, col(Sample.seq).in_(list(seqs))
        )
    )
    return {int(row.seq): int(row.id) for row in rows}


def _drop_older(session: Session, kept: Ranking) -> None:
    """Forget the candidates of former rankings, but for the last one's.

    An offer that read which ranking is served just before the flip takes its candidates just after
    it; were they gone, it would be served in random order.
    """
    former = (Ranking.project_id == kept.project_id, col(Ranking.id) < kept.id)
    last = select(func.max(Ranking.id)).where(*former).scalar_subquery()
    older = select(Ranking.id).where(*former, col(Ranking.id) < last)
    session.connection().execute(delete(_CANDIDATE).where(_CANDIDATE.c.ranking_id.in_(older)))


def size(session: Session, ranking_id: int) -> int:
    """Count the candidates of a ranking that can still be served."""
    return session.exec(
        select(func.count())
        .select_from(Candidate)
        .join(Sample, col(Sample.id) == col(Candidate.sample_id))
        .where(
            Candidate.ranking_id == ranking_id,
            col(Candidate.spent).is_(False),
            Sample.slots > 0,
            col(Sample.removed_at).is_(None),
        )
    ).one()


def unavailable(session: Session, project_id: int) -> Iterator[list[int]]:
    """List, page by page, the seqs that a ranking must leave out: audit, complete, or removed.

    Index: sample_shut, which holds just these.
    """
    found = session.connection().execute(
        sqlalchemy.select(_SAMPLE.c.seq).where(
            _SAMPLE.c.project_id == project_id, sql(f"({SHUT})")
        ),
        execution_options={"yield_per": PAGE},
    )
    for rows in found.partitions():
        yield [seq for (seq,) in rows]


def open_seqs(session: Session, ranking_id: int) -> list[int]:
    """List the seqs of the candidates that can still be served, best first."""
    rows = session.execute(
        select(Sample.seq)
        .join(Candidate, col(Candidate.sample_id) == col(Sample.id))
        .where(
            Candidate.ranking_id == ranking_id,
            col(Candidate.spent).is_(False),
            Sample.slots > 0,
            col(Sample.removed_at).is_(None),
        )
        .order_by(col(Candidate.position))
    ).scalars()
    return list(rows)


def arrivals(session: Session, project_id: int, first: int, stop: int) -> list[int]:
    """List the seqs from `first` to before `stop` that a ranking may ask."""
    rows = session.execute(
        select(Sample.seq)
        .where(
            Sample.project_id == project_id,
            Sample.seq >= first,
            Sample.seq < stop,
            Sample.stratum == "train",
            Sample.slots > 0,
            col(Sample.removed_at).is_(None),
        )
        .order_by(col(Sample.seq))
    ).scalars()
    return list(rows)


def runs_low(session: Session, ranking: Ranking, mark: int) -> bool:
    """Tell whether fewer than `mark` candidates are left though the pool has others.

    Indexes: candidate_open, then sample_open.
    """
    left = (
        select(Candidate.position)
        .join(Sample, col(Sample.id) == col(Candidate.sample_id))
        .where(
            Candidate.ranking_id == ranking.id,
            col(Candidate.spent).is_(False),
            Sample.slots > 0,
            col(Sample.removed_at).is_(None),
        )
        .limit(mark)
    )
    if len(session.execute(left).all()) >= mark:
        return False
    listed = exists().where(
        col(Candidate.ranking_id) == ranking.id, col(Candidate.sample_id) == col(Sample.id)
    )
    other = select(Sample.id).where(
        Sample.project_id == ranking.project_id,
        Sample.stratum == "train",
        Sample.slots > 0,
        Sample.seq < ranking.samples,
        col(Sample.removed_at).is_(None),
        ~listed,
    )
    return session.execute(other.limit(1)).first() is not None
