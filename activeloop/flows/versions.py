"""Look at versions, and bring any of them back."""

from __future__ import annotations

from typing import Any

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.store import db, labels, teamwork, trail, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version

NOBODY = 0
"""Stands for the person at the command line, who has no account."""
LONGEST_NOTES = 10_000
LONGEST_LINEAGE = 50
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
        "evidence": version.evidence,
        "pinned": version.pinned,
        "notes": version.notes,
        "crowned_at": version.crowned_at.isoformat() if version.crowned_at else None,
        "crowned_by": version.crowned_by,
        "dropped_at": version.dropped_at.isoformat() if version.dropped_at else None,
    }


def listed(session: Session, project: Project) -> list[dict[str, Any]]:
    """List the versions, newest first."""
    found = versions.all_(session, project.id)
    parents = {version.id: version.number for version in found}
    return [as_json(version, parents) for version in found]


def one(session: Session, project: Project, number: int) -> dict[str, Any]:
    """Give a version in full: who crowned it, and the versions it goes back to.

    Raises:
        NotFound: when there is no such version.
    """
    found = versions.all_(session, project.id)
    by_id = {version.id: version for version in found}
    version = next((each for each in found if each.number == number), None)
    if version is None:
        raise NotFound(f"Project {project.name!r} has no version {number}.")
    lineage: list[int] = []
    parent = by_id.get(version.parent_id or 0)
    while parent is not None and len(lineage) < LONGEST_LINEAGE:
        lineage.append(parent.number)
        parent = by_id.get(parent.parent_id or 0)
    person = version.crowned_by
    return as_json(version, {each.id: each.number for each in found}) | {
        "spec": version.spec,
        "lineage": lineage,
        "crowned_by_name": teamwork.names(session, [person]).get(person) if person else None,
    }


def promote(
    session: Session, project: Project, number: int, *, user_id: int | None
) -> dict[str, Any]:
    """Make any version the champion, by a person's decision.

    Raises:
        NotFound: when there is no such version.
        Conflict: when it is the champion already, or its model file was let go.
    """
    version = versions.by_number(session, project.id, number)
    if version is None:
        raise NotFound(f"Project {project.name!r} has no version {number}.")
    if version.id == project.champion_id:
        raise Conflict(f"Version {number} is the champion already.")
    if version.dropped_at is not None:
        raise Conflict(
            f"The model file of version {number} was let go; "
            f"`activeloop reproduce {project.name} {number}` makes it again."
        )
    before = versions.champion(session, project)
    version.because = "promoted by a person" + (
        f" in place of version {before.number}" if before else ""
    )
    now = db.now(session)
    # without a name (the command line), it was a person all the same: the gate keeps off
    versions.crown(session, project.id, version, now=now, by=user_id or NOBODY)
    trail.note(
        session,
        "version.promoted",
        now=now,
        project_id=project.id,
        user_id=user_id,
        version=number,
        instead_of=before.number if before else None,
    )
    return as_json(version)


def rollback(
    session: Session, project: Project, *, user_id: int | None, to: int | None = None
) -> dict[str, Any]:
    """Bring a champion back, in one action: the one before this, or any version by its number.

    Raises:
        NotFound: when there is no such version.
        Conflict: when there was no other champion, or it is the champion already.
    """
    if to is None:
        former = versions.former_champion(session, project)
        if former is None:
            raise Conflict(
                "There was no other champion yet; name the version to bring back by its number."
            )
        to = former.number
    return promote(session, project, to, user_id=user_id)


def before_champion(session: Session, project: Project) -> int | None:
    """Give the number of the champion before this one, which `rollback` brings back."""
    former = versions.former_champion(session, project)
    return None if former is None else former.number


def annotate(
    session: Session,
    project: Project,
    number: int,
    *,
    user_id: int | None,
    pinned: bool | None = None,
    notes: str | None = None,
) -> dict[str, Any]:
    """Pin a version, so that its model file is kept whatever comes, or note something down.

    Raises:
        NotFound: when there is no such version.
        Invalid: when the notes are too long.
    """
    version = versions.by_number(session, project.id, number)
    if version is None:
        raise NotFound(f"Project {project.name!r} has no version {number}.")
    if notes is not None and len(notes) > LONGEST_NOTES:
        raise Invalid.field("notes", f"may have {LONGEST_NOTES:,} characters, has {len(notes):,}.")
    if pinned is not None:
        version.pinned = pinned
    if notes is not None:
        version.notes = notes
    session.add(version)
    trail.note(
        session,
        "version.annotated",
        now=db.now(session),
        project_id=project.id,
        user_id=user_id,
        version=number,
        pinned=version.pinned,
        notes=version.notes,
    )
    return as_json(version)
