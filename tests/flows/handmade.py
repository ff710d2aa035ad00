"""Projects with a pool, made straight in the database, for tests that need no import."""

from __future__ import annotations

from datetime import UTC, datetime

from activeloop.flows import accounts, projects
from activeloop.spec import ProjectSpec, parse_spec
from activeloop.store.projects import count
from activeloop.store.tables import Project, Sample
from activeloop.wiring import Services

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def spec(**changes: object) -> ProjectSpec:
    """Give a small spec."""
    return parse_spec({"name": "pets", "kind": "text", "classes": ["cat", "dog"], **changes})


def people(services: Services, how_many: int) -> list[int]:
    """Add annotators without a password and give their ids."""
    with services.write() as session:
        return [
            accounts.add_user(session, f"annotator {n}", "annotator", None).id
            for n in range(how_many)
        ]


def pool(services: Services, how_many: int, *, audit: int = 0, **changes: object) -> Project:
    """Make a project whose first `audit` samples are in the audit stratum."""
    wanted = spec(**changes)
    with services.write() as session:
        project = projects.create(session, wanted)
        session.add_all(
            Sample(
                project_id=project.id,
                seq=seq,
                digest=f"{seq:064d}",
                payload={"text": f"sample {seq}"},
                stratum="audit" if seq < audit else "train",
                draw=(seq * 7919) % 104_729,
                slots=wanted.answers_per_sample,
                created_at=NOW,
            )
            for seq in range(how_many)
        )
        count(session, project.id, samples=how_many, audit_samples=audit)
    return project
