"""The loop of a project on one page: what it does, what it waits for, how good it is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from activeloop.flows import status, versions
from web.auth import role
from web.context import services, the_project


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>", "loop", loop)


@role("annotator")
def loop(project_id: int) -> str:
    """Show the loop page; `?part=live` gives only what changes, for the page to take over."""
    with services().read() as session:
        project = the_project(session, project_id)
        report = status.report(session, project)
        listed = versions.listed(session, project)
    template = "parts/live.html" if request.args.get("part") == "live" else "loop.html"
    return render_template(template, s=report, versions=listed, curve=curve(listed))


def curve(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the learning curve: audit accuracy with its interval, by number of training labels.

    Versions that were never evaluated are left out.
    """
    points = []
    for version in sorted(listed, key=lambda each: int(each["number"])):
        accuracy = version["metrics"].get("accuracy") or {}
        if accuracy.get("value") is not None:
            points.append(
                {
                    "number": version["number"],
                    "labels": version["train_labels"],
                    "status": version["status"],
                    **{key: accuracy.get(key) for key in ("value", "low", "high", "n")},
                }
            )
    return points
