"""Who labels which project; one that names nobody is open to every annotator."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy
from sqlalchemy import bindparam, delete
from sqlmodel import Session, col, select

from activeloop.store.tables import Assignment, Project, User

# made once: it is asked with each label that an annotator gives
_OPEN_TO = sqlalchemy.select(
    ~sqlalchemy.exists().where(col(Assignment.project_id) == bindparam("project"))
    | sqlalchemy.exists().where(
        col(Assignment.project_id) == bindparam("project"),
        col(Assignment.user_id) == bindparam("person"),
    )
)


def open_to(session: Session, project_id: int, user_id: int) -> bool:
    """Tell whether an annotator may label a project. Index: assignment's primary key."""
    found = session.connection().execute(_OPEN_TO, {"project": project_id, "person": user_id})
    return bool(found.scalar_one())


def projects_of(session: Session, user_id: int) -> list[Project]:
    """List the projects that an annotator may label, oldest first."""
    assigned = sqlalchemy.select(col(Assignment.project_id))
    mine = assigned.where(col(Assignment.user_id) == user_id)
    return list(
        session.exec(
            select(Project)
            .where(col(Project.id).not_in(assigned) | col(Project.id).in_(mine))
            .order_by(col(Project.id))
        )
    )


def listed(session: Session, project_id: int) -> list[User]:
    """List the people a project names, by name."""
    return list(
        session.exec(
            select(User)
            .join(Assignment, col(Assignment.user_id) == col(User.id))
            .where(Assignment.project_id == project_id)
            .order_by(col(User.name))
        )
    )


def replace(session: Session, project_id: int, user_ids: Iterable[int]) -> None:
    """Let these people label a project and, if there are any, no other annotator."""
    session.execute(delete(Assignment).where(col(Assignment.project_id) == project_id))
    session.add_all(Assignment(project_id=project_id, user_id=each) for each in set(user_ids))
    session.flush()
