"""Draws: which samples were asked for and how, for figures that weigh the choice out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from activeloop.store.tables import Label, Offer, Sample

ASKED = ("informative", "random")
"""Kinds of offers by which labels to learn from are asked."""


class Draw(NamedTuple):
    """A sample that was asked for, and by what chance."""

    seq: int
    kind: str
    probability: float | None


def since(session: Session, project_id: int, number: int, through: int) -> list[Draw]:
    """List the draws first answered in events (number, through], in the order of the offers.

    A sample asked of several people counts once, as it was first asked; one that had an answer
    before is left out. Unique: project, number.
    """
    answered = _answered(session, project_id, number, through)
    before: set[int] = set()
    ids = sorted({sample for sample, *_ in answered})
    for at in range(0, len(ids), 500):
        before |= set(
            session.execute(
                select(Label.sample_id).where(
                    col(Label.sample_id).in_(ids[at : at + 500]), col(Label.number) <= number
                )
            ).scalars()
        )
    found: dict[int, Draw] = {}
    for sample, draw in answered:
        if sample not in before:
            found.setdefault(sample, draw)
    return list(found.values())


def _answered(
    session: Session, project_id: int, number: int, through: int
) -> list[tuple[int, Draw]]:
    rows = session.execute(
        select(Label.sample_id, Sample.seq, Offer.kind, Offer.probability)
        .join(Offer, col(Offer.id) == col(Label.offer_id))
        .join(Sample, col(Sample.id) == col(Label.sample_id))
        .where(
            Label.project_id == project_id,
            Label.number > number,
            Label.number <= through,
            Label.kind == "answer",
            Sample.stratum == "train",
            col(Offer.kind).in_(ASKED),
        )
        .order_by(col(Offer.id))
    )
    return [(sample, Draw(*draw)) for sample, *draw in rows]


def latest_arrival(session: Session, project_id: int) -> datetime | None:
    """Tell when the newest sample came. Unique: project, seq."""
    return session.exec(
        select(Sample.created_at)
        .where(Sample.project_id == project_id)
        .order_by(col(Sample.seq).desc())
        .limit(1)
    ).one_or_none()


def metadata(session: Session, project_id: int, seqs: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Give the metadata of samples by seq. Unique: project, seq."""
    found: dict[int, dict[str, Any]] = {}
    for at in range(0, len(seqs), 500):
        part = list(seqs[at : at + 500])
        rows = session.execute(
            select(Sample.seq, Sample.meta).where(
                Sample.project_id == project_id, col(Sample.seq).in_(part)
            )
        )
        found |= {seq: meta or {} for seq, meta in rows}
    return found
