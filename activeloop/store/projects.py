"""Projects and their running counts."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, update
from sqlmodel import Session, col, select

from activeloop.store.tables import Project, Tally

# made once: these are asked with every sample and every answer
_COUNTED = ("labelled_train", "labelled_audit", "answers", "skips", "samples", "audit_samples")
_TALLY: Table = Tally.__table__  # type: ignore[attr-defined]
_BY_NAME = select(Project).where(col(Project.name) == bindparam("name"))
_TALLY_OF = (
    select(Tally)
    .where(col(Tally.project_id) == bindparam("project"))
    .execution_options(populate_existing=True)
)
_COUNT = (
    update(_TALLY)
    .where(_TALLY.c.project_id == bindparam("project"))
    .values({name: _TALLY.c[name] + bindparam(name) for name in _COUNTED})
)
_NUMBER = (
    update(_TALLY)
    .where(_TALLY.c.project_id == bindparam("project"))
    .values(events=_TALLY.c.events + bindparam("new"))
    .returning(_TALLY.c.events)
)


def add(
    session: Session,
    *,
    name: str,
    kind: str,
    spec: dict[str, Any],
    now: datetime,
    audit_key: str = "",
) -> Project:
    """Add a project with its counts at zero.

    `audit_key` draws the audit stratum and the random order; a secret one is made when it is
    empty, so that nobody can tell beforehand which samples will be audited.
    """
    project = Project(
        name=name,
        kind=kind,
        spec=spec,
        audit_key=audit_key or secrets.token_hex(16),
        created_at=now,
    )
    session.add(project)
    session.flush()
    session.add(Tally(project_id=project.id))
    session.flush()
    return project


def by_id(session: Session, project_id: int) -> Project | None:
    """Look a project up by its number."""
    return session.get(Project, project_id)


def by_name(session: Session, name: str) -> Project | None:
    """Look a project up by its name."""
    return session.execute(_BY_NAME, {"name": name}).scalar_one_or_none()


def all_(session: Session) -> list[Project]:
    """List the projects, oldest first."""
    return list(session.exec(select(Project).order_by(col(Project.id))))


def tally(session: Session, project_id: int) -> Tally:
    """Read the running counts."""
    found: Tally = session.execute(_TALLY_OF, {"project": project_id}).scalar_one()
    return found


def count(session: Session, project_id: int, **steps: int) -> None:
    """Add to the running counts, in the caller's transaction."""
    if any(steps.values()):
        given = {name: steps.get(name, 0) for name in _COUNTED}
        session.connection().execute(_COUNT, {"project": project_id, **given})


def number_events(session: Session, project_id: int, how_many: int = 1) -> int:
    """Reserve the next event numbers and give the first.

    The project's row stays locked until the commit, so numbers have no gap and are committed
    in their order: "all events through N" is then a fixed set.
    """
    last = session.connection().execute(_NUMBER, {"project": project_id, "new": how_many})
    return int(last.scalar_one()) - how_many + 1


def point(session: Session, project_id: int, **pointers: int | None) -> None:
    """Move the project's pointers: featurizer_id, champion_id, ranking_id."""
    session.execute(update(Project).where(col(Project.id) == project_id).values(**pointers))


def lock(session: Session, project_id: int) -> None:
    """Make others who move this project's pointers wait until the commit.

    Labels go on: they only refer to the project's row. Were it locked against that as well, a label
    that holds its sample would wait for us, and we for the sample when we list it in a ranking.
    """
    session.execute(
        select(Project.id).where(col(Project.id) == project_id).with_for_update(key_share=True)
    )


def respecify(session: Session, project: Project, spec: dict[str, Any]) -> None:
    """Replace a project's spec."""
    project.spec = spec
    session.add(project)
    session.flush()
