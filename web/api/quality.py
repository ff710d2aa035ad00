"""The report on a team's work."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import projects, quality
from web import schemas_quality as shapes
from web.context import services
from web.routing import Routes

routes = Routes(Blueprint("quality", __name__))


@routes.get("/projects/{p}/quality", role="reviewer", gives=shapes.Quality)
def show(p: str) -> dict[str, Any]:
    """Show the newest report: agreement, reliability, throughput, cost."""
    with services().read() as session:
        return quality.newest(session, projects.find(session, p))


@routes.post("/projects/{p}/quality", role="reviewer", status=202, gives=shapes.QualityAsked)
def refresh(p: str) -> dict[str, Any]:
    """Ask for a new report, made in the background."""
    with services().write() as session:
        quality.refresh(session, projects.find(session, p))
    return {"asked": True}
