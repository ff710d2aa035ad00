"""Who labels which project: nobody named, every annotator; else those who are, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activeloop.errors import Forbidden
from activeloop.flows import accounts
from activeloop.flows.accounts import Account
from activeloop.store import assignments, db, projects, trail
from activeloop.store.db import Session
from activeloop.store.tables import Project


def may_label(session: Session, project: Project, account: Account) -> bool:
    """Tell whether somebody may see and label a project; reviewers and up may see all."""
    return account.may("reviewer") or assignments.open_to(session, project.id, account.id)


def check(session: Session, project: Project, account: Account) -> None:
    """Make sure that somebody may see and label a project.

    Raises:
        Forbidden: when it is given to others.
    """
    if not may_label(session, project, account):
        raise Forbidden("This project is given to other annotators. Ask an engineer to assign you.")


def visible(session: Session, account: Account) -> list[Project]:
    """List the projects that somebody may see, oldest first."""
    if account.may("reviewer"):
        return projects.all_(session)
    return assignments.projects_of(session, account.id)


def assign(
    session: Session, project: Project, names: Sequence[str], *, user_id: int | None
) -> dict[str, Any]:
    """Let these people label a project and no other annotator; with no name, every annotator.

    Raises:
        NotFound: when a name is nobody's.
    """
    chosen = {accounts.named(session, name).id for name in names}
    projects.lock(session, project.id)
    assignments.replace(session, project.id, chosen)
    trail.note(
        session,
        "project.assigned",
        now=db.now(session),
        project_id=project.id,
        user_id=user_id,
        names=sorted(names),
    )
    return listed(session, project)


def listed(session: Session, project: Project) -> dict[str, Any]:
    """Tell whom a project names, and who else could be."""
    chosen = [user.name for user in assignments.listed(session, project.id)]
    return {
        "open": not chosen,
        "users": chosen,
        "others": [
            each["name"]
            for each in accounts.users(session)
            if each["disabled_at"] is None and each["name"] not in chosen
        ],
    }
