"""The adjudication page: what wants a reviewer, one sample at a time. The script does the rest."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from activeloop.flows import projects, reviewing
from web.auth import role
from web.context import services

TITLES = {
    "disagreement": "Disagreement",
    "suspected": "Likely errors",
    "flag": "Flags",
    "asked": "Sent here",
}
"""What the reasons are called on the page."""


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/review", "review", review)


@role("reviewer")
def review(project_id: int) -> str:
    """Show the page; `?reason=` shows the reviews for one reason only."""
    with services().read() as session:
        project = projects.find(session, project_id)
        spec = projects.spec_of(project)
        counts = reviewing.listed(session, project, count=1)["counts"]
    reason = request.args.get("reason", "")
    return render_template(
        "review.html",
        project=project,
        spec=spec,
        counts=counts,
        reason=reason if reason in TITLES else "",
        titles=TITLES,
    )
