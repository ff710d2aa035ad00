"""The filters of a pool, and the ways an index gives to walk the samples that pass one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import TextClause, select
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


Walk = Callable[[Session, int, int], list[int]]
"""Gives, of a session, the next `seq` after one, in order, and at most so many."""

# as text: a parameter would hide the partial indexes from the planner
_DONE = sql("consensus.complete = true")
_DISPUTED = sql("consensus.disputed = true")
_SPLIT = sql("consensus.agreement < 1")
_REMOVED = sql("sample.removed_at IS NOT NULL")
_FLAG = sql("label.kind = 'flag'")
_OPEN = sql("review.state = 'open'")


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
