"""Progress: is active learning paying, and when is it enough."""

from __future__ import annotations

from flask import Blueprint, render_template

from activeloop.flows import advising, arming, projects, versions
from web.auth import role
from web.context import services
from web.pages.loop import curve


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/progress", "progress", progress)


@role("reviewer")
def progress(project_id: int) -> str:
    """Show queried labels beside random ones, and what the stop advisor says."""
    with services().read() as session:
        project = projects.find(session, project_id)
        arms = arming.newest(session, project)
        advice = advising.newest(session, project)
        points = curve(versions.listed(session, project))
    return render_template("progress.html", project=project, arms=arms, advice=advice, curve=points)
