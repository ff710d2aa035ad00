"""Drift over time, and the campaigns that measure what drifted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template

from activeloop.flows import campaigns, monitoring, projects
from web.auth import role
from web.context import services

SHOWN = 3
"""Windows of which every comparison is shown, the newest first."""
SOURCES = {"import": "imports", "predict": "predictions"}


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/drift", "drift", drift)


@role("reviewer")
def drift(project_id: int) -> str:
    """Show the windows of incoming samples over time, the newest in full, and campaigns."""
    with services().read() as session:
        project = projects.find(session, project_id)
        found = monitoring.timeline(session, project)
        listed = campaigns.listed(session, project)
    windows = list(reversed(found["windows"]))
    return render_template(
        "drift.html",
        project=project,
        d=found,
        windows=windows,
        points=points(windows),
        newest=found["windows"][:SHOWN],
        campaigns=listed,
        sources=SOURCES,
    )


def points(windows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the timeline: of each window the largest effect beside its floor, by source."""
    return [
        {
            "number": window["number"],
            "of": SOURCES[window["source"]],
            "y": max(each["effect"] / each["floor"] if each["floor"] else 0.0 for each in features),
            "drifted": window["drifted"],
            "alarm": window["alarm"],
            "found": sum(each["drifted"] for each in features),
            "features": len(features),
            "at": window["created_at"],
            "samples": window["samples"],
        }
        for window in windows
        if (features := window["features"])
    ]
