"""Webhooks: tell other programs what happens in a project, signed so that they can believe it."""

from __future__ import annotations

import base64
import ipaddress
import secrets
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.store import db, trail
from activeloop.store import webhooks as stored
from activeloop.store.db import Session
from activeloop.store.tables import Delivery, Project, Webhook

EVENTS = {
    "advice.stop": "the stop advisor says that labelling can stop",
    "campaign.closed": "a labelling campaign has all its labels",
    "campaign.opened": "a labelling campaign was opened, by an alarm or a person",
    "classes.add": "classes were added",
    "classes.merge": "classes were merged",
    "classes.rename": "a class was renamed",
    "classes.retire": "classes were retired",
    "classes.split": "a class was split",
    "drift.alarm": "incoming samples differ from those the champion learned from",
    "import.done": "a file was imported",
    "import.failed": "a file could not be imported",
    "project.changed": "policies of the project were changed",
    "run.asked": "a person asked for a new version",
    "run.failed": "a version could not be trained",
    "version.held": "a new version was trained; the gate keeps the champion",
    "version.promoted": "another version answers predictions now, by the gate or by a person",
    "version.rejected": "a new version was trained, and is worse",
    "webhook.test": "somebody tries the webhook out",
}
"""What can be subscribed to. Other entries of the audit trail can, too; patterns may hold `*`."""
PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST_SECRET = 24
LONGEST_SECRET = 64
MOST = 20
"""Webhooks a project may have."""
MOST_EVENTS = 50


def listed(session: Session, project: Project) -> list[dict[str, Any]]:
    """List the webhooks, without their secrets, and how many deliveries failed in a row."""
    missed = stored.undelivered(session, project.id)
    return [
        as_json(webhook) | {"failing": missed.get(webhook.id, 0)}
        for webhook in stored.all_(session, project.id)
    ]


def as_json(webhook: Webhook) -> dict[str, Any]:
    """Give what is shown of a webhook; never its secret."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events["named"],
        "enabled": webhook.enabled,
        "created_at": webhook.created_at.isoformat(),
    }


def add(
    session: Session,
    project: Project,
    url: str,
    events: Sequence[str],
    *,
    user_id: int | None,
    secret: str = "",
) -> dict[str, Any]:
    """Add a webhook; its secret is told this once.

    Args:
        session: of the change.
        project: whose events.
        url: where to; http or https, not link-local.
        events: names of `EVENTS` or patterns with `*`.
        user_id: who adds it.
        secret: signs what is sent, as `whsec_` and 24 to 64 bytes in base64; empty: a new one.

    Raises:
        Invalid: naming the field at fault.
        Conflict: when the project has too many.
    """
    if len(stored.all_(session, project.id)) >= MOST:
        raise Conflict(f"A project has at most {MOST} webhooks; remove one first.")
    check_url(url)
    webhook = stored.add(
        session,
        Webhook(
            project_id=project.id,
            url=url,
            secret=_secret(secret),
            events={"named": _events(events)},
            user_id=user_id,
            created_at=db.now(session),
        ),
    )
    _note(session, webhook, "webhook.added", user_id=user_id)
    return as_json(webhook) | {"secret": webhook.secret}


def change(
    session: Session,
    project: Project,
    webhook_id: int,
    *,
    user_id: int | None,
    url: str | None = None,
    events: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> dict[str, Any]:
    """Change where a webhook goes, what it is told, or whether it is told at all.

    Raises:
        NotFound: when the project has no such webhook.
        Invalid: naming the field at fault.
    """
    webhook = find(session, project, webhook_id)
    if url is not None:
        check_url(url)
        webhook.url = url
    if events is not None:
        webhook.events = {"named": _events(events)}
    if enabled is not None:
        webhook.enabled = enabled
    _note(session, webhook, "webhook.changed", user_id=user_id)
    return as_json(webhook)


def remove(session: Session, project: Project, webhook_id: int, *, user_id: int | None) -> None:
    """Remove a webhook; what is on its way to it is dropped.

    Raises:
        NotFound: when the project has no such webhook.
    """
    webhook = find(session, project, webhook_id)
    _note(session, webhook, "webhook.removed", user_id=user_id)
    stored.remove(session, webhook)


def test(session: Session, project: Project, webhook_id: int) -> dict[str, Any]:
    """Send a webhook an event of its own, whatever else it is told.

    Raises:
        NotFound: when the project has no such webhook.
    """
    webhook = find(session, project, webhook_id)
    facts = {"project": project.name, "message": "This webhook works."}
    return delivery_json(stored.send(session, webhook, "webhook.test", facts, now=db.now(session)))


def log(
    session: Session, project: Project, webhook_id: int, *, before: int = 0, count: int = 50
) -> list[dict[str, Any]]:
    """List what was sent to a webhook, newest first, and how it went.

    Raises:
        NotFound: when the project has no such webhook.
    """
    webhook = find(session, project, webhook_id)
    found = stored.deliveries(session, webhook.id, before=before, count=count)
    return [delivery_json(each) for each in found]


def again(session: Session, project: Project, webhook_id: int, delivery_id: int) -> dict[str, Any]:
    """Send an event once more, as a delivery of its own.

    Raises:
        NotFound: when the webhook has no such delivery.
    """
    webhook = find(session, project, webhook_id)
    errand = stored.errand(session, delivery_id)
    if errand is None or errand.webhook.id != webhook.id:
        raise NotFound(f"Webhook {webhook_id} has no delivery {delivery_id}.")
    was = errand.delivery
    return delivery_json(stored.send(session, webhook, was.event, was.body, now=db.now(session)))


def find(session: Session, project: Project, webhook_id: int) -> Webhook:
    """Find a webhook of a project.

    Raises:
        NotFound: when there is none.
    """
    webhook = stored.by_id(session, project.id, webhook_id)
    if webhook is None:
        raise NotFound(f"Project {project.name!r} has no webhook {webhook_id}.")
    return webhook


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """Give what is shown of a delivery."""
    ended = delivery.finished_at
    return {
        "id": delivery.id,
        "event": delivery.event,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error,
        "data": delivery.body,
        "next_at": delivery.next_at.isoformat() if ended is None else None,
        "created_at": delivery.created_at.isoformat(),
        "finished_at": ended.isoformat() if ended else None,
    }


def check_url(url: str) -> None:
    """Refuse an address that cannot be told, or must not be.

    A program of one's own network may be told; the link-local addresses, at which clouds keep the
    keys of a machine, may not.

    Raises:
        Invalid: saying why.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid.field("url", f"is no address: {error}.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid.field("url", "must begin with https:// or http:// and name a host.")
    if parts.username or parts.password:
        raise Invalid.field("url", "must hold no password; the signature tells who sends.")
    refused = refused_address(host, port or (443 if parts.scheme == "https" else 80))
    if refused:
        raise Invalid.field("url", f"must not lead to {refused}, an address that is only local.")


def refused_address(host: str, port: int) -> str:
    """Give the address behind a host that must not be told; empty when there is none.

    A name that cannot be resolved now is let pass: sending will say so.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""
    for *_, place in found:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified:
            return str(mapped)
    return ""


def _events(events: Sequence[str]) -> list[str]:
    if not 1 <= len(events) <= MOST_EVENTS:
        raise Invalid.field("events", f"wants 1 to {MOST_EVENTS} names, or `*` for all.")
    for name in events:
        if "*" not in name and name not in EVENTS:
            raise Invalid.field(
                "events", f"{name!r} is no event. Events are {', '.join(EVENTS)}; `version.*` "
                "stands for all of version, `*` for everything."
            )  # fmt: skip
    return sorted(set(events))


def _secret(given: str) -> str:
    if not given:
        return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    try:
        raw = base64.b64decode(given.removeprefix(PREFIX), validate=True)
    except ValueError:
        raw = b""
    if not given.startswith(PREFIX) or not SHORTEST_SECRET <= len(raw) <= LONGEST_SECRET:
        raise Invalid.field(
            "secret",
            f"must be `{PREFIX}` and {SHORTEST_SECRET} to {LONGEST_SECRET} bytes in base64.",
        )
    return given


def _note(session: Session, webhook: Webhook, action: str, *, user_id: int | None) -> None:
    trail.note(
        session,
        action,
        now=db.now(session),
        project_id=webhook.project_id,
        user_id=user_id,
        webhook=webhook.id,
        url=webhook.url,
    )
