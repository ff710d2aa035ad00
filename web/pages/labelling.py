"""The page people label on. It only carries what the script needs; the script does the rest."""

from __future__ import annotations

from flask import Blueprint, render_template

from activeloop.flows import projects, status
from web.auth import role
from web.context import services


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/label", "label", label)


@role("annotator")
def label(project_id: int) -> str:
    """Show the labelling page of a project."""
    with services().read() as session:
        project = projects.find(session, project_id)
        report = status.report(session, project)
        spec = projects.spec_of(project)
    return render_template("label.html", s=report, spec=spec)
