"""Change what a project asks of people and when it learns; what its labels mean stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activeloop.errors import Invalid
from activeloop.flows import projects
from activeloop.spec import ProjectSpec, parse_spec
from activeloop.store import db, trail
from activeloop.store import projects as stored
from activeloop.store.db import Session
from activeloop.store.tables import Project

CHANGEABLE = (
    "batch_size",
    "consensus",
    "cost_per_label",
    "currency",
    "fairness",
    "gold_share",
    "lease_seconds",
    "monitoring",
    "offer_groups",
    "promotion",
    "random_share",
    "retention",
    "retrain",
    "show_metadata",
    "skip_reason",
    "skip_reasons",
    "slices",
    "stopping",
    "strategy",
    "suggestions",
)
"""Fields of the spec that hold from the next sample or run on.

The others decide what the labels there are mean, or what was trained on them. Classes and
guidelines have doors of their own, which keep their history.
"""


def change(
    session: Session, project: Project, wanted: Mapping[str, Any], *, user_id: int | None
) -> ProjectSpec:
    """Change some fields of a project's spec; within a part, only those that are named.

    Raises:
        Invalid: when a field cannot be changed, or its value is not valid; nothing is changed.
    """
    fixed = sorted(set(wanted) - set(CHANGEABLE))
    if fixed:
        raise Invalid.field(
            fixed[0] or "(a field without a name)",
            f"{fixed[0]!r} cannot be changed in a project. What can: {', '.join(CHANGEABLE)}.",
        )
    stored.lock(session, project.id)
    session.refresh(project)
    before = projects.spec_of(project)
    spec = parse_spec(_merged(before.dump(), wanted))
    projects.check(spec)
    changed = {name: value for name, value in spec.dump().items() if value != before.dump()[name]}
    if changed:
        stored.respecify(session, project, spec.dump())
        trail.note(
            session,
            "project.changed",
            now=db.now(session),
            project_id=project.id,
            user_id=user_id,
            changed=changed,
        )
    return spec


def _merged(before: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is wanted into what there is, part by part; parameters only as a whole."""

    def is_part(name: str, value: Any) -> bool:
        return name != "params" and isinstance(before.get(name), dict) and isinstance(value, dict)

    return before | {
        name: _merged(before[name], value) if is_part(name, value) else value
        for name, value in wanted.items()
    }
