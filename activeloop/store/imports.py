"""Files on their way into the pool: how far each is, and which rows were not taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from activeloop.store.tables import Import, ImportProblem

LIVE = ("queued", "running")
KEPT_PROBLEMS = 1000
LISTED = 20
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with a row: where, what, and the remedy."""

    row: int
    where: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Step:
    """How a chunk moves an import on.

    Attributes:
        before: the last row dealt with before the chunk.
        rows: the last row dealt with after it; from there a new try goes on.
        position: work units done.
        added: samples that were new.
        duplicates: samples that the pool had already.
        rejected: rows that are no samples.
        labelled: labels taken.
    """

    before: int
    rows: int
    position: int
    added: int = 0
    duplicates: int = 0
    rejected: int = 0
    labelled: int = 0


def add(session: Session, row: Import) -> Import:
    """Keep a new import."""
    session.add(row)
    session.flush()
    return row


def by_id(session: Session, project_id: int, import_id: int) -> Import | None:
    """Look an import up within its project."""
    return session.execute(
        select(Import).where(col(Import.project_id) == project_id, col(Import.id) == import_id)
    ).scalar_one_or_none()


def live(session: Session, project_id: int) -> list[Import]:
    """List the imports that are queued or running, oldest first."""
    found = session.execute(
        select(Import)
        .where(col(Import.project_id) == project_id, col(Import.status).in_(LIVE))
        .order_by(col(Import.id))
    )
    return list(found.scalars())


def latest(session: Session, project_id: int, limit: int = LISTED) -> list[dict[str, Any]]:
    """List the newest imports as JSON-able values, newest first."""
    found = session.execute(
        select(Import)
        .where(col(Import.project_id) == project_id)
        .order_by(col(Import.id).desc())
        .limit(limit)
    )
    return [as_json(row) for row in found.scalars()]


def as_json(row: Import) -> dict[str, Any]:
    """Give what the API and the pages show of an import."""
    return {
        "id": row.id,
        "name": row.name,
        "format": row.format,
        "status": row.status,
        "progress": _progress(row),
        "position": row.position,
        "total": row.total,
        "rows": row.added + row.duplicates + row.rejected,
        "added": row.added,
        "duplicates": row.duplicates,
        "rejected": row.rejected,
        "labelled": row.labelled,
        "error": row.error,
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }


def _progress(row: Import) -> float:
    if row.status == "done":
        return 1.0
    return min(1.0, row.position / row.total) if row.total else 0.0


def start(session: Session, import_id: int, *, form: str, total: int) -> None:
    """Mark an import as running, with what is known of its file now."""
    session.execute(
        update(Import)
        .where(col(Import.id) == import_id, col(Import.status).in_(LIVE))
        .values(status="running", format=form, total=total)
    )


def advance(session: Session, import_id: int, step: Step) -> bool:
    """Count a chunk, unless another worker has dealt with it meanwhile.

    Returns:
        False when the import is not where `step` begins; the transaction must not be committed.
    """
    changed = session.execute(
        update(Import)
        .where(
            col(Import.id) == import_id,
            col(Import.rows) == step.before,
            col(Import.status) == "running",
        )
        .values(
            rows=step.rows,
            position=step.position,
            added=Import.added + step.added,
            duplicates=Import.duplicates + step.duplicates,
            rejected=Import.rejected + step.rejected,
            labelled=Import.labelled + step.labelled,
        )
        .execution_options(synchronize_session=False)
        .returning(col(Import.id))
    )
    return changed.first() is not None


def end(session: Session, import_id: int, *, status: str, now: datetime, error: str = "") -> None:
    """Mark an import as done or failed; one that has ended stays as it is."""
    session.execute(
        update(Import)
        .where(col(Import.id) == import_id, col(Import.status).in_(LIVE))
        .values(status=status, error=error, finished_at=now)
    )


def note(session: Session, import_id: int, flaws: Sequence[Flaw]) -> None:
    """Keep what is wrong with rows; beyond the first thousand it is only counted."""
    if not flaws:
        return
    kept = session.execute(
        select(func.count()).where(col(ImportProblem.import_id) == import_id)
    ).scalar_one()
    noted = [
        {
            "import_id": import_id,
            "row": flaw.row,
            "where": _storable(flaw.where),
            "problem": _storable(flaw.problem),
            "remedy": _storable(flaw.remedy),
        }
        for flaw in flaws[: max(0, KEPT_PROBLEMS - kept)]
    ]
    if noted:
        session.execute(insert(ImportProblem), noted)


def problems(session: Session, import_id: int) -> list[dict[str, Any]]:
    """List the rows that were not taken, in the order of the file. Index: import_id."""
    found = session.execute(
        select(ImportProblem)
        .where(col(ImportProblem.import_id) == import_id)
        .order_by(col(ImportProblem.row), col(ImportProblem.id))
    )
    return [
        {"row": each.row, "where": each.where, "problem": each.problem, "remedy": each.remedy}
        for each in found.scalars()
    ]


def waiting_files(session: Session) -> set[str]:
    """List the upload files that an import still needs."""
    found = session.execute(select(col(Import.path)).where(col(Import.status).in_(LIVE)))
    return set(found.scalars())


def _storable(text: str) -> str:
    # what is wrong with a file may be quoted from it
    return text[:LONGEST].replace("\x00", "\ufffd").encode(errors="replace").decode()
