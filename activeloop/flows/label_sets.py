"""Change a project's classes: see what would be touched, do it, and look back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activeloop.errors import Conflict
from activeloop.flows import due, guidelines, resettling
from activeloop.flows.class_plans import Plan, Wanted, known, listed, plan, told
from activeloop.flows.projects import spec_of
from activeloop.flows.resettling import Effect
from activeloop.jobs import Rank
from activeloop.spec import ClassDetail, ProjectSpec, parse_spec
from activeloop.store import (
    db,
    label_sets,
    ledger,
    projects,
    rewording,
    trail,
    versions,
)
from activeloop.store.db import Session
from activeloop.store.tables import ClassChange, Project, Version

EXAMPLES = 5


def preview(session: Session, project: Project, wanted: Wanted) -> dict[str, Any]:
    """Tell what a change would touch, without changing anything.

    Raises:
        Invalid: when it does not fit the project's classes.
    """
    change = plan(spec_of(project), wanted)
    effect = resettling.preview(session, project.id, change)
    names, answer = list(change.mapping), change.before.answer
    shown = rewording.examples(session, project.id, names, answer, EXAMPLES) if names else []
    return _as_json(session, project, change, effect) | {
        "examples": [
            {"id": sample.id, "payload": sample.payload, "label": label} for sample, label in shown
        ]
    }


def apply(
    session: Session,
    project: Project,
    wanted: Wanted,
    *,
    user_id: int | None,
    seen: int | None = None,
) -> dict[str, Any]:
    """Change the label set, and everything that names its classes, in one transaction.

    Args:
        session: an open write session.
        project: whose classes.
        wanted: the change.
        user_id: who makes it; None on the command line.
        seen: the number of the last change that whoever asks has seen.

    Raises:
        Invalid: when it does not fit the project's classes.
        Conflict: when somebody else changed the label set since.
    """
    projects.lock(session, project.id)
    session.refresh(project)
    if seen is not None and seen != label_sets.last_number(session, project.id):
        raise Conflict("Somebody else changed the label set meanwhile; look at it and try again.")
    change = plan(spec_of(project), wanted)
    resettling.hold(session, project.id, change)
    # from here to the commit nobody else appends an event: what is touched stands still
    number = projects.number_events(session, project.id)
    now = db.now(session)
    effect = resettling.carry_over(session, project.id, change, number=number, now=now)
    label_sets.add(
        session,
        ClassChange(
            project_id=project.id,
            number=number,
            kind=change.kind,
            mapping=dict(change.mapping),
            before=list(change.before.classes),
            after=list(change.after.classes),
            touched=effect.samples,
            requeued=effect.requeued,
            user_id=user_id,
            created_at=now,
        ),
    )
    projects.respecify(session, project, change.after.dump())
    guidelines.add_note(session, project, _note(change, effect), user_id=user_id)
    done = _as_json(session, project, change, effect) | {"number": number}
    trail.note(
        session,
        f"classes.{change.kind}",
        now=now,
        project_id=project.id,
        user_id=user_id,
        **{key: done[key] for key in ("number", "mapping", "before", "after", "samples")},
        requeued=effect.requeued,
    )
    ledger.add(session, Rank(project.id), now=now)
    # when a run is live, the clock sees that it missed the change once it ends
    run = due.ask_after_change(session, project, now)
    return done | {"run": run.id if run else None}


def describe(
    session: Session, project: Project, details: Mapping[str, ClassDetail], *, user_id: int | None
) -> ProjectSpec:
    """Set what annotators are told of some classes: colour, key, description, group, examples.

    Raises:
        Invalid: when one is no class of the project, or two have the same key.
    """
    projects.lock(session, project.id)
    session.refresh(project)
    spec = spec_of(project)
    known(spec, tuple(details))
    kept = {**spec.class_details, **details}
    told_of = {n: each.model_dump(mode="json") for n, each in kept.items() if each != ClassDetail()}
    after = parse_spec(spec.dump() | {"class_details": told_of})
    projects.respecify(session, project, after.dump())
    trail.note(
        session,
        "classes.described",
        now=db.now(session),
        project_id=project.id,
        user_id=user_id,
        classes=sorted(details),
    )
    return after


def shown(session: Session, project: Project) -> dict[str, Any]:
    """Give the classes, what annotators are told of them, and the changes so far."""
    spec = spec_of(project)
    told_of = {name: spec.class_details.get(name, ClassDetail()) for name in spec.classes}
    return {
        "classes": list(spec.classes),
        "details": {name: each.model_dump(mode="json") for name, each in told_of.items()},
        "seen": label_sets.last_number(session, project.id),
        "history": history(session, project),
    }


def history(session: Session, project: Project) -> list[dict[str, Any]]:
    """List the changes, newest first."""
    return [
        {
            "number": change.number,
            "kind": change.kind,
            "sentence": told(change.kind, change.mapping, change.before, change.after),
            "mapping": change.mapping,
            "before": change.before,
            "after": change.after,
            "touched": change.touched,
            "requeued": change.requeued,
            "user": name,
            "created_at": change.created_at.isoformat(),
        }
        for change, name in label_sets.history(session, project.id)
    ]


def fate(session: Session, version: Version, name: str) -> str:
    """Say what ended a class that a version knows, as in "split 'cat' into 'tabby' and 'manx'"."""
    at: str | None = name
    for change, _ in reversed(label_sets.history(session, version.project_id)):
        if change.number <= version.label_set or at not in change.mapping:
            continue
        at = change.mapping[at]
        if at is None:
            return told(change.kind, change.mapping, change.before, change.after)
    return ""


def _as_json(session: Session, project: Project, change: Plan, effect: Effect) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "sentence": change.sentence,
        "mapping": dict(change.mapping),
        "before": list(change.before.classes),
        "after": list(change.after.classes),
        "seen": label_sets.last_number(session, project.id),
        **effect.as_json(),
        "versions": _knowing(session, project, change),
    }


def _knowing(session: Session, project: Project, change: Plan) -> list[int]:
    """List the versions that were trained on a class that changes."""
    return [
        version.number
        for version in versions.all_(session, project.id)
        if not set(change.mapping).isdisjoint(version.classes)
    ]


def _note(change: Plan, effect: Effect) -> str:
    """Word a change for annotators, as it stands in the guidelines."""
    sentence = f"{change.sentence[:1].upper()}{change.sentence[1:]}."
    if not effect.requeued or change.kind not in ("split", "retire"):
        return sentence
    if change.kind == "retire":
        return f"{sentence} Samples that had it come again."
    into = [
        name
        for name in change.after.classes
        if name in change.mapping or name not in change.before.classes
    ]
    return f"{sentence} Samples that had it come again: choose among {listed(into)}."
