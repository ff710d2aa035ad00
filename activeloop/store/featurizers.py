"""Fitted feature recipes, one row a fingerprint."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from activeloop.errors import NotFound
from activeloop.store.tables import Featurizer, Project


def by_id(session: Session, featurizer_id: int) -> Featurizer | None:
    """Look a featurizer up."""
    return session.get(Featurizer, featurizer_id)


def kept(session: Session, featurizer_id: int) -> Featurizer:
    """Look up a featurizer that a version or project points to.

    Raises:
        NotFound: when it is gone.
    """
    found = by_id(session, featurizer_id)
    if found is None:
        raise NotFound(f"Featurizer {featurizer_id} does not exist any more.")
    return found


def current(session: Session, project: Project) -> Featurizer | None:
    """Read the featurizer that the project uses now."""
    return by_id(session, project.featurizer_id) if project.featurizer_id else None


def keep(session: Session, row: Featurizer) -> Featurizer:
    """Keep a featurizer; when one of its fingerprint is there already, give that one.

    Two workers may fit the same recipe at once: the unique fingerprint lets the first through.
    """
    on_postgres = session.connection().dialect.name == "postgresql"
    write = postgresql.insert if on_postgres else sqlite.insert
    session.execute(
        write(Featurizer)
        .values(
            project_id=row.project_id,
            fingerprint=row.fingerprint,
            artifact=row.artifact,
            width=row.width,
            sparse=row.sparse,
            fitted_rows=row.fitted_rows,
            created_at=row.created_at,
        )
        .on_conflict_do_nothing(index_elements=["project_id", "fingerprint"])
    )
    kept: Featurizer = session.execute(
        select(Featurizer).where(
            col(Featurizer.project_id) == row.project_id,
            col(Featurizer.fingerprint) == row.fingerprint,
        )
    ).scalar_one()
    return kept
