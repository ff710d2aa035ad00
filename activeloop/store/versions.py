"""Versions: trained models and which of them is the champion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from activeloop.store.tables import Project, Version


def next_number(session: Session, project_id: int) -> int:
    """Give the number of the project's next version."""
    highest = session.exec(
        select(func.max(Version.number)).where(Version.project_id == project_id)
    ).one()
    return (highest or 0) + 1


def add(session: Session, version: Version) -> Version:
    """Keep a new version. Unique per run: a run done twice still gives one version."""
    session.add(version)
    session.flush()
    return version


def by_number(session: Session, project_id: int, number: int) -> Version | None:
    """Look a version up by its number."""
    return session.exec(
        select(Version).where(Version.project_id == project_id, Version.number == number)
    ).one_or_none()


def of_run(session: Session, run_id: int) -> Version | None:
    """Find what a run produced."""
    return session.exec(select(Version).where(Version.run_id == run_id)).one_or_none()


def champion(session: Session, project: Project) -> Version | None:
    """Read the version that answers predictions."""
    return session.get(Version, project.champion_id) if project.champion_id else None


def learner(session: Session, project_id: int) -> Version | None:
    """Read the newest version that the gate has not rejected: it ranks the queue."""
    return session.exec(
        select(Version)
        .where(Version.project_id == project_id, Version.status != "rejected")
        .order_by(col(Version.number).desc())
        .limit(1)
    ).one_or_none()


def newest(session: Session, project_id: int) -> Version | None:
    """Read the version with the highest number, whatever the gate said of it."""
    return session.exec(
        select(Version)
        .where(Version.project_id == project_id)
        .order_by(col(Version.number).desc())
        .limit(1)
    ).one_or_none()


def before(session: Session, project_id: int, number: int) -> Version | None:
    """Read the version that came before a number, whatever the gate said of it."""
    return session.exec(
        select(Version)
        .where(Version.project_id == project_id, Version.number < number)
        .order_by(col(Version.number).desc())
        .limit(1)
    ).one_or_none()


def all_(session: Session, project_id: int, limit: int = 1000) -> list[Version]:
    """List the versions, newest first."""
    return list(
        session.exec(
            select(Version)
            .where(Version.project_id == project_id)
            .order_by(col(Version.number).desc())
            .limit(limit)
        )
    )


def to_compare(session: Session, project: Project, limit: int) -> list[Version]:
    """List the newest versions, and the champion however old it is."""
    newest_first = all_(session, project.id, limit)
    best = champion(session, project)
    if best is not None and all(version.id != best.id for version in newest_first):
        newest_first.append(best)
    return newest_first


def measured(session: Session, version_id: int, metrics: Mapping[str, Any]) -> None:
    """Keep what a version measures on the audit labels there are now."""
    session.execute(
        update(Version)
        .where(col(Version.id) == version_id)
        .values(latest=dict(metrics))
        .execution_options(synchronize_session=False)
    )


def last_look(session: Session, project_id: int) -> tuple[int, int] | None:
    """Give the gate's last look that spent error: its place, and the labels its budget began with.

    Unique: project, number.
    """
    evidence = session.exec(
        select(Version.evidence)
        .where(Version.project_id == project_id, col(Version.spent) > 0)
        .order_by(col(Version.number).desc())
        .limit(1)
    ).first()
    return (evidence["look"], evidence["budget_began_at"]) if evidence else None


def former_champion(session: Session, project: Project) -> Version | None:
    """Give the champion before this one: the last to be crowned of all others."""
    return session.exec(
        select(Version)
        .where(
            Version.project_id == project.id,
            col(Version.crowned_at).is_not(None),
            col(Version.id) != project.champion_id,
        )
        .order_by(col(Version.crowned_at).desc(), col(Version.number).desc())
        .limit(1)
    ).first()


def crown(
    session: Session, project_id: int, version: Version, *, now: datetime, by: int | None
) -> None:
    """Make a version the champion; the one before becomes a former champion.

    `by` is the person who decided so; None: the gate did.
    """
    session.execute(
        update(Version)
        .where(col(Version.project_id) == project_id, col(Version.status) == "champion")
        .values(status="former")
        .execution_options(synchronize_session=False)
    )
    version.status = "champion"
    version.crowned_at, version.crowned_by = now, by
    session.add(version)
    session.flush()
    session.execute(
        update(Project).where(col(Project.id) == project_id).values(champion_id=version.id)
    )


def beyond(session: Session, project_id: int, newest: int, limit: int = 500) -> list[Version]:
    """List the oldest versions before the `newest` that have files, were no champion, no pin.

    Unique: project, number.
    """
    first_kept = session.exec(
        select(Version.number)
        .where(Version.project_id == project_id)
        .order_by(col(Version.number).desc())
        .offset(newest - 1)
        .limit(1)
    ).first()
    if first_kept is None:
        return []
    return list(
        session.exec(
            select(Version)
            .where(
                Version.project_id == project_id,
                col(Version.number) < first_kept,
                col(Version.dropped_at).is_(None),
                col(Version.crowned_at).is_(None),
                col(Version.pinned).is_(False),
            )
            .order_by(col(Version.number))
            .limit(limit)
        )
    )


def named(session: Session, artifacts: set[str]) -> set[str]:
    """Give those files that a version of any project still counts on."""
    return set(
        session.exec(
            select(Version.artifact).where(
                col(Version.artifact).in_(artifacts), col(Version.dropped_at).is_(None)
            )
        )
    )
