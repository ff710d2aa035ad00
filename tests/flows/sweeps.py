"""Projects whose pools are swept in many small ranges, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from activeloop.flows import carrying, simulating
from activeloop.jobs import Rank
from activeloop.store import db, ledger, rankings
from activeloop.store.tables import Candidate, JobRow, Project, Ranking, Sample
from activeloop.wiring import Services

Row = tuple[int, float, float]


def shared(services: Services, rows: int) -> Services:
    """Give services that sweep in ranges of at least so many samples."""
    return replace(services, settings=services.settings.model_copy(update={"sweep_rows": rows}))


def served(services: Services, project: Project) -> Ranking:
    """Read the ranking that is served."""
    with services.read() as session:
        found = rankings.current(session, project)
    assert found is not None
    return found


def order(services: Services, project: Project) -> list[Row]:
    """Give (seq, score, probability) of the served candidates, best first."""
    with services.read() as session:
        ranking = rankings.current(session, project)
        assert ranking is not None
        rows = session.execute(
            select(Sample.seq, Candidate.score, Candidate.probability)
            .join(Candidate, col(Candidate.sample_id) == col(Sample.id))
            .where(Candidate.ranking_id == ranking.id)
            .order_by(col(Candidate.position))
        ).all()
    return [(int(row[0]), float(row[1]), float(row[2])) for row in rows]


def forget_question(services: Services, project: Project) -> None:
    """Make the next ranking job believe that something else was asked before."""
    with services.write() as session:
        ranking = rankings.current(session, project)
        assert ranking is not None
        ranking.question = "another"
        session.add(ranking)


def asked(services: Services, project: Project) -> int:
    """Ask for a ranking and give the job."""
    with services.write() as session:
        return ledger.add(session, Rank(project.id), now=db.now(session))


def swept(services: Services, project: Project) -> list[Row]:
    """Sweep the whole pool anew, and give the new order."""
    forget_question(services, project)
    asked(services, project)
    simulating.drain(services, project.id)
    return order(services, project)


def begun(services: Services, project: Project) -> list[int]:
    """Begin a sweep, and give the jobs of its ranges."""
    forget_question(services, project)
    carrying.carry_out(services, asked(services, project), "test")
    return waiting(services, "score-range")


def waiting(services: Services, kind: str) -> list[int]:
    """List the jobs of a kind that nobody has started."""
    with services.read() as session:
        found = session.exec(
            select(JobRow.id)
            .where(JobRow.kind == kind, JobRow.state == "queued")
            .order_by(JobRow.id)  # type: ignore[arg-type]
        )
        return list(found)


def abandon(services: Services, job_id: int) -> Any:
    """Claim a job as a process that then dies, and let its lease run out."""
    with services.write() as session:
        past = db.now(session) - timedelta(hours=1)
        row = ledger.find(session, job_id)
        assert row is not None
        row.run_after = past
        session.add(row)
        session.flush()
        return ledger.claim(session, job_id, owner="dead/1", lease=timedelta(seconds=1), now=past)
