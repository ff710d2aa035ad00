"""Guidelines: read, written, and which version somebody has seen."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import guidelines
from web import schemas_guidelines as shapes
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("guidelines", __name__))


@routes.get("/projects/{p}/guidelines", role="annotator", gives=shapes.Guidelines)
def read(p: str) -> dict[str, Any]:
    """Give the guidelines, and what changed since one last saw them."""
    with services().read() as session:
        return guidelines.shown(session, the_project(session, p), account().id)


@routes.post(
    "/projects/{p}/guidelines/seen",
    role="annotator",
    status=204,
    body=shapes.GuidelinesSeen,
)
def seen(p: str, body: shapes.GuidelinesSeen) -> None:
    """Note that one has read the guidelines up to a version."""
    with services().write() as session:
        guidelines.mark_seen(session, the_project(session, p), account().id, body.number)


@routes.post(
    "/projects/{p}/guidelines",
    role="engineer",
    status=201,
    body=shapes.GuidelinesText,
    gives=shapes.Guidelines,
    refuses=(409,),
)
def write(p: str, body: shapes.GuidelinesText) -> dict[str, Any]:
    """Write a new version; the same text again is no new one."""
    with services().write() as session:
        project = the_project(session, p)
        guidelines.write(session, project, body.text, user_id=account().id, seen=body.seen)
        return guidelines.shown(session, project, account().id)


@routes.get("/projects/{p}/guidelines/versions", role="annotator", gives=shapes.GuidelineVersions)
def versions(p: str) -> dict[str, Any]:
    """List the versions, newest first, each with how it differs from the one before."""
    with services().read() as session:
        return {"versions": guidelines.history(session, the_project(session, p))}


@routes.post(
    "/projects/{p}/guidelines/preview",
    role="engineer",
    body=shapes.GuidelinesText,
    gives=shapes.Guidelines,
)
def preview(p: str, body: shapes.GuidelinesText) -> dict[str, Any]:
    """Show how a text would look, and how it differs from what holds now; nothing is kept."""
    with services().read() as session:
        return guidelines.preview(session, the_project(session, p), body.text)
