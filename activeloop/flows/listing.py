"""Samples of a pool as the API and the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activeloop import answers
from activeloop.flows.browsing import Page
from activeloop.flows.projects import spec_of
from activeloop.spec import ProjectSpec
from activeloop.store import accounts, histories, imports
from activeloop.store.browsing import Row
from activeloop.store.db import Session
from activeloop.store.histories import Standing
from activeloop.store.tables import Project


def page(session: Session, project: Project, found: Page) -> dict[str, Any]:
    """Give a page, and how far was looked for it."""
    listed = rows(session, project, found.rows)
    for each in listed:
        each["score"] = found.scores.get(each["id"])
    return {
        "samples": listed,
        "next": found.next,
        "stopped": found.stopped,
        "looked": found.looked,
        "total": found.total,
        "unindexed": found.unindexed,
    }


def rows(session: Session, project: Project, found: Sequence[Row]) -> list[dict[str, Any]]:
    """Give samples with what is marked of them."""
    spec = spec_of(project)
    marks = histories.standings(session, [row.id for row in found])
    return [_row(spec, row, marks[row.id]) for row in found]


def _row(spec: ProjectSpec, row: Row, marks: Standing) -> dict[str, Any]:
    settled = row.complete and row.label is not None
    return {
        "id": row.id,
        "seq": row.seq,
        "external_id": row.external_id,
        "payload": row.payload,
        "metadata": row.meta,
        "stratum": row.stratum,
        "import": row.import_id,
        "labels": list(answers.read(spec.answer, row.label or "")) if settled else None,
        "answers": row.answers or 0,
        "agreement": row.agreement,
        "disputed": bool(row.disputed),
        "flags": marks.flags,
        "in_review": marks.reviews > 0,
        "gold": marks.gold is not None,
        "removed_at": row.removed_at.isoformat() if row.removed_at else None,
    }


def choices(session: Session, project: Project) -> dict[str, Any]:
    """Give what there is to choose from in the filters: people, and the newest imports."""
    return {
        "people": [each.name for each in accounts.all_(session)],
        "imports": [
            {"id": each["id"], "name": each["name"]} for each in imports.latest(session, project.id)
        ],
    }
