"""Decide whether a project is due to learn, and if so ask for a run."""

from __future__ import annotations

from datetime import datetime

from activeloop import schedules
from activeloop.flows import class_plans
from activeloop.flows.projects import spec_of
from activeloop.jobs import Train
from activeloop.learn import cadence
from activeloop.spec import ProjectSpec
from activeloop.store import label_sets, labels, ledger, projects, runs, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project, Run


def judge(session: Session, project: Project, spec: ProjectSpec) -> cadence.Due:
    """Tell whether a run is due, and in words what is missing."""
    counts = projects.tally(session, project.id)
    last = next(iter(runs.latest(session, project.id, 1)), None)
    before = last.train_labels if last else 0
    if last is not None and counts.labelled_train < before:
        # a class was split or retired: what was learned of it has to be learned anew
        before = before if label_sets.last_number(session, project.id) <= last.snapshot else 0
    enough = counts.labelled_train - before >= spec.retrain.every
    return cadence.due(
        labels=counts.labelled_train,
        labels_at_last_run=before,
        every=spec.retrain.every,
        # counted only when it matters: this is asked with every label
        classes_labelled=len(labels.classes_seen(session, project.id)) if enough else 0,
        several=spec.answer == "several",
        active=last is not None and last.status in runs.LIVE,
        last_failed=last is not None and last.status == "failed",
    )


def ask_if_due(session: Session, project: Project, spec: ProjectSpec, now: datetime) -> Run | None:
    """Ask for a run when enough labels have come since the last one.

    Called with each label and by the clock, so that neither a lost hint nor a crash between
    the two can leave the loop waiting.
    """
    if runs.new_labels(session, project.id) < spec.retrain.every:
        return None  # asked with each label: the rest is looked up only when it matters
    verdict = judge(session, project, spec)
    if not verdict.due:
        return None
    return ask(
        session, project, mode=spec.retrain.mode, because=verdict.because.rstrip("."), now=now
    )


def check(session: Session, project: Project, now: datetime) -> Run | None:
    """Ask for a run if one is due; the clock's door."""
    spec = spec_of(project)
    return (
        ask_if_due(session, project, spec, now)
        or ask_after_change(session, project, now)
        or ask_on_schedule(session, project, spec, now)
        or ask_after_drop(session, project, spec, now)
    )


def ask_on_schedule(
    session: Session, project: Project, spec: ProjectSpec, now: datetime
) -> Run | None:
    """Ask for a run when a time of the schedule has passed, and labels had come by then.

    Times that nobody was there for are made up for by one run, for only the last one is looked at.
    """
    if not spec.retrain.schedule:
        return None
    fresh, at = runs.new_labels(session, project.id), schedules.latest(spec.retrain.schedule, now)
    last = next(iter(runs.latest(session, project.id, 1)), None)
    if fresh <= 0 or (last is not None and (last.status in runs.LIVE or last.created_at >= at)):
        return None
    first = labels.first_after(session, project.id, last.snapshot if last else 0)
    if first is None or first > at or not _can_learn(session, project):
        return None
    because = (
        f"the schedule {spec.retrain.schedule!r} came to {told(at)}, with {fresh} new "
        f"{'label' if fresh == 1 else 'labels'} since the last run"
    )
    return ask(session, project, mode=spec.retrain.mode, because=because, now=now)


def ask_after_drop(
    session: Session, project: Project, spec: ProjectSpec, now: datetime
) -> Run | None:
    """Ask for a full run, once, when the champion does worse than when it was crowned."""
    if spec.retrain.on_drop is None:
        return None
    champion = versions.champion(session, project)
    if champion is None or runs.new_labels(session, project.id) <= 0:
        return None
    then, latest = champion.metrics.get("accuracy"), champion.latest.get("accuracy")
    if not then or not latest or not cadence.dropped(then, latest, by=spec.retrain.on_drop):
        return None
    said = f"the audit accuracy of version {champion.number} fell"
    if runs.live(session, project.id) or runs.asked_because(session, project.id, said):
        return None
    if not _can_learn(session, project):
        return None
    because = (
        f"{said} from {then['value']:.3f} ({then['n']} labels) to {latest['value']:.3f} "
        f"({latest['n']} labels), beyond chance"
    )
    return ask(session, project, mode="full", because=because, now=now)


def next_time(spec: ProjectSpec, now: datetime) -> str:
    """Say when the schedule trains next; empty without one."""
    if not spec.retrain.schedule:
        return ""
    at = told(schedules.following(spec.retrain.schedule, now))
    return f"The schedule trains next at {at}, when labels have come by then."


def told(moment: datetime) -> str:
    """Write a time as people read it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _can_learn(session: Session, project: Project) -> bool:
    return len(labels.classes_seen(session, project.id)) >= cadence.LEAST_CLASSES


def ask_after_change(session: Session, project: Project, now: datetime) -> Run | None:
    """Ask for a full run when the classes were changed and no run has taken that in yet."""
    change, version = label_sets.newest(session, project.id), versions.newest(session, project.id)
    if change is None or version is None or version.label_set >= change.number:
        return None
    last = next(iter(runs.latest(session, project.id, 1)), None)
    if last is not None and (last.status in runs.LIVE or last.snapshot >= change.number):
        return None  # one is under way, or was tried: then it waits for labels, as always
    if len(labels.classes_seen(session, project.id)) < cadence.LEAST_CLASSES:
        return None
    done = class_plans.told(change.kind, change.mapping, change.before, change.after)
    because = f"the label set changed ({done}), which version {version.number} does not know"
    return ask(session, project, mode="full", because=because, now=now)


def ask(
    session: Session,
    project: Project,
    *,
    mode: str,
    because: str,
    now: datetime,
    user_id: int | None = None,
) -> Run:
    """Write the run and its job."""
    counts = projects.tally(session, project.id)
    run = runs.add(
        session,
        Run(
            project_id=project.id,
            mode=mode,
            because=because,
            snapshot=counts.events,
            train_labels=counts.labelled_train,
            audit_labels=counts.labelled_audit,
            user_id=user_id,
            created_at=now,
        ),
    )
    ledger.add(session, Train(project.id, run.id), now=now)
    return run
