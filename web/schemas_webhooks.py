"""The shapes of webhooks and of what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from activeloop.flows.webhooks import MOST_EVENTS
from web.schemas import Whole, _Asked, _Given

Address = Annotated[str, Field(min_length=1, max_length=2000)]
Event = Annotated[str, Field(min_length=1, max_length=100)]
Events = Annotated[list[Event], Field(min_length=1, max_length=MOST_EVENTS)]


class NewWebhook(_Asked):
    """A webhook to be; without a secret it gets a new one."""

    url: Address
    events: Events = Field(default_factory=lambda: ["*"])
    secret: Annotated[str, Field(max_length=200)] = ""


class WebhookChange(_Asked):
    """What is to change; what is not named stays."""

    url: Address | None = None
    events: Events | None = None
    enabled: bool | None = None


class Webhook(_Given):
    """A webhook; its secret is told once, when it is made."""

    id: int
    url: str
    events: list[str]
    enabled: bool
    created_at: datetime
    failing: int = 0
    secret: str | None = None


class Webhooks(_Given):
    """The webhooks of a project, and what each event stands for."""

    webhooks: list[Webhook]
    events: dict[str, str]


class DeliveriesQuery(_Given):
    """Which deliveries to list: those before one, or the newest."""

    before: Whole = 0
    count: Annotated[int, Field(ge=1, le=100)] = 50


class Delivery(_Given):
    """An event on its way to a webhook, and how it went."""

    id: int
    event: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    status: int | None
    error: str
    data: dict[str, Any]
    next_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class Deliveries(_Given):
    """What was sent to a webhook, newest first."""

    deliveries: list[Delivery]
