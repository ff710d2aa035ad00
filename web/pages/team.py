"""The team page: who labels how much, how fast and how reliably, and how far people agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template

from activeloop.flows import projects, quality
from web.auth import role
from web.context import services

CONFUSED = 5
"""How many of somebody's confusions are shown."""


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/team", "team", team)


@role("reviewer")
def team(project_id: int) -> str:
    """Show the newest report on the team."""
    with services().read() as session:
        found = quality.newest(session, projects.find(session, project_id))
    report = found["report"]
    return render_template(
        "team.html",
        project=found["project"],
        made_at=found["made_at"],
        behind=found["behind"],
        r=report,
        confused={p["id"]: confusions(p["confusions"]) for p in report["persons"]}
        if report
        else {},
    )


def confusions(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what somebody takes for what, the most frequent first.

    >>> confusions([{"truth": "a", "said": "a", "expected": 9.0},
    ...             {"truth": "a", "said": "b", "expected": 2.0},
    ...             {"truth": None, "said": "b", "expected": 1.2}])
    ['a taken for b (about 2)', 'b named where it is not (about 1)']
    """
    return [
        f"{_sentence(cell['truth'], cell['said'])} (about {cell['expected']:.0f})"
        for cell in cells
        if cell["truth"] != cell["said"]
    ][:CONFUSED]


def _sentence(truth: str | None, said: str | None) -> str:
    if truth is None:
        return f"{said} named where it is not"
    return f"{truth} left out" if said is None else f"{truth} taken for {said}"
