"""Who labels a project, and the gold samples that tell how well."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from activeloop.flows import assigning, gold, projects
from web.auth import role
from web.context import services

PAGE = 50


def install(pages: Blueprint) -> None:
    """Add the routes."""
    pages.add_url_rule("/projects/<int:project_id>/people", "people", people)
    pages.add_url_rule("/projects/<int:project_id>/gold", "gold", golden)


@role("engineer")
def people(project_id: int) -> str:
    """Show who labels the project, and let an engineer choose."""
    with services().read() as session:
        project = projects.find(session, project_id)
        assigned = assigning.listed(session, project)
    return render_template("people.html", project=project, assigned=assigned)


@role("reviewer")
def golden(project_id: int) -> str:
    """Show the gold samples, and how they were answered."""
    after = request.args.get("after", "0")
    with services().read() as session:
        project = projects.find(session, project_id)
        found = gold.listed(
            session, project, after=int(after) if after.isdecimal() else 0, count=PAGE
        )
    more = found["gold"][-1]["sample"]["id"] if len(found["gold"]) == PAGE else None
    return render_template(
        "gold.html",
        project=project,
        spec=projects.spec_of(project),
        total=found["total"],
        gold=found["gold"],
        more=more,
    )
