"""The doctor: sentences that say what the loop waits for, and why. The most urgent first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from activeloop.flows import class_plans, due
from activeloop.spec import ProjectSpec
from activeloop.store import (
    backlog,
    heartbeats,
    imports,
    label_sets,
    labels,
    projects,
    rankings,
    runs,
    sweeps,
    versions,
)
from activeloop.store.db import Session
from activeloop.store.tables import Project, Run

SILENT_SECONDS = 15


def examine(session: Session, project: Project, spec: ProjectSpec, now: datetime) -> list[str]:
    """Say all there is to say about a project, in sentences."""
    return [
        *_workers(session, now),
        *_data(session, project),
        *_learning(session, project, spec),
        *_schedule(spec, now),
        *_classes(session, project),
        *_order(session, project),
        *_sweeping(session, project),
        *_gate(session, project, spec),
        *_drift(session, project),
        *_advice(session, project),
        *_failures(session, project),
    ]


def _workers(session: Session, now: datetime) -> Iterator[str]:
    ages = [
        process.age.total_seconds()
        for process in heartbeats.listed(session, now=now)
        if process.role == "worker"
    ]
    if not ages:
        yield (
            "No worker has been seen lately, so nothing is imported, trained or ranked. "
            "Start one with `activeloop worker` (or run `activeloop up`)."
        )
    elif min(ages) > SILENT_SECONDS:
        yield (
            f"No worker has been seen for {min(ages):.0f} s, so nothing is imported, trained "
            "or ranked. Labels are kept. Start one with `activeloop worker`."
        )


def _drift(session: Session, project: Project) -> list[str]:
    from activeloop.flows import monitoring

    return monitoring.findings(session, project)


def _data(session: Session, project: Project) -> Iterator[str]:
    counts = projects.tally(session, project.id)
    live = imports.live(session, project.id)
    for each in live:
        share = f"{100 * each.position / each.total:.0f} %" if each.total else "started"
        yield f"Importing {each.name!r}: {share}, {each.added:,} samples so far."
    if counts.samples == 0:
        if not live:
            yield "The pool is empty: import data to start."
    elif _all_labelled(session, project):
        yield "Everything is labelled. Import more data to go on."
    disputed = labels.disputed(session, project.id)
    if disputed:
        yield (
            f"{disputed} {_samples(disputed)} got different answers with no majority; "
            "they are left out of training."
        )


def _learning(session: Session, project: Project, spec: ProjectSpec) -> Iterator[str]:
    run = runs.live(session, project.id)
    if run is not None:
        yield _underway(run)
        return
    verdict = due.judge(session, project, spec)
    # with nothing left to label, labels are not what the loop waits for
    if verdict.due or not _all_labelled(session, project):
        yield verdict.because


def _schedule(spec: ProjectSpec, now: datetime) -> Iterator[str]:
    said = due.next_time(spec, now)
    if said:
        yield said


def _classes(session: Session, project: Project) -> Iterator[str]:
    learner, change = versions.learner(session, project.id), label_sets.newest(session, project.id)
    if learner is None or change is None or learner.label_set >= change.number:
        return
    done = class_plans.told(change.kind, change.mapping, change.before, change.after)
    yield (
        f"The classes were changed ({done}). Version {learner.number}, which ranks the queue, was "
        "trained on those of before and goes on by what it knows until a full run has learned "
        "the new ones."
    )


def _underway(run: Run) -> str:
    if run.status == "queued":
        return f"Run {run.id} waits for a worker ({run.because})."
    stage = f": {run.stage}" if run.stage else ""
    return (
        f"Run {run.id} is training on {run.train_labels} labels{stage}. "
        "Labelling goes on with the present order."
    )


def _order(session: Session, project: Project) -> Iterator[str]:
    ranking = rankings.current(session, project)
    counts = projects.tally(session, project.id)
    if ranking is None:
        if counts.samples:
            yield "The order is random: the pool has not been ranked yet."
        return
    learner = versions.learner(session, project.id)
    if ranking.scope == "head":
        yield (
            f"The top of the queue is ranked by version {ranking.version}; "
            "the rest of the pool follows with its sweep."
        )
    elif learner is not None and ranking.version != learner.number:
        by = f"version {ranking.version}" if ranking.version else "the cold start"
        yield f"The queue is still ranked by {by}; version {learner.number} will rank it next."
    elif ranking.version is None:
        yield ranking.because[:1].upper() + ranking.because[1:] + "."
    if ranking.samples < counts.samples:
        more = counts.samples - ranking.samples
        yield f"{more:,} {_samples(more)} came after the ranking and are not in it yet."


def _sweeping(session: Session, project: Project) -> Iterator[str]:
    sweep = sweeps.running(session, project.id)
    if sweep is not None:
        done = sweeps.progress(session, sweep)
        by = f" by version {sweep.version}" if sweep.version else ""
        yield f"{done.rows_done:,} of {done.rows:,} samples are scored{by} in a sweep under way."


def _gate(session: Session, project: Project, spec: ProjectSpec) -> Iterator[str]:
    learner = versions.learner(session, project.id)
    champion = versions.champion(session, project)
    if learner is None or champion is None or learner.id == champion.id:
        return
    if learner.number > champion.number:
        reason = learner.because.rstrip(".")
        yield (
            f"Version {learner.number} ranks the queue; predictions still come from version "
            f"{champion.number}, the champion. {reason[:1].upper()}{reason[1:]}."
        )
    missing = spec.promotion.min_audit - projects.tally(session, project.id).labelled_audit
    if missing > 0 and spec.promotion.rule in ("not_worse", "better"):
        more = f"{missing} more audit {'label' if missing == 1 else 'labels'}"
        each = spec.promotion.min_per_class
        classes = f", {each} of each class among them," if each else ""
        yield f"{more}{classes} until the gate tests versions."


def _advice(session: Session, project: Project) -> Iterator[str]:
    from activeloop.flows import advising

    yield from advising.findings(session, project)


def _failures(session: Session, project: Project) -> Iterator[str]:
    last = next(iter(runs.latest(session, project.id, 1)), None)
    if last is not None and last.status == "failed":
        yield f"The last run failed: {last.error}"
    for job in backlog.given_up(session, project.id):
        if job.kind not in ("train", "import"):  # those tell it on their own row
            yield f"The last {job.kind} job failed: {job.error}"


def _all_labelled(session: Session, project: Project) -> bool:
    """Tell whether no sample waits for a label; an empty pool has none either."""
    counts = projects.tally(session, project.id)
    return counts.labelled_train + counts.labelled_audit >= counts.samples


def _samples(count: int) -> str:
    return "sample" if count == 1 else "samples"
