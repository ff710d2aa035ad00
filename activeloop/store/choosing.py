"""Which samples a person gets: locked for them, best first, never one they had before."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, exists
from sqlalchemy import text as sql
from sqlmodel import Session, col, select

from activeloop.store.offers import HOLDS
from activeloop.store.tables import CampaignSample, Candidate, Offer, Sample

_WANTED = (
    col(Sample.slots) > 0,
    col(Sample.removed_at).is_(None),
    ~exists().where(
        col(Offer.sample_id) == col(Sample.id),
        col(Offer.user_id) == bindparam("person"),
        col(Offer.state).in_(HOLDS),
    ),
)
"""Of samples that still want an answer, and one by this person."""


def _open_to(query: Any) -> Select[Any]:
    """Keep, and lock, the first `count` samples that this `person` may answer.

    Locked as an update locks them, and not against being referred to: a ranking that is being
    written refers to all of its samples, which would else be passed over until its commit.
    """
    chosen: Select[Any] = (
        query.where(*_WANTED)
        .limit(bindparam("count"))
        .with_for_update(of=Sample, skip_locked=True, key_share=True)
    )
    return chosen


# made once: these are asked with every sample
_RANKED = _open_to(
    select(Sample, Candidate)
    .join(Candidate, col(Candidate.sample_id) == col(Sample.id))
    .where(
        col(Candidate.ranking_id) == bindparam("ranking"),
        # as text: a parameter would hide the partial index from the planner
        sql("candidate.spent = false"),
    )
    .order_by(col(Candidate.position))
)
_DRAWN = _open_to(
    select(Sample)
    .where(
        col(Sample.project_id) == bindparam("project"),
        col(Sample.stratum) == bindparam("stratum"),
    )
    .order_by(col(Sample.draw))
)
_CAMPAIGN = _open_to(
    select(Sample)
    .join(CampaignSample, col(CampaignSample.sample_id) == col(Sample.id))
    .where(col(CampaignSample.campaign_id) == bindparam("campaign"))
    .order_by(col(CampaignSample.place))
)
_ALIKE = (
    select(col(Candidate.twin_of), col(Candidate.position), Sample)
    .join(Sample, col(Sample.id) == col(Candidate.sample_id))
    .where(
        col(Candidate.ranking_id) == bindparam("ranking"),
        col(Candidate.twin_of).in_(bindparam("samples", expanding=True)),
        sql("candidate.twin_of IS NOT NULL"),  # else SQLite does not see that the index fits
        *_WANTED,
    )
    # not sorted here: SQLite would walk the whole ranking in that order instead of the few twins
    .limit(bindparam("count"))
)


def ranked(
    session: Session, ranking_id: int, user_id: int, count: int
) -> list[tuple[Sample, Candidate]]:
    """Lock the best `count` samples of a ranking that this person may answer.

    Index: candidate_open. Samples another transaction is taking are passed over.
    """
    given = {"ranking": ranking_id, "person": user_id, "count": count}
    return [(sample, candidate) for sample, candidate in session.execute(_RANKED, given)]


def drawn(
    session: Session, project_id: int, stratum: str, user_id: int, count: int
) -> list[Sample]:
    """Lock the next `count` samples of a stratum in its random order. Index: sample_open."""
    given = {"project": project_id, "stratum": stratum, "person": user_id, "count": count}
    return list(session.execute(_DRAWN, given).scalars())


def campaigned(session: Session, campaign_id: int, user_id: int, count: int) -> list[Sample]:
    """Lock the next samples of a campaign, in the order drawn. Primary key: campaign, sample."""
    given = {"campaign": campaign_id, "person": user_id, "count": count}
    return list(session.execute(_CAMPAIGN, given).scalars())


def twins(session: Session, offer: Offer, *, most: int) -> list[Sample]:
    """Lock the near-duplicates of an offered sample that its answer may cover.

    They are those of the ranking that served it, still wanted, and not yet in the same person's
    hands. Index: candidate_twins.
    """
    if offer.ranking_id is None:
        return []
    query = (
        select(Sample)
        .join(Candidate, col(Candidate.sample_id) == col(Sample.id))
        .where(Candidate.ranking_id == offer.ranking_id, Candidate.twin_of == offer.sample_id)
        .order_by(col(Candidate.position))
    )
    given = {"person": offer.user_id, "count": most}
    return list(session.execute(_open_to(query), given).scalars())


def alike(session: Session, offers: Sequence[Offer], *, most: int) -> dict[int, list[Sample]]:
    """Give, by offered sample, its near-duplicates in the ranking that served it.

    Only those that are still wanted and not in the same person's hands. Index: candidate_twins.
    """
    found: dict[int, list[Sample]] = {}
    for ranking_id in {each.ranking_id for each in offers if each.ranking_id is not None}:
        its = [each for each in offers if each.ranking_id == ranking_id]
        given = {
            "ranking": ranking_id,
            "samples": [each.sample_id for each in its],
            "person": its[0].user_id,
            "count": most * len(its),
        }
        rows = session.execute(_ALIKE, given).all()
        for twin_of, _, sample in sorted(rows, key=itemgetter(1)):
            found.setdefault(twin_of, []).append(sample)
    return found
