"""All that ever happened to one sample."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from activeloop.store.tables import (
    Candidate,
    Consensus,
    Featurizer,
    Gold,
    Import,
    Label,
    Offer,
    Project,
    Review,
    Sample,
    User,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is marked of a sample now."""

    flags: int
    reviews: int
    gold: str | None


def sample(session: Session, project_id: int, sample_id: int) -> Sample | None:
    """Look a sample up within its project."""
    wanted = select(Sample).where(col(Sample.id) == sample_id, col(Sample.project_id) == project_id)
    return session.execute(wanted).scalar_one_or_none()


def standings(session: Session, sample_ids: list[int]) -> dict[int, Standing]:
    """Tell what is marked of some samples. Indexes: label.sample_id, review_once, gold's key."""
    if not sample_ids:
        return {}
    its = col(Sample.id)
    flags = select(func.count()).where(col(Label.sample_id) == its, col(Label.kind) == "flag")
    waiting = select(func.count()).where(col(Review.sample_id) == its, col(Review.state) == "open")
    golden = select(col(Gold.label)).where(col(Gold.sample_id) == its)
    rows = session.connection().execute(
        select(
            its, flags.scalar_subquery(), waiting.scalar_subquery(), golden.scalar_subquery()
        ).where(its.in_(sample_ids))
    )
    return {sample_id: Standing(*row) for sample_id, *row in rows}


def origin(session: Session, its: Sample) -> tuple[Import, int] | None:
    """Give the import a sample came with, and how many it had brought up to it.

    Index: sample_of_import.
    """
    found = session.get(Import, its.import_id) if its.import_id else None
    if found is None:
        return None
    rank = session.execute(
        select(func.count()).where(
            col(Sample.import_id) == its.import_id, col(Sample.seq) <= its.seq
        )
    ).scalar_one()
    return found, int(rank)


def offers(session: Session, sample_id: int) -> list[tuple[Offer, str]]:
    """List whom a sample was offered to, in order, with their names. Index: offer_of_sample."""
    rows = session.execute(
        select(Offer, col(User.name))
        .join(User, col(User.id) == col(Offer.user_id))
        .where(col(Offer.sample_id) == sample_id)
        .order_by(col(Offer.id))
    )
    return [(offer, name) for offer, name in rows]


def consensus(session: Session, sample_id: int) -> Consensus | None:
    """Read where a sample's label stands."""
    return session.get(Consensus, sample_id)


def place(session: Session, its: Sample) -> Candidate | None:
    """Find a sample in the queue that is served now. Index: candidate.sample_id."""
    ranking = select(col(Project.ranking_id)).where(col(Project.id) == its.project_id)
    wanted = select(Candidate).where(
        col(Candidate.sample_id) == its.id, col(Candidate.ranking_id) == ranking.scalar_subquery()
    )
    return session.execute(wanted).scalar_one_or_none()


def by_seqs(session: Session, project_id: int, seqs: list[int]) -> dict[int, Sample]:
    """Read samples by their `seq` (its unique index)."""
    wanted = select(Sample).where(col(Sample.project_id) == project_id, col(Sample.seq).in_(seqs))
    return {found.seq: found for found in session.execute(wanted).scalars()}


def beside(session: Session, its: Sample) -> tuple[int | None, int | None]:
    """Give the ids of the samples before and after one in the pool (the unique `seq`)."""
    near = session.execute(
        select(col(Sample.seq), col(Sample.id)).where(
            col(Sample.project_id) == its.project_id,
            col(Sample.seq).in_([its.seq - 1, its.seq + 1]),
        )
    )
    found = {row.seq: row.id for row in near}
    return found.get(its.seq - 1), found.get(its.seq + 1)


def featurizer(session: Session, featurizer_id: int) -> Featurizer | None:
    """Read what a version's features were made by."""
    return session.get(Featurizer, featurizer_id)
