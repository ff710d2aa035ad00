"""The tables of what makes a model one to trust: reports, drift, campaigns, webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from activeloop.store.columns import document, key, only, part_of, to, when


class VersionReport(SQLModel, table=True):
    """What was computed of a version: evaluation, reference, arms, advice, explanation.

    `events` is the event through which it looked; the newest of a kind takes the last one's place.
    """

    __tablename__ = "version_report"
    __table_args__ = (UniqueConstraint("version_id", "kind"),)
    id: int = key()
    version_id: int = to("version.id")
    kind: str
    events: int
    body: dict[str, Any] = document()
    created_at: datetime = when()


class Incoming(SQLModel, table=True):
    """A sample that was sent for prediction, as it came, with what was answered."""

    __table_args__ = (Index("incoming_latest", "project_id", "id"),)
    id: int = key()
    project_id: int = to("project.id")
    version_id: int = to("version.id")
    payload: dict[str, Any] = document()
    answer: dict[str, Any] = document()
    created_at: datetime = when()


class DriftWindow(SQLModel, table=True):
    """A window of incoming samples, compared with the reference of a version.

    `source` says where its samples came from, import or predict; `first` and `last` bound them, by
    seq or by id there. `drifted` is what the window shows by itself; `alarm` whether an alarm was
    given with it.
    """

    __tablename__ = "drift_window"
    __table_args__ = (UniqueConstraint("project_id", "number"),)
    id: int = key()
    project_id: int = to("project.id")
    number: int
    version_id: int = to("version.id")
    source: str
    first: int
    last: int
    samples: int
    drifted: bool = False
    alarm: bool = False
    body: dict[str, Any] = document()
    created_at: datetime = when()


class Campaign(SQLModel, table=True):
    """Samples put up for labelling for a reason, drawn at random from a slice of the pool."""

    __table_args__ = (
        Index("campaign_one_open", "project_id", unique=True, **only("state = 'open'")),
    )
    id: int = key()
    project_id: int = to("project.id")
    reason: str
    detail: dict[str, Any] = document()
    state: str = "open"
    wanted: int
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()
    closed_at: datetime | None = when(nullable=True)


class CampaignSample(SQLModel, table=True):
    """A sample of a campaign, and its place in the order drawn."""

    __tablename__ = "campaign_sample"
    campaign_id: int = part_of("campaign.id")
    sample_id: int = part_of("sample.id")
    place: int


class Webhook(SQLModel, table=True):
    """An address that is told of events; its secret signs what is sent."""

    id: int = key()
    project_id: int = to("project.id", index=True)
    url: str = Field(max_length=2000)
    secret: str
    events: dict[str, Any] = document()
    enabled: bool = True
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()


class Delivery(SQLModel, table=True):
    """One event on its way to one address, and how it went; tried again until it arrives."""

    __table_args__ = (Index("delivery_of_webhook", "webhook_id", "id"),)
    id: int = key()
    webhook_id: int = to("webhook.id")
    event: str
    body: dict[str, Any] = document()
    state: str = "waiting"
    attempts: int = 0
    status: int | None = None
    error: str = ""
    next_at: datetime = when()
    created_at: datetime = when()
    finished_at: datetime | None = when(nullable=True)
