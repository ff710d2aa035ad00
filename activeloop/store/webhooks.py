"""Webhooks: who is told of what, and each event on its way to each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from activeloop.jobs import Deliver
from activeloop.store import ledger
from activeloop.store.tables import Delivery, Webhook

KEPT = 500
"""Deliveries that are kept of each webhook; older ones are forgotten when they are done with."""
WAITING = "waiting"
DELIVERED = "delivered"
FAILED = "failed"


@dataclass(frozen=True)
class Errand:
    """A delivery and the webhook it is for."""

    delivery: Delivery
    webhook: Webhook


def all_(session: Session, project_id: int) -> Sequence[Webhook]:
    """List a project's webhooks, oldest first; index: ix_webhook_project_id."""
    mine = select(Webhook).where(Webhook.project_id == project_id)
    return session.exec(mine.order_by(col(Webhook.id))).all()


def by_id(session: Session, project_id: int, webhook_id: int) -> Webhook | None:
    """Find a webhook of a project."""
    found = session.get(Webhook, webhook_id)
    return found if found is not None and found.project_id == project_id else None


def add(session: Session, webhook: Webhook) -> Webhook:
    """Add a webhook."""
    session.add(webhook)
    session.flush()
    return webhook


def remove(session: Session, webhook: Webhook) -> None:
    """Remove a webhook, and with it what is on its way."""
    session.delete(webhook)


def announce(
    session: Session,
    project_id: int,
    event: str,
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Put an event on its way to everyone who wants it, in the transaction of the event itself.

    What is done to webhooks is for the trail only: none is told that it was made or removed.
    """
    if event.startswith("webhook."):
        return
    for webhook in all_(session, project_id):
        if webhook.enabled and wants(webhook, event):
            send(session, webhook, event, facts, now=now)


def wants(webhook: Webhook, event: str) -> bool:
    """Tell whether a webhook is to be told of an event; patterns may hold `*`."""
    return any(fnmatchcase(event, pattern) for pattern in webhook.events["named"])


def send(
    session: Session, webhook: Webhook, event: str, facts: Mapping[str, Any], *, now: datetime
) -> Delivery:
    """Put one event on its way to one webhook."""
    delivery = Delivery(
        webhook_id=webhook.id, event=event, body=dict(facts), next_at=now, created_at=now
    )
    session.add(delivery)
    session.flush()
    ledger.add(session, Deliver(webhook.project_id, delivery.id, 0), now=now)
    return delivery


def errand(session: Session, delivery_id: int) -> Errand | None:
    """Read a delivery with its webhook; None when the webhook was removed."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        return None
    return Errand(delivery, session.get_one(Webhook, delivery.webhook_id))


def deliveries(session: Session, webhook_id: int, *, before: int, count: int) -> Sequence[Delivery]:
    """List a webhook's deliveries, newest first; index: delivery_of_webhook."""
    mine = select(Delivery).where(Delivery.webhook_id == webhook_id)
    if before:
        mine = mine.where(col(Delivery.id) < before)
    return session.exec(mine.order_by(col(Delivery.id).desc()).limit(count)).all()


def undelivered(session: Session, project_id: int) -> dict[int, int]:
    """Count, by webhook, the newest deliveries in a row that did not arrive, up to those kept."""
    found = {}
    for webhook in all_(session, project_id):
        arrived = select(func.max(Delivery.id)).where(
            Delivery.webhook_id == webhook.id, Delivery.state == DELIVERED
        )
        last = session.exec(arrived).one() or 0
        missed = select(func.count()).where(
            Delivery.webhook_id == webhook.id, Delivery.state == FAILED, col(Delivery.id) > last
        )
        found[webhook.id] = session.exec(missed).one()
    return {webhook_id: missed for webhook_id, missed in found.items() if missed}


def forget(session: Session, webhook_id: int) -> None:
    """Let the oldest deliveries go that are done with; index: delivery_of_webhook."""
    oldest = session.exec(
        select(Delivery.id)
        .where(Delivery.webhook_id == webhook_id)
        .order_by(col(Delivery.id).desc())
        .offset(KEPT)
        .limit(1)
    ).first()
    if oldest is not None:
        session.execute(
            delete(Delivery).where(
                col(Delivery.webhook_id) == webhook_id,
                col(Delivery.id) <= oldest,
                col(Delivery.state) != WAITING,
            )
        )
