"""The report on a team's work: computed in the background, kept, and shown to reviewers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from activeloop.flows.projects import find, spec_of
from activeloop.jobs import Quality
from activeloop.learn.agreement import Rule
from activeloop.store import db, labels, ledger, projects, reports, teamwork
from activeloop.store.db import Session
from activeloop.store.tables import Project
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.flows.team_work import TeamWork

KIND = "quality"
FEWEST = 50
"""The clock asks for a report after so many new events, and a share of those there are."""
SHARE = 0.05
CLOSE = 0.001
"""A confidence that changed by less is left as it is."""
AT_ONCE = 200
"""Confidences written in one transaction, for which labelling waits."""


def ask_if_due(session: Session, project: Project) -> bool:
    """Ask for a report when enough has happened since the last one, by more than one person."""
    events = projects.tally(session, project.id).events
    new = events - reports.looked_through(session, project.id, KIND)
    if new < max(FEWEST, SHARE * events) or not teamwork.of_several(session, project.id):
        return False
    ledger.add(session, Quality(project.id), now=db.now(session))
    return True


def run(services: Services, job: Quality, work: Work) -> None:
    """Compute the report; whoever computes it later looks further, so twice is no harm."""
    work.tell("quality", 0.0)
    with services.read() as session:
        project = find(session, job.project_id)
        number = projects.tally(session, project.id).events
        team, gold = _read(session, project, number), teamwork.gold(session, project.id)
        names = teamwork.names(session, sorted(team.moments))
        disputes = teamwork.ends_of_disputes(session, project.id)
        now = db.now(session)
        kept = teamwork.confidences(session, project.id)
    work.tell("quality", 0.3)
    body = _body(team, gold, names, seed=number)
    body["disputes"] = {"now": team.disputed, **disputes}
    body["throughput"] = _throughput(team, now)
    work.tell("quality", 0.8)
    _confide(services, job.project_id, _changed(team, kept), number=number)
    with services.write() as session:
        if reports.looked_through(session, job.project_id, KIND) <= number:
            reports.keep(
                session, job.project_id, KIND, events=number, body=body, now=db.now(session)
            )
        work.done(session)


def failed(session: Session, job: Quality, message: str) -> None:
    """Leave the last report in place; the job's row keeps the message for the doctor."""


def newest(session: Session, project: Project) -> dict[str, Any]:
    """Give the newest report and how far behind it is; its body is None before the first one."""
    report = reports.newest(session, project.id, KIND)
    events = projects.tally(session, project.id).events
    return {
        "project": {"id": project.id, "name": project.name, "answer": spec_of(project).answer},
        "made_at": report.created_at.isoformat() if report else None,
        "events": report.events if report else 0,
        "behind": events - (report.events if report else 0),
        "report": report.body if report else None,
    }


def refresh(session: Session, project: Project) -> None:
    """Ask for a report now."""
    ledger.add(session, Quality(project.id), now=db.now(session))


def _read(session: Session, project: Project, number: int) -> TeamWork:
    from activeloop.flows.team_work import team_work

    spec = spec_of(project)
    rule = Rule.of(spec, labels.changes(session, project.id))
    return team_work(spec, rule, teamwork.acts(session, project.id, number))


def _body(
    team: TeamWork, gold: Mapping[int, str], names: Mapping[int, str], *, seed: int
) -> dict[str, Any]:
    import numpy as np

    from activeloop.flows import team_agreement, team_persons, team_suggestions, team_totals

    rng = np.random.default_rng(seed)
    return {
        "agreement": team_agreement.overall(team, rng),
        "persons": team_persons.persons(team, gold, names),
        "pairs": team_persons.pairs(team, names, rng),
        "suggestions": team_suggestions.swayed(team.answers),
        "cost": team_totals.cost(team),
    }


def _throughput(team: TeamWork, now: Any) -> dict[str, Any]:
    from activeloop.flows import team_totals

    return team_totals.throughput(team, now)


def _changed(team: TeamWork, kept: Mapping[int, float | None]) -> dict[int, float]:
    """Give how sure each label that training takes is, where that is not what is kept."""
    sure = _confidences(team)
    return {
        sample: sure[sample]
        for sample, before in kept.items()
        # a sample nobody answered has the label of its file, of which nothing is to be doubted
        if sample in sure and not _alike(sure[sample], before)
    }


def _confidences(team: TeamWork) -> dict[int, float]:
    from activeloop.learn.crowd import believing

    several = team.spec.answer == "several"
    found = believing.confidences(team.said, team.spec.classes, team.labels, several=several)
    return {sample: round(sure, 4) for sample, sure in found.items()}


def _alike(one: float, other: float | None) -> bool:
    return other is not None and abs(one - other) < CLOSE


def _confide(
    services: Services, project_id: int, changed: Mapping[int, float], *, number: int
) -> None:
    every = sorted(changed.items())
    for at in range(0, len(every), AT_ONCE):
        with services.write() as session:
            teamwork.confide(session, project_id, dict(every[at : at + AT_ONCE]), number=number)
