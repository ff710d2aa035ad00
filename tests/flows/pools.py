"""Projects on real databases for the tests of importing, featurising and exporting."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from activeloop.flows import carrying, importing, projects
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import ledger, schema
from activeloop.store import projects as tallies
from activeloop.store.tables import Consensus, Import, Label, Project, Sample, Tally
from activeloop.wiring import Services, build

CLASSES = ["good", "bad"]


def opened(data: Path, *, database_url: str = "") -> Services:
    """Build services over a new database."""
    services = build(read_settings(data=data, database_url=database_url))
    schema.upgrade(services.database)
    return services


def project(services: Services, *, name: str = "p", audit_key: str = "", **spec: Any) -> Project:
    """Make a project; of texts, if nothing else is said.

    With an `audit_key` the same samples are of the audit stratum each time.
    """
    values = {"name": name, "kind": "text", "classes": CLASSES} | spec
    with services.write() as session:
        return projects.create(session, parse_spec(values), audit_key=audit_key)


def jsonl(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write rows as JSON Lines."""
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def uploaded(services: Services, content: bytes) -> Path:
    """Put a file where uploads arrive."""
    services.uploads.mkdir(parents=True, exist_ok=True)
    path = services.uploads / secrets.token_hex(8)
    path.write_bytes(content)
    return path


def begun(
    services: Services,
    pool: Project,
    content: bytes,
    *,
    name: str = "rows.jsonl",
    mapping: Mapping[str, str] | None = None,
) -> tuple[Import, int]:
    """Ask for an import; give its row and its job."""
    with services.write() as session:
        row = importing.begin(
            services,
            session,
            pool,
            name=name,
            media_type="",
            stream_path=uploaded(services, content),
            mapping=mapping or {},
            user_id=None,
        )
        return row, session.info[ledger.NEW_JOBS][-1]


def imported(
    services: Services,
    pool: Project,
    content: bytes,
    *,
    name: str = "rows.jsonl",
    mapping: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Import a file from beginning to end; give its report."""
    row, job_id = begun(services, pool, content, name=name, mapping=mapping)
    carrying.carry_out(services, job_id, "test")
    return reported(services, pool, row.id)


def reported(services: Services, pool: Project, import_id: int) -> dict[str, Any]:
    """Give an import's report."""
    with services.read() as session:
        return importing.report(session, pool, import_id)


def pool_of(services: Services, pool: Project) -> list[tuple[Any, ...]]:
    """Everything that importing decides, in the order of the pool."""
    with services.read() as session:
        found = session.execute(
            select(
                Sample.seq,
                Sample.digest,
                Sample.payload,
                Sample.meta,
                Sample.external_id,
                Sample.stratum,
                Sample.draw,
                Sample.slots,
                Consensus.label,
            )  # type: ignore[call-overload]
            .outerjoin(Consensus, col(Consensus.sample_id) == col(Sample.id))
            .where(Sample.project_id == pool.id)
            .order_by(col(Sample.seq))
        )
        return [tuple(row) for row in found]


def counted(services: Services, pool: Project) -> Tally:
    """Give the running counts."""
    with services.read() as session:
        return tallies.tally(session, pool.id)


def check_counts(services: Services, pool: Project) -> None:
    """The running counts say what the tables hold, and numbers have no hole."""
    found, tally = pool_of(services, pool), counted(services, pool)
    assert [row[0] for row in found] == list(range(tally.samples))
    assert tally.audit_samples == sum(row[5] == "audit" for row in found)
    done = [row[5] for row in found if row[8] is not None]
    assert (tally.labelled_train, tally.labelled_audit) == (
        done.count("train"),
        done.count("audit"),
    )
    with services.read() as session:
        numbers = session.exec(
            select(Label.number).where(Label.project_id == pool.id).order_by(col(Label.number))
        ).all()
    assert list(numbers) == list(range(1, tally.events + 1))


class Idle:
    """Work that nobody watches."""

    def tell(self, stage: str, progress: float) -> None:
        """Hear nothing."""

    def done(self, session: Session) -> None:
        """Note nothing."""
