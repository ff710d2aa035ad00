"""What makes a project train, each trigger with how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from activeloop import schedules
from activeloop.flows import due
from activeloop.flows.projects import spec_of
from activeloop.spec import ProjectSpec
from activeloop.store import campaigns, db, label_sets, runs, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project

NEXT = 3
"""Times of the schedule that are told."""


def listed(session: Session, project: Project) -> dict[str, Any]:
    """Give every trigger with its state in words, and the times the schedule comes to next."""
    spec, now = spec_of(project), db.now(session)
    return {
        "retrain": spec.retrain.model_dump(),
        "recipe": spec.model.recipe,
        "triggers": [
            {"name": name, "on": on, "says": says}
            for name, on, says in _triggers(session, project, spec, now)
        ],
        "next": [each.isoformat() for each in _times(spec, now)],
    }


def _triggers(
    session: Session, project: Project, spec: ProjectSpec, now: datetime
) -> Iterator[tuple[str, bool, str]]:
    every = spec.retrain.every
    labels = f"After {every:,} new training label{'s' if every > 1 else ''}."
    yield "labels", True, f"{labels} {due.judge(session, project, spec).because}"
    if spec.retrain.schedule:
        fresh = max(0, runs.new_labels(session, project.id))
        came = f"{fresh:,} new label{' has' if fresh == 1 else 's have'} come since the last run."
        yield "schedule", True, f"{due.next_time(spec, now)} {came}"
    else:
        yield "schedule", False, "There is no schedule."
    yield "drift", *_drift(session, project, spec)
    yield "drop", *_drop(session, project, spec)
    yield "classes", True, _classes(session, project)


def _drift(session: Session, project: Project, spec: ProjectSpec) -> tuple[bool, str]:
    if not spec.retrain.on_drift:
        return False, "A campaign after a drift alarm trains nothing."
    if not spec.monitoring.drift or spec.monitoring.campaign == 0:
        return False, "No campaign is opened by drift: see `monitoring`."
    rule = "When a campaign that a drift alarm opened has its labels."
    campaign = campaigns.running(session, project.id)
    if campaign is None:
        return True, f"{rule} None is open."
    left = campaigns.left(session, campaign.id)
    return True, f"{rule} Campaign {campaign.id} waits for {left:,} of {campaign.wanted:,}."


def _drop(session: Session, project: Project, spec: ProjectSpec) -> tuple[bool, str]:
    by = spec.retrain.on_drop
    if by is None:
        return False, "A fall of the champion's audit accuracy trains nothing."
    rule = f"When the champion's audit accuracy falls by more than {100 * by:g} points."
    champion = versions.champion(session, project)
    if champion is None:
        return True, f"{rule} There is no champion yet."
    then, latest = champion.metrics.get("accuracy"), champion.latest.get("accuracy")
    if not then or not latest or then["value"] is None or latest["value"] is None:
        return True, f"{rule} Version {champion.number} is not measured yet."
    return True, (
        f"{rule} Version {champion.number} had {then['value']:.3f} when it was trained, and has "
        f"{latest['value']:.3f} on the {latest['n']:,} audit labels of the last run."
    )


def _classes(session: Session, project: Project) -> str:
    change, version = label_sets.newest(session, project.id), versions.newest(session, project.id)
    rule = "When the classes change."
    if change is None or version is None or version.label_set >= change.number:
        return f"{rule} Nothing has changed since the newest version."
    return f"{rule} Version {version.number} does not know the newest change."


def _times(spec: ProjectSpec, now: datetime) -> list[datetime]:
    found: list[datetime] = []
    while spec.retrain.schedule and len(found) < NEXT:
        found.append(schedules.following(spec.retrain.schedule, found[-1] if found else now))
    return found
