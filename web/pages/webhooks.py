"""The webhooks of a project: who is told of what, and whether it arrives."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from activeloop.flows import projects, webhooks
from web.auth import role
from web.context import services

LATEST = 20


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/webhooks", "webhooks", hooks)


@role("engineer")
def hooks(project_id: int) -> str:
    """Show the webhooks; `?webhook=` shows what was sent to one of them."""
    asked = request.args.get("webhook", "")
    with services().read() as session:
        project = projects.find(session, project_id)
        found = webhooks.listed(session, project)
        chosen = next((each for each in found if str(each["id"]) == asked), None)
        sent = webhooks.log(session, project, chosen["id"], count=LATEST) if chosen else []
    return render_template(
        "webhooks.html",
        project=project,
        webhooks=found,
        events=webhooks.EVENTS,
        chosen=chosen,
        sent=sent,
    )
