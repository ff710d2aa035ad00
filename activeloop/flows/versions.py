"""Look at versions, and bring any of them back."""

from __future__ import annotations

from typing import Any

from activeloop.errors import Conflict, NotFound
from activeloop.store import db, labels, trail, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version

Words = tuple[str | None, ...]
"""What each of a version's classes is called today; None for one that was split or retired."""


def words(session: Session, version: Version, through: int | None = None) -> Words:
    """Give a version's classes in the words of today, or in those that held after an event."""
    from activeloop.learn import translation

    changes = labels.changes(session, version.project_id, through)
    later = [change for change in changes if change.number > version.label_set]
    return translation.today(version.classes, later)


def as_json(version: Version, parents: dict[int, int] | None = None) -> dict[str, Any]:
    """Give what the API and the pages show of a version."""
    return {
        "number": version.number,
        "status": version.status,
        "because": version.because,
        "recipe": version.recipe,
        "mode": version.mode,
        "parent": (parents or {}).get(version.parent_id or 0),
        "train_labels": version.train_labels,
        "audit_labels": version.audit_labels,
        "metrics": version.latest or version.metrics,
        "metrics_at_training": version.metrics,
        "classes": version.classes,
        "label_set": version.label_set,
        "run_id": version.run_id,
        "snapshot": version.snapshot,
        "snapshot_digest": version.snapshot_digest,
        "seed": version.seed,
        "libraries": version.libraries,
        "created_at": version.created_at.isoformat(),
    }


def listed(session: Session, project: Project) -> list[dict[str, Any]]:
    """List the versions, newest first."""
    found = versions.all_(session, project.id)
    parents = {version.id: version.number for version in found}
    return [as_json(version, parents) for version in found]


def promote(
    session: Session, project: Project, number: int, *, user_id: int | None
) -> dict[str, Any]:
    """Make any version the champion, by a person's decision.

    Raises:
        NotFound: when there is no such version.
        Conflict: when it is the champion already.
    """
    version = versions.by_number(session, project.id, number)
    if version is None:
        raise NotFound(f"Project {project.name!r} has no version {number}.")
    if version.id == project.champion_id:
        raise Conflict(f"Version {number} is the champion already.")
    before = versions.champion(session, project)
    version.because = "promoted by a person" + (
        f" in place of version {before.number}" if before else ""
    )
    versions.crown(session, project.id, version)
    trail.note(
        session,
        "version.promoted",
        now=db.now(session),
        project_id=project.id,
        user_id=user_id,
        version=number,
        instead_of=before.number if before else None,
    )
    return as_json(version)
