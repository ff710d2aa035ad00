"""When the project trains, how, and the search for a better recipe."""

from __future__ import annotations

from flask import Blueprint, render_template

from activeloop.errors import NotFound
from activeloop.flows import projects, searching, triggers
from activeloop.policies import MODES
from web.auth import role
from web.context import services

TITLES = {
    "labels": "Labels",
    "schedule": "Schedule",
    "drift": "Drift",
    "drop": "Fall of the champion",
    "classes": "Classes",
}


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/training", "training", training)


@role("reviewer")
def training(project_id: int) -> str:
    """Show what asks for a run and how far it is, and the newest search."""
    with services().read() as session:
        project = projects.find(session, project_id)
        found = triggers.listed(session, project)
        try:
            search = searching.newest(session, project)
        except NotFound:
            search = None
    return render_template(
        "training.html", project=project, t=found, titles=TITLES, search=search, modes=MODES
    )
