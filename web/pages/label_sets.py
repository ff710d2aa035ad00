"""The classes of a project: what annotators are told of them, changing them, what was changed."""

from __future__ import annotations

from flask import Blueprint, render_template

from activeloop.flows import label_sets, projects
from web.auth import role
from web.context import services


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/classes", "classes", classes)


@role("engineer")
def classes(project_id: int) -> str:
    """Show the classes and the forms that change them."""
    with services().read() as session:
        project = projects.find(session, project_id)
        shown = label_sets.shown(session, project)
    return render_template("classes.html", project=project, shown=shown)
