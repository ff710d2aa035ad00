"""Assignments: who labels a project."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import assigning, projects
from web import schemas_reviews as shapes
from web.context import account, services
from web.routing import Routes

routes = Routes(Blueprint("assignments", __name__))


@routes.get("/projects/{p}/assignments", role="reviewer", gives=shapes.Assigned)
def listed(p: str) -> dict[str, Any]:
    """Tell who labels a project."""
    with services().read() as session:
        return assigning.listed(session, projects.find(session, p))


@routes.post(
    "/projects/{p}/assignments",
    role="engineer",
    body=shapes.Assignment,
    gives=shapes.Assigned,
)
def assign(p: str, body: shapes.Assignment) -> dict[str, Any]:
    """Let these people label the project and no other annotator; nobody named: all may."""
    with services().write() as session:
        project = projects.find(session, p)
        return assigning.assign(session, project, body.users, user_id=account().id)
