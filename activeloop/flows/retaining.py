"""Let model files go that retention does not keep; the versions' records always stay."""

from __future__ import annotations

from activeloop.flows.projects import find, spec_of
from activeloop.store import db, runs, trail, versions
from activeloop.store.db import Session
from activeloop.store.tables import Version
from activeloop.wiring import Services

AT_ONCE = 100
"""Files let go in one step; the next step goes on."""


def let_go(services: Services, project_id: int) -> int:
    """Drop what goes beyond the project's retention, and tell how many files that was.

    The row says so first, the file goes after the commit: a crash leaves a stray file, never a
    version without its file that does not say so. Nothing goes while a run is queued or running.
    """
    with services.read() as session:
        if not _old(session, project_id):
            return 0
    with services.write() as session:
        artifacts = _marked(session, project_id)
    for artifact in artifacts:
        services.artifacts.drop(artifact)
    return len(artifacts)


def _old(session: Session, project_id: int) -> list[Version]:
    policy = spec_of(find(session, project_id)).retention
    found = versions.beyond(session, project_id, policy.newest)
    return found if len(found) > policy.best else []


def _marked(session: Session, project_id: int) -> list[str]:
    from activeloop.learn.retention import Old, may_go

    old = _old(session, project_id)
    if not old or runs.live(session, project_id) is not None:
        return []
    project = find(session, project_id)
    learner = versions.learner(session, project_id)
    used = {project.champion_id, learner.id if learner else None}
    rated = [Old(each.number, _figure(each), each.id in used) for each in old]
    going = may_go(rated, spec_of(project).retention.best)
    chosen = [each for each in old if each.number in going][:AT_ONCE]
    now = db.now(session)
    for version in chosen:
        version.dropped_at = now
        session.add(version)
        trail.note(
            session, "version.dropped", now=now, project_id=project_id, version=version.number
        )
    session.flush()
    names = {version.artifact for version in chosen}
    return sorted(names - versions.named(session, names))


def _figure(version: Version) -> float:
    found = version.metrics.get("accuracy") or version.metrics.get("micro_f1") or {}
    value = found.get("value")
    return -1.0 if value is None or value != value else float(value)  # noqa: PLR0124 - not a number
