"""Numbers, times and statuses as people read them, for the templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, current_app
from markupsafe import Markup, escape

from activeloop import __version__
from activeloop.errors import Unauthenticated
from web.auth import declared
from web.context import visitor

MINUTE, HOUR, DAY = 60, 3600, 86_400

TONES = {
    "champion": "good",
    "promote": "good",
    "done": "good",
    "rejected": "bad",
    "reject": "bad",
    "failed": "bad",
    "dead": "bad",
    "running": "live",
    "queued": "live",
    "hold": "warn",
}
"""The colour of a status; the word itself always stands beside it."""


def install(pages: Blueprint) -> None:
    """Give the words to every template, the error page included."""
    pages.add_app_template_filter(percent)
    pages.add_app_template_filter(decimal)
    pages.add_app_template_filter(count)
    pages.add_app_template_filter(span)
    pages.add_app_template_filter(moment)
    pages.add_app_template_filter(tone)
    pages.add_app_template_filter(sentence)
    pages.app_context_processor(frame)


def frame() -> dict[str, Any]:
    """Give what the frame of every page shows: who is signed in, and which release this is."""
    try:
        user = visitor()
    except Unauthenticated:  # a bad token: the page that says so has no user
        user = None
    return {"user": user, "version": __version__, "project_pages": _project_pages()}


PROJECT_PAGES = {
    "loop": "Loop",
    "label": "Label",
    "samples": "Samples",
    "review": "Review",
    "versions": "Versions",
    "training": "Training",
    "progress": "Progress",
    "drift": "Drift",
    "team": "Team",
    "guidelines": "Guidelines",
    "classes": "Classes",
    "gold": "Gold",
    "people": "People",
    "data": "Data",
    "webhooks": "Webhooks",
}
"""The pages of a project, in the order in which they are named on each."""


def _project_pages() -> list[tuple[str, str, str]]:
    """Give endpoint, name, and the least role that may see it, of each page."""
    views = current_app.view_functions
    return [
        (f"pages.{page}", name, declared(views[f"pages.{page}"]) or "admin")
        for page, name in PROJECT_PAGES.items()
        if f"pages.{page}" in views
    ]


def percent(share: float | None) -> str:
    """Write a share as a percentage.

    >>> percent(0.8735)
    '87.4 %'
    """
    return "" if share is None else f"{100 * share:.1f} %"


def decimal(value: float | None) -> str:
    """Write a measure with three digits.

    >>> decimal(0.87349)
    '0.873'
    """
    return "" if value is None else f"{value:.3f}"


def count(number: int | None) -> str:
    """Write a count with its thousands apart.

    >>> count(1797)
    '1,797'
    """
    return "" if number is None else f"{number:,}"


def span(seconds: float | None) -> str:
    """Write how long something takes or took, in its largest unit.

    >>> span(12.3), span(130), span(7300), span(200_000)
    ('12 s', '2 min', '2 h', '2 days')
    """
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR:.0f} h"
    return f"{seconds // DAY:.0f} days"


def moment(when: str | datetime | None) -> str:
    """Write a time in UTC, to the minute.

    >>> moment("2026-03-01T09:05:59+00:00")
    '2026-03-01 09:05 UTC'
    """
    if not when:
        return ""
    read = datetime.fromisoformat(when) if isinstance(when, str) else when
    return f"{read:%Y-%m-%d %H:%M} UTC"


def tone(status: str | None) -> str:
    """Give the colour class of a status.

    >>> tone("champion"), tone("something else")
    ('good', '')
    """
    return TONES.get(status or "", "")


def sentence(text: str | None) -> Markup:
    """Begin with a capital, and set what stands between backticks as code; the rest is escaped.

    >>> sentence("run `activeloop up`")
    Markup('Run <code>activeloop up</code>')
    """
    words = text or ""
    pieces = (words[:1].upper() + words[1:]).split("`")
    if len(pieces) % 2 == 0:  # a backtick without its partner is only a character
        pieces[-2:] = ["`".join(pieces[-2:])]
    shown = (
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )
    return Markup().join(shown)
