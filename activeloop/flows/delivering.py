"""Deliver one event to one webhook, and try again later when it does not arrive."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from activeloop import __version__
from activeloop.flows import webhooks
from activeloop.jobs import Deliver
from activeloop.store import db, ledger
from activeloop.store import webhooks as stored
from activeloop.store.db import Session
from activeloop.store.tables import Delivery, Webhook
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work

PAUSES = tuple(timedelta(seconds=each) for each in (5, 60, 300, 1800, 7200, 18_000, 36_000, 86_400))
"""How long to wait after each try that did not arrive; after the last there is no other."""
CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 7.0
GONE = 410
"""The receiver asks never to be told again."""

logger = logging.getLogger("activeloop.webhooks")


@dataclass(frozen=True)
class Arrived:
    """How a try went: the status answered, or why there was none."""

    status: int | None
    error: str = ""

    @property
    def well(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def run(services: Services, job: Deliver, work: Work) -> None:
    """Send the event once. Killed after it was sent, it is sent again: receivers know it by id."""
    with services.read() as session:
        errand = stored.errand(session, job.delivery_id)
        project = job.project_id
        now = db.now(session)
    if errand is None or errand.delivery.state != stored.WAITING:
        return
    arrived = _post(errand.webhook, errand.delivery, project, now)
    with services.write() as session:
        found = stored.errand(session, job.delivery_id)
        if found is not None:
            _note(session, found, arrived, job)
        work.done(session)


def failed(session: Session, job: Deliver, message: str) -> None:
    """Give the delivery up: the worker that tries it ends."""
    errand = stored.errand(session, job.delivery_id)
    if errand is not None and errand.delivery.state == stored.WAITING:
        errand.delivery.state, errand.delivery.error = stored.FAILED, message
        errand.delivery.finished_at = db.now(session)


def signed(secret: str, delivery_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Give the headers by which the receiver knows who sent this, and that it is whole.

    Source:
        https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    moment = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(webhooks.PREFIX))
    said = b".".join((delivery_id.encode(), moment.encode(), body))
    digest = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{digest}",
    }


def _post(webhook: Webhook, delivery: Delivery, project_id: int, now: datetime) -> Arrived:
    import urllib3

    parts = urlsplit(webhook.url)
    refused = webhooks.refused_address(
        parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    )
    if refused:
        return Arrived(None, f"The address leads to {refused}, which is only local; not sent.")
    told = {
        "type": delivery.event,
        "timestamp": delivery.created_at.isoformat(),
        "data": {"project_id": project_id, **delivery.body},
    }
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    headers = {
        "content-type": "application/json",
        "user-agent": f"activeloop/{__version__}",
        **signed(webhook.secret, f"msg_{delivery.id}", now, body),
    }
    patience = urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS)
    try:
        with urllib3.PoolManager(retries=False, timeout=patience) as pool:
            # nothing of the answer is read: it may be endless, and nobody should learn it from us
            answer = pool.request(
                "POST",
                webhook.url,
                body=body,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            answer.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as fault:
        return Arrived(None, _in_words(fault))
    return Arrived(
        answer.status, "" if 200 <= answer.status < 300 else f"Answered {answer.status}."
    )


def _in_words(fault: Exception) -> str:
    import urllib3

    if isinstance(fault, urllib3.exceptions.ReadTimeoutError):
        return f"No answer within {ANSWER_SECONDS:g} s."
    if isinstance(fault, urllib3.exceptions.NameResolutionError):
        return "The host's name is not known."
    if isinstance(fault, urllib3.exceptions.NewConnectionError):
        return "The connection was refused."
    # what was refused counts as a kind of this one there, so this comes after it
    if isinstance(fault, urllib3.exceptions.ConnectTimeoutError):
        return f"No connection within {CONNECT_SECONDS:g} s."
    return f"{type(fault).__name__}: {fault}"[:500]


def _note(session: Session, errand: stored.Errand, arrived: Arrived, job: Deliver) -> None:
    delivery, webhook, now = errand.delivery, errand.webhook, db.now(session)
    delivery.attempts += 1
    delivery.status, delivery.error = arrived.status, arrived.error
    if arrived.well:
        delivery.state, delivery.finished_at = stored.DELIVERED, now
    elif arrived.status == GONE:
        delivery.state, delivery.finished_at = stored.FAILED, now
        delivery.error = "Answered 410, gone: the webhook was switched off."
        webhook.enabled = False
    elif job.tries < len(PAUSES) and webhook.enabled:
        pause = PAUSES[job.tries]
        delivery.next_at = now + pause
        again = Deliver(job.project_id, delivery.id, job.tries + 1)
        ledger.add(session, again, now=now, delay=pause)
    else:
        delivery.state, delivery.finished_at = stored.FAILED, now
    stored.forget(session, webhook.id)
    logger.info(
        "%s %s",
        delivery.event,
        delivery.state,
        extra={
            "webhook": webhook.id,
            "delivery": delivery.id,
            "attempt": delivery.attempts,
            "status": delivery.status,
            "error": delivery.error,
        },
    )
