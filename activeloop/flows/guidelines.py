"""Guidelines: written in Markdown, versioned, and what changed since somebody last looked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows.projects import spec_of
from activeloop.flows.wording_changes import marked
from activeloop.spec import parse_spec
from activeloop.store import db, guidelines, projects, trail
from activeloop.store.db import Session
from activeloop.store.tables import Project

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MOST = 100_000
"""Characters that guidelines may have."""
LINKS = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
"""What an address begins with; others, such as javascript: and data:, are no links."""
CHANGES = "## Changes of the classes"
"""Heading under which changes of the label set are noted."""


@dataclass(frozen=True)
class Current:
    """The guidelines that hold now; number 0 while nothing was written."""

    number: int
    text: str
    created_at: datetime | None = None


def current(session: Session, project: Project) -> Current:
    """Read the guidelines that hold now. Those of the spec a project is made with are number 1."""
    found = guidelines.newest(session, project.id)
    if found is not None:
        return Current(found.number, found.text, found.created_at)
    text = spec_of(project).guidelines
    return Current(1 if text else 0, text, project.created_at if text else None)


def write(
    session: Session, project: Project, text: str, *, user_id: int | None, seen: int | None = None
) -> Current:
    """Write a new version; the same text again is no new one.

    Args:
        session: an open write session.
        project: whose guidelines.
        text: Markdown.
        user_id: who writes.
        seen: the version that was edited.

    Raises:
        Invalid: when the text is too long.
        Conflict: when somebody else wrote one since.
    """
    projects.lock(session, project.id)
    session.refresh(project)
    before = current(session, project)
    if seen is not None and seen != before.number:
        raise Conflict(
            f"Somebody else wrote version {before.number} meanwhile; look at it, then write yours."
        )
    if "\x00" in text:
        raise Invalid.field("text", "holds a NUL character.", "Remove it.")
    text = text.replace("\r\n", "\n")
    spec = parse_spec(spec_of(project).dump() | {"guidelines": text})  # checks the length
    if spec.guidelines == before.text:
        return before
    now = db.now(session)
    if before.number == 1 and guidelines.newest(session, project.id) is None:
        guidelines.add(
            session, project.id, number=1, text=before.text, user_id=None, now=project.created_at
        )
    written = guidelines.add(
        session,
        project.id,
        number=before.number + 1,
        text=spec.guidelines,
        user_id=user_id,
        now=now,
    )
    projects.respecify(session, project, spec.dump())
    trail.note(
        session,
        "guidelines.written",
        now=now,
        project_id=project.id,
        user_id=user_id,
        number=written.number,
    )
    return Current(written.number, written.text, now)


def add_note(session: Session, project: Project, note: str, *, user_id: int | None) -> Current:
    """Add a line about a change of the classes; annotators see it as what is new."""
    text = current(session, project).text
    day = f"{db.now(session):%Y-%m-%d}"
    head = "" if CHANGES in text else f"{CHANGES}\n\n"
    gap = "\n\n" if text and head else "\n" if text else ""
    longer = f"{text.rstrip()}{gap}{head}- {day}: {_plain(note)}"
    if len(longer) > MOST:  # the note is a courtesy; the change is not to fail for it
        return current(session, project)
    return write(session, project, longer, user_id=user_id)


def shown(session: Session, project: Project, user_id: int) -> dict[str, Any]:
    """Give the guidelines as somebody reads them, and what changed since they last did."""
    now = current(session, project)
    seen = guidelines.seen(session, project.id, user_id)
    return {
        "number": now.number,
        "text": now.text,
        "html": render(now.text),
        "seen": seen,
        "changed": _changed(session, project, seen, now),
        "examples": _examples(project),
        "created_at": now.created_at.isoformat() if now.created_at else None,
    }


def preview(session: Session, project: Project, text: str) -> dict[str, Any]:
    """Show how a text would look, and how it differs from what holds now."""
    now = current(session, project)
    return {
        "number": now.number,
        "text": text,
        "html": render(text),
        "seen": now.number,
        "changed": marked(now.text, text),
    }


def _changed(session: Session, project: Project, seen: int | None, now: Current) -> str | None:
    if seen is None or seen >= now.number:
        return None
    found = guidelines.by_number(session, project.id, seen)
    return marked(found.text if found else "", now.text)


def _examples(project: Project) -> list[dict[str, Any]]:
    spec = spec_of(project)
    told = [(name, spec.class_details.get(name)) for name in spec.classes]
    return [
        {"name": name, "description": each.description, "examples": list(each.examples)}
        for name, each in told
        if each is not None and (each.description or each.examples)
    ]


def mark_seen(session: Session, project: Project, user_id: int, number: int) -> None:
    """Note that somebody has read the guidelines up to a version.

    Raises:
        NotFound: when there is no such version yet.
    """
    if number > current(session, project).number:
        raise NotFound(f"The guidelines have no version {number} yet.")
    guidelines.mark_seen(session, project.id, user_id, number)


def history(session: Session, project: Project) -> list[dict[str, Any]]:
    """List the versions, newest first, each with how it differs from the one before."""
    found = [
        (version.number, version.text, name, version.created_at)
        for version, name in guidelines.history(session, project.id)
    ]
    first = current(session, project)
    if not found and first.number:
        found = [(first.number, first.text, None, project.created_at)]
    before = [text for _, text, _, _ in found[1:]] + [""] * bool(found)
    return [
        {
            "number": number,
            "user": name,
            "created_at": created_at.isoformat(),
            "changed": marked(older, text),
        }
        for (number, text, name, created_at), older in zip(found, before, strict=True)
    ]


def render(text: str) -> str:
    """Turn Markdown into HTML that can do nothing: no markup of its own, no pictures from afar."""
    rendered: str = _markdown().render(text)
    return rendered


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "linkify": False})
    made.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
    made.add_render_rule("link_open", _link)
    made.add_render_rule("th_open", _cell)
    made.add_render_rule("td_open", _cell)
    # what is no link stays text
    made.validateLink = _harmless  # type: ignore[method-assign,assignment]
    return made


def _harmless(address: str) -> bool:
    return LINKS.match(address) is not None


def _cell(renderer: Any, tokens: Any, place: int, options: Any, env: Any) -> str:
    # its alignment would be a style of its own, which the pages' policy stops
    tokens[place].attrs.pop("style", None)
    rendered: str = renderer.renderToken(tokens, place, options, env)
    return rendered


def _link(renderer: Any, tokens: Any, place: int, options: Any, env: Any) -> str:
    tokens[place].attrSet("rel", "noopener noreferrer")
    rendered: str = renderer.renderToken(tokens, place, options, env)
    return rendered


def _plain(text: str) -> str:
    """Keep a name from being read as Markdown."""
    return "".join(f"\\{each}" if each in "\\`*_{}[]()<>#+-!|~&" else each for each in text)
