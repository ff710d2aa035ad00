"""Add data to a project, and what came of it."""

from __future__ import annotations

from flask import Blueprint, render_template

from activeloop.flows import projects
from web.auth import role
from web.context import services


def install(pages: Blueprint) -> None:
    """Add the routes."""
    pages.add_url_rule("/projects/<int:project_id>/data", "data", data)
    pages.add_url_rule(
        "/projects/<int:project_id>/imports/<int:import_id>", "import_report", import_report
    )


@role("engineer")
def data(project_id: int) -> str:
    """Show the upload form and the imports so far."""
    from activeloop.flows import status

    with services().read() as session:
        report = status.report(session, projects.find(session, project_id))
    return render_template("data.html", s=report)


@role("engineer")
def import_report(project_id: int, import_id: int) -> str:
    """Show what one import added, and each row it did not take."""
    from activeloop.flows import importing

    with services().read() as session:
        project = projects.find(session, project_id)
        report = importing.report(session, project, import_id)
        name = project.name
    return render_template("import.html", project_id=project_id, name=name, report=report)
