"""Read the samples of a pool that are as wanted, a chunk at a time.

A chunk is walked by the most selective of the filters that an index serves (`ways`); the others
are tried on the samples of the chunk here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, or_, select
from sqlmodel import Session, col

from activeloop.store.tables import Consensus, Gold, Label, Review, Sample
from activeloop.store.ways import ANSWERS, Filter


class Row(NamedTuple):
    """A sample and where its label stands."""

    id: int
    seq: int
    external_id: str | None
    payload: dict[str, Any]
    meta: dict[str, Any]
    stratum: str
    import_id: int | None
    created_at: datetime
    removed_at: datetime | None
    label: str | None
    answers: int | None
    agreement: float | None
    complete: bool | None
    disputed: bool | None


class Told(NamedTuple):
    """What a file said of a sample."""

    payload: dict[str, Any]
    external_id: str | None
    meta: dict[str, Any]


_ROW = (
    *(col(Sample.id), col(Sample.seq), col(Sample.external_id), col(Sample.payload)),
    *(col(Sample.meta), col(Sample.stratum), col(Sample.import_id), col(Sample.created_at)),
    *(col(Sample.removed_at), col(Consensus.label), col(Consensus.answers)),
    *(col(Consensus.agreement), col(Consensus.complete), col(Consensus.disputed)),
)


def told(session: Session, project_id: int, start: int, stop: int) -> list[Told]:
    """Read what is searched of the samples `start` to `stop` - 1, by `seq` (its unique index)."""
    found = session.execute(
        select(col(Sample.payload), col(Sample.external_id), col(Sample.meta))
        .where(
            col(Sample.project_id) == project_id,
            col(Sample.seq) >= start,
            col(Sample.seq) < stop,
        )
        .order_by(col(Sample.seq))
    )
    return [Told(*row) for row in found]


def rows(
    session: Session, project_id: int, wanted: Filter, seqs: range | Sequence[int]
) -> list[Row]:
    """Read those of some samples that are as wanted, by `seq` (its unique index)."""
    if not seqs:
        return []
    seq = col(Sample.seq)
    near = (
        seq.between(seqs.start, seqs.stop - 1) if isinstance(seqs, range) else seq.in_(list(seqs))
    )
    found = session.connection().execute(
        select(*_ROW)
        .outerjoin(Consensus, col(Consensus.sample_id) == col(Sample.id))
        .where(col(Sample.project_id) == project_id, near, *_conditions(wanted))
        .order_by(seq)
    )
    return [Row(*row) for row in found]


def by_ids(session: Session, project_id: int, ids: Sequence[int]) -> list[Row]:
    """Read some samples by their ids, removed ones too."""
    found = session.connection().execute(
        select(*_ROW)
        .outerjoin(Consensus, col(Consensus.sample_id) == col(Sample.id))
        .where(col(Sample.project_id) == project_id, col(Sample.id).in_(list(ids)))
        .order_by(col(Sample.seq))
    )
    return [Row(*row) for row in found]


def known(session: Session, project_id: int, ids: Sequence[int]) -> list[int]:
    """List those of some ids that are samples of a project."""
    rows = session.connection().execute(
        select(col(Sample.id)).where(
            col(Sample.project_id) == project_id, col(Sample.id).in_(list(ids))
        )
    )
    return [int(sample_id) for (sample_id,) in rows]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    gone = col(Sample.removed_at)
    found: list[ColumnElement[bool]] = [gone.is_not(None) if wanted.removed else gone.is_(None)]
    if wanted.stratum is not None:
        found.append(col(Sample.stratum) == wanted.stratum)
    if wanted.import_id is not None:
        found.append(col(Sample.import_id) == wanted.import_id)
    return found + _of_label(wanted) + _of_people(wanted)


def _of_label(wanted: Filter) -> list[ColumnElement[bool]]:
    label, complete = col(Consensus.label), col(Consensus.complete)
    found: list[ColumnElement[bool]] = []
    if wanted.label is not None:
        found += [complete.is_(True), label == wanted.label]
    if wanted.names is not None:
        # the name as it stands in the JSON of several labels
        named = json.dumps(wanted.names, ensure_ascii=False)
        found += [complete.is_(True), label.contains(named, autoescape=True)]
    if wanted.state == "labelled":
        found += [complete.is_(True), label.is_not(None)]
    elif wanted.state == "unlabelled":
        found.append(or_(complete.is_(None), complete.is_(False), label.is_(None)))
    elif wanted.state == "disputed":
        found.append(col(Consensus.disputed).is_(True))
    if wanted.agreement is not None:
        found.append(col(Consensus.agreement) < wanted.agreement)
    return found


def _of_people(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    its_label, its_review = col(Label.sample_id), col(Review.sample_id)
    if wanted.flagged:
        found.append(exists().where(its_label == col(Sample.id), col(Label.kind) == "flag"))
    if wanted.review:
        found.append(exists().where(its_review == col(Sample.id), col(Review.state) == "open"))
    if wanted.gold:
        found.append(exists().where(col(Gold.sample_id) == col(Sample.id)))
    if wanted.annotator is not None:
        found.append(_stands(wanted.annotator))
    return found


def _stands(user_id: int) -> ColumnElement[bool]:
    """Tell whether an answer of a person stands. Index: label.sample_id."""
    later = Label.__table__.alias()  # type: ignore[attr-defined]
    taken_back = exists().where(
        later.c.sample_id == col(Label.sample_id), later.c.undoes == col(Label.id)
    )
    return exists().where(
        col(Label.sample_id) == col(Sample.id),
        col(Label.user_id) == user_id,
        col(Label.kind).in_(ANSWERS),
        ~taken_back,
    )
