"""What goes out: labelled samples and events, a page at a time, with how each came to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from activeloop.store.tables import Consensus, Label, Offer, Ranking, Sample, User

PAGE = 1000
STRATA = ("audit", "train")
SETTLING = ("answer", "propagated", "decision", "imported")
"""Kinds of events that a sample's label may have come from."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sample whose label is settled."""

    seq: int
    sample_id: int
    external_id: str | None
    payload: dict[str, Any]
    meta: dict[str, Any]
    stratum: str
    label: str
    answers: int
    agreement: float
    import_id: int | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a sample came before a person."""

    kind: str
    strategy: str | None = None
    version: int | None = None
    ranking: int | None = None
    ranked_at: datetime | None = None
    scope: str | None = None
    score: float | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An event with the names behind its numbers."""

    number: int
    id: int
    kind: str
    sample_id: int
    external_id: str | None
    stratum: str
    annotator: str | None
    label: str | None
    note: str
    lead_ms: int | None
    late: bool
    counted: bool
    undoes: int | None
    created_at: datetime
    offer_id: int | None


def labelled(session: Session, project_id: int, stratum: str, after: int) -> list[Labelled]:
    """Read the next labelled samples of a stratum, by `seq`. Index: consensus_done."""
    found = session.execute(
        select(
            col(Sample.seq),
            col(Sample.id),
            col(Sample.external_id),
            col(Sample.payload),
            col(Sample.meta),
            col(Sample.stratum),
            col(Consensus.label),
            col(Consensus.answers),
            col(Consensus.agreement),
            col(Sample.import_id),
        )
        .join(Sample, col(Sample.id) == col(Consensus.sample_id))
        .where(
            col(Consensus.project_id) == project_id,
            col(Consensus.stratum) == stratum,
            col(Consensus.complete).is_(True),
            col(Consensus.label).is_not(None),
            col(Consensus.seq) > after,
            col(Sample.removed_at).is_(None),
        )
        .order_by(col(Consensus.seq))
        .limit(PAGE)
    )
    return [Labelled(*row) for row in found]


def events(session: Session, project_id: int, after: int) -> list[Told]:
    """Read the next events by their number (its unique index)."""
    found = session.execute(
        select(
            col(Label.number),
            col(Label.id),
            col(Label.kind),
            col(Label.sample_id),
            col(Sample.external_id),
            col(Sample.stratum),
            col(User.name),
            col(Label.label),
            col(Label.note),
            col(Label.lead_ms),
            col(Label.late),
            col(Label.counted),
            col(Label.undoes),
            col(Label.created_at),
            col(Label.offer_id),
        )
        .join(Sample, col(Sample.id) == col(Label.sample_id))
        .outerjoin(User, col(User.id) == col(Label.user_id))
        .where(col(Label.project_id) == project_id, col(Label.number) > after)
        .order_by(col(Label.number))
        .limit(PAGE)
    )
    return [Told(*row) for row in found]


def asked_by(session: Session, sample_ids: Sequence[int]) -> dict[int, Provenance]:
    """Tell, for each labelled sample, how its last counted answer came to be asked.

    Samples whose label came with a file are of kind `imported`, those that a reviewer decided of
    kind `decision`. Index: label.sample_id.
    """
    found = session.execute(
        select(
            col(Label.id),
            col(Label.sample_id),
            col(Label.kind),
            col(Label.offer_id),
            col(Label.undoes),
            col(Label.counted),
        )
        .where(col(Label.sample_id).in_(sample_ids))
        .order_by(col(Label.number))
    ).all()
    undone = {row.undoes for row in found if row.undoes is not None}
    last = {
        row.sample_id: row
        for row in found
        if row.kind in SETTLING and row.counted and row.id not in undone
    }
    offers = offered(session, [row.offer_id for row in last.values() if row.offer_id is not None])
    return {
        sample_id: offers.get(row.offer_id, Provenance(row.kind)) for sample_id, row in last.items()
    }


def offered(session: Session, offer_ids: Sequence[int]) -> dict[int, Provenance]:
    """Read how offers were chosen."""
    if not offer_ids:
        return {}
    found = session.execute(
        select(
            col(Offer.id),
            col(Offer.kind),
            col(Offer.strategy),
            col(Offer.version),
            col(Offer.ranking_id),
            col(Offer.ranked_at),
            col(Ranking.scope),
            col(Offer.score),
            col(Offer.probability),
        )
        .outerjoin(Ranking, col(Ranking.id) == col(Offer.ranking_id))
        .where(col(Offer.id).in_(offer_ids))
    )
    return {row[0]: Provenance(*row[1:]) for row in found}
