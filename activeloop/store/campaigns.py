"""Labelling campaigns: which samples are put up, and which still want an answer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func
from sqlalchemy import text as sql
from sqlmodel import Session, col, select

from activeloop.store.tables import Campaign, CampaignSample, Consensus, Sample

# made once: it is asked with every sample; the state as text, for the partial index
_RUNNING = select(Campaign).where(
    col(Campaign.project_id) == bindparam("project"), sql("campaign.state = 'open'")
)


def running(session: Session, project_id: int) -> Campaign | None:
    """Give the open campaign. Index: campaign_one_open."""
    return session.execute(_RUNNING, {"project": project_id}).scalar_one_or_none()


def by_id(session: Session, project_id: int, campaign_id: int) -> Campaign | None:
    """Look a campaign up within its project."""
    return session.exec(
        select(Campaign).where(Campaign.project_id == project_id, Campaign.id == campaign_id)
    ).one_or_none()


def listed(session: Session, project_id: int, count: int = 50) -> list[Campaign]:
    """List campaigns, newest first."""
    return list(
        session.exec(
            select(Campaign)
            .where(Campaign.project_id == project_id)
            .order_by(col(Campaign.id).desc())
            .limit(count)
        )
    )


def add(session: Session, campaign: Campaign, sample_ids: Sequence[int]) -> Campaign:
    """Keep a campaign and its samples, in the order drawn."""
    session.add(campaign)
    session.flush()
    session.add_all(
        CampaignSample(campaign_id=campaign.id, sample_id=sample_id, place=place)
        for place, sample_id in enumerate(sample_ids)
    )
    session.flush()
    return campaign


def left(session: Session, campaign_id: int) -> int:
    """Count the samples that have no settled answer yet; removed ones are not waited for."""
    settled = (
        select(Consensus.sample_id)
        .where(
            col(Consensus.sample_id) == col(Sample.id),
            col(Consensus.complete).is_(True),
        )
        .exists()
    )
    return session.exec(
        select(func.count())
        .select_from(CampaignSample)
        .join(Sample, col(Sample.id) == col(CampaignSample.sample_id))
        .where(
            CampaignSample.campaign_id == campaign_id,
            col(Sample.removed_at).is_(None),
            ~settled,
        )
    ).one()


def by_digest(session: Session, project_id: int, digests: Sequence[str]) -> list[int]:
    """Find samples by content, those removed left out. Unique: project, digest."""
    found: list[int] = []
    for at in range(0, len(digests), 500):
        found += session.exec(
            select(Sample.id).where(
                Sample.project_id == project_id,
                col(Sample.digest).in_(list(digests[at : at + 500])),
                col(Sample.removed_at).is_(None),
            )
        )
    return found
