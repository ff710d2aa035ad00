"""The audit trail: who did what, when; a person, or the loop by itself."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlmodel import Session

from activeloop.store import webhooks
from activeloop.store.tables import AuditEntry

logger = logging.getLogger("activeloop.trail")


def note(
    session: Session,
    action: str,
    *,
    now: datetime,
    project_id: int | None = None,
    user_id: int | None = None,
    **detail: Any,
) -> None:
    """Write one entry, in the transaction of the action itself, and tell the webhooks of it."""
    session.add(
        AuditEntry(project_id=project_id, user_id=user_id, action=action, detail=detail, at=now)
    )
    if project_id is not None:
        facts = {"user_id": user_id, **detail}
        webhooks.announce(session, project_id, action, facts, now=now)
    ids = {name: value for name, value in detail.items() if isinstance(value, int)}
    logger.info(action, extra={"project": project_id, "user": user_id, **ids})
