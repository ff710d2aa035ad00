"""Report what a project does, and let the doctor say what it waits for and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from activeloop.errors import NotFound
from activeloop.flows import doctor
from activeloop.flows.projects import spec_of
from activeloop.flows.versions import as_json as version_json
from activeloop.jobs import Rank, ScoreRange
from activeloop.store import (
    backlog,
    db,
    heartbeats,
    imports,
    labels,
    offers,
    projects,
    rankings,
    runs,
    sweeps,
    versions,
)
from activeloop.store.db import Session
from activeloop.store.tables import JobRow, Project, Run


def report(session: Session, project: Project) -> dict[str, Any]:
    """Give the whole state of a project's loop."""
    now = db.now(session)
    spec = spec_of(project)
    jobs = backlog.live(session, project.id)
    workers = heartbeats.listed(session, now=now)
    latest = runs.latest(session, project.id)
    queue = _queue(session, project, now)
    champion = versions.champion(session, project)
    learner = versions.learner(session, project.id)
    parents = {version.id: version.number for version in versions.all_(session, project.id)}
    findings = doctor.examine(session, project, spec, now)
    return {
        "project": {
            "id": project.id,
            "name": project.name,
            "kind": project.kind,
            "classes": list(spec.classes),
        },
        "counts": _counts(session, project),
        "queue": queue,
        "champion": version_json(champion, parents) if champion else None,
        "learner": version_json(learner, parents) if learner else None,
        "runs": [run_json(session, run) for run in latest],
        "jobs": [
            {
                "id": job.id,
                "kind": job.kind,
                "state": job.state,
                "stage": job.stage,
                "progress": job.progress,
                "attempts": job.attempts,
                "error": job.error,
            }
            for job in jobs
            # of a sweep's ranges, which may be thousands, only those at work; `sweep` sums them up
            if job.kind != ScoreRange.kind or job.state == "running"
        ],
        "sweep": _sweep(session, project, jobs),
        "imports": imports.latest(session, project.id),
        "workers": [
            {"name": w.name, "role": w.role, "age_seconds": round(w.age.total_seconds(), 1)}
            for w in workers
        ],
        "doctor": findings,
        "waiting_for": findings[0] if findings else None,
    }


def run(session: Session, project: Project, run_id: int) -> dict[str, Any]:
    """Give one run.

    Raises:
        NotFound: when the project has no such run.
    """
    found = runs.by_id(session, project.id, run_id)
    if found is None:
        raise NotFound(f"Project {project.name!r} has no run {run_id}.")
    return run_json(session, found)


def run_json(session: Session, run: Run) -> dict[str, Any]:
    """Give what the API and the pages show of a run."""
    version = versions.of_run(session, run.id)
    return {
        "id": run.id,
        "status": run.status,
        "mode": run.mode,
        "mode_used": run.mode_used,
        "mode_because": run.mode_because,
        "because": run.because,
        "stage": run.stage,
        "progress": run.progress,
        "verdict": run.verdict,
        "verdict_because": run.verdict_because,
        "error": run.error,
        "train_labels": run.train_labels,
        "audit_labels": run.audit_labels,
        "snapshot": run.snapshot,
        "version": version.number if version else None,
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }


def _counts(session: Session, project: Project) -> dict[str, int]:
    counts = projects.tally(session, project.id)
    return {
        "samples": counts.samples,
        "audit_samples": counts.audit_samples,
        "labelled": counts.labelled_train + counts.labelled_audit,
        "labelled_train": counts.labelled_train,
        "labelled_audit": counts.labelled_audit,
        "answers": counts.answers,
        "skips": counts.skips,
        "disputed": labels.disputed(session, project.id),
        "open_leases": offers.open_count(session, project.id),
    }


def _queue(session: Session, project: Project, now: datetime) -> dict[str, Any]:
    ranking = rankings.current(session, project)
    if ranking is None:
        return {
            "ranking": None,
            "strategy": "random",
            "scope": None,
            "version": None,
            "age_seconds": None,
            "ranked_at": None,
            "size": 0,
            "scored": 0,
            "seconds": None,
            "because": "order is random: the pool has not been ranked yet",
        }
    return {
        "ranking": ranking.id,
        "strategy": ranking.strategy,
        "scope": ranking.scope,
        "version": ranking.version,
        "age_seconds": _age(ranking.created_at, now),
        "ranked_at": ranking.created_at.isoformat(),
        "size": rankings.size(session, ranking.id),
        "scored": ranking.scored,
        "seconds": round(ranking.seconds, 3),
        "because": ranking.because,
    }


def _sweep(
    session: Session, project: Project, jobs: Sequence[JobRow]
) -> dict[str, int | None] | None:
    """Say how far the pool is swept, in rows; None when no sweep is under way."""
    live = sweeps.running(session, project.id)
    if live is not None:
        done = sweeps.progress(session, live)
        return {"version": live.version, **asdict(done)}
    for job in jobs:
        if job.kind == Rank.kind and job.state == "running" and job.stage == "ranking":
            learner = versions.learner(session, project.id)
            rows = projects.tally(session, project.id).samples
            alone = sweeps.Progress(rows, int(rows * job.progress), 1, 0)
            return {"version": learner.number if learner else None, **asdict(alone)}
    return None


def _age(moment: datetime, now: datetime) -> float:
    return round(max(0.0, (now - moment).total_seconds()), 1)
