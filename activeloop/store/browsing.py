"""Look for samples in a pool, a chunk at a time: where they stand, and what they are.

A chunk is walked by the most selective of the filters that an index serves (`way`); the others
are tried on the samples of the chunk (`rows`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, TextClause, exists, or_, select
from sqlalchemy import text as sql
from sqlmodel import Session, col

from activeloop.store.tables import Consensus, Gold, Label, Review, Sample

State = Literal["labelled", "unlabelled", "disputed"]
ANSWERS = ("answer", "propagated")


@dataclass(frozen=True)
class Filter:
    """What samples must be; what is None does not matter.

    Attributes:
        label: their settled label is this text.
        names: their settled label, where there are several, has this class among them.
        state: how far their label is.
        stratum: audit or train.
        annotator: somebody who answered them, by id.
        agreement: they agree less than this.
        import_id: where they came from.
        flagged: somebody flagged them.
        review: they wait for a reviewer.
        gold: their label is known.
        removed: they were removed; others are not shown.
    """

    label: str | None = None
    names: str | None = None
    state: State | None = None
    stratum: str | None = None
    annotator: int | None = None
    agreement: float | None = None
    import_id: int | None = None
    flagged: bool = False
    review: bool = False
    gold: bool = False
    removed: bool = False


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


Walk = Callable[[Session, int, int], list[int]]
"""Gives, of a session, the next `seq` after one, in order, and at most so many."""

_ROW = (
    *(col(Sample.id), col(Sample.seq), col(Sample.external_id), col(Sample.payload)),
    *(col(Sample.meta), col(Sample.stratum), col(Sample.import_id), col(Sample.created_at)),
    *(col(Sample.removed_at), col(Consensus.label), col(Consensus.answers)),
    *(col(Consensus.agreement), col(Consensus.complete), col(Consensus.disputed)),
)
# as text: a parameter would hide the partial indexes from the planner
_DONE = sql("consensus.complete = true")
_DISPUTED = sql("consensus.disputed = true")
_SPLIT = sql("consensus.agreement < 1")
_REMOVED = sql("sample.removed_at IS NOT NULL")
_FLAG = sql("label.kind = 'flag'")
_OPEN = sql("review.state = 'open'")


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


class Way(NamedTuple):
    """A walk by a filter that an index serves; `few` if it finds a small part of the pool."""

    walk: Walk
    few: bool


def way(project_id: int, wanted: Filter) -> Way | None:
    """Choose the filter that finds the fewest, as a rule; None when no index serves any."""
    ways = [
        (wanted.removed, _removed(project_id), True),
        (wanted.review, _in_review(project_id), True),
        (wanted.flagged, _flagged(project_id), True),
        (wanted.gold, _golden(project_id), True),
        (wanted.state == "disputed", _settled(project_id, _DISPUTED), True),
        (wanted.agreement is not None, _settled(project_id, _SPLIT), True),
        (wanted.annotator is not None, _answered(project_id, wanted.annotator or 0), True),
        (wanted.label is not None, _labelled_as(project_id, wanted.label or ""), False),
        (bool(wanted.names) or wanted.state == "labelled", _labelled(project_id), False),
        (wanted.import_id is not None, _imported(wanted.import_id or 0), False),
    ]
    return next((Way(walk, few) for applies, walk, few in ways if applies), None)


def _seqs(session: Session, query: Any, limit: int) -> list[int]:
    return [int(seq) for (seq,) in session.connection().execute(query.limit(limit))]


def _removed(project_id: int) -> Walk:
    """Index: sample_removed."""
    seq = col(Sample.seq)
    query = select(seq).where(col(Sample.project_id) == project_id, _REMOVED).order_by(seq)
    return lambda session, after, limit: _seqs(session, query.where(seq > after), limit)


def _imported(import_id: int) -> Walk:
    """Index: sample_of_import."""
    seq = col(Sample.seq)
    query = select(seq).where(col(Sample.import_id) == import_id).order_by(seq)
    return lambda session, after, limit: _seqs(session, query.where(seq > after), limit)


def _settled(project_id: int, what: TextClause) -> Walk:
    """Indexes: consensus_disputed, consensus_split."""
    seq = col(Consensus.seq)
    query = select(seq).where(col(Consensus.project_id) == project_id, what).order_by(seq)
    return lambda session, after, limit: _seqs(session, query.where(seq > after), limit)


def _labelled_as(project_id: int, label: str) -> Walk:
    """Index: consensus_label."""
    seq = col(Consensus.seq)
    query = (
        select(seq)
        .where(col(Consensus.project_id) == project_id, _DONE, col(Consensus.label) == label)
        .order_by(seq)
    )
    return lambda session, after, limit: _seqs(session, query.where(seq > after), limit)


def _labelled(project_id: int) -> Walk:
    """Index: consensus_done, once for each stratum."""
    seq = col(Consensus.seq)

    def walk(session: Session, after: int, limit: int) -> list[int]:
        found: list[int] = []
        for stratum in ("audit", "train"):
            query = select(seq).where(
                col(Consensus.project_id) == project_id,
                col(Consensus.stratum) == stratum,
                _DONE,
                seq > after,
            )
            found += _seqs(session, query.order_by(seq), limit)
        return sorted(found)[:limit]

    return walk


def _flagged(project_id: int) -> Walk:
    """Index: label_flags; reads them all, which are few."""
    return _few(select(col(Label.sample_id)).where(col(Label.project_id) == project_id, _FLAG))


def _in_review(project_id: int) -> Walk:
    """Index: review_queue; reads them all, which are few."""
    return _few(select(col(Review.sample_id)).where(col(Review.project_id) == project_id, _OPEN))


def _golden(project_id: int) -> Walk:
    """Index: gold_of_project; reads them all, which are few."""
    return _few(select(col(Gold.sample_id)).where(col(Gold.project_id) == project_id))


def _answered(project_id: int, user_id: int) -> Walk:
    """Index: label_by_person; reads all that one person answered."""
    return _few(
        select(col(Label.sample_id)).where(
            col(Label.project_id) == project_id,
            col(Label.user_id) == user_id,
            col(Label.kind).in_(ANSWERS),
        )
    )


def _few(ids: Any) -> Walk:
    """Walk samples that are listed without order."""
    seq = col(Sample.seq)
    query = select(seq).where(col(Sample.id).in_(ids)).order_by(seq)
    return lambda session, after, limit: _seqs(session, query.where(seq > after), limit)


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
