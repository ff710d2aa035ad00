"""The shape of the report on a team's work, as it crosses the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from web.schemas import _Given


class Quality(_Given):
    """The newest report: agreement, reliability, throughput, cost.

    `report` is null before the first one; `behind` counts the events since it was made.
    """

    project: dict[str, Any]
    made_at: datetime | None
    events: int
    behind: int
    report: dict[str, Any] | None


class QualityAsked(_Given):
    """A report is asked for; it replaces the last one when it is done."""

    asked: bool
