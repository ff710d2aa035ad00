"""Look for labels that are likely wrong, in the background, and send them to review."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from activeloop import answers
from activeloop.errors import Invalid, NotReady
from activeloop.flows import featurising, suspecting, teaching
from activeloop.flows.projects import find, spec_of
from activeloop.flows.snapshots import snapshot
from activeloop.jobs import FindLabelErrors
from activeloop.store import (
    backlog,
    browsing,
    db,
    histories,
    labels,
    ledger,
    projects,
    reports,
    reviews,
    trail,
    ways,
)
from activeloop.store.db import Session
from activeloop.store.tables import Project
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work

KIND = "label-errors"
KEPT = 1000
"""Suspects that are kept: the likeliest."""
FEWEST = 10
"""Labels below which nothing can be said."""


def ask(session: Session, project: Project, *, user_id: int | None) -> None:
    """Ask for a search among the training labels there are.

    Raises:
        CannotLearn: when they do not tell any classes apart.
    """
    seen = labels.classes_seen(session, project.id)
    teaching.check_differ(spec_of(project).answer, seen, where=" outside the audit samples")
    now = db.now(session)
    ledger.add(session, FindLabelErrors(project.id), now=now)
    trail.note(session, "label-errors.asked", now=now, project_id=project.id, user_id=user_id)


def run(services: Services, job: FindLabelErrors, work: Work) -> None:
    """Predict each label by models that have not seen it; done twice it gives the same."""
    began = time.monotonic()
    featurizer = featurising.ensure(services, job.project_id, work.tell)
    with services.read() as session:
        project = find(session, job.project_id)
        spec = spec_of(project)
        number = projects.tally(session, project.id).events
        train, _ = snapshot(session, project.id, spec, number)
    teaching.check_differ(spec.answer, train.names)
    if len(train.seqs) < FEWEST:
        raise NotReady(f"There are {len(train.seqs)} training labels; {FEWEST} are needed.")
    X = featurising.rows(services, featurizer.id, train.seqs)
    found = suspecting.suspects(spec, train, X, lambda done: work.tell("predicting", done))
    with services.write() as session:
        body = {
            "labels": len(train.seqs),
            "suspected": len(found),
            "recipe": spec.model.recipe,
            "seconds": round(time.monotonic() - began, 1),
            "suspects": _with_ids(session, project, found[:KEPT]),
        }
        now = db.now(session)
        reports.keep(session, project.id, KIND, events=number, body=body, now=now)
        work.done(session)


def failed(session: Session, job: FindLabelErrors, message: str) -> None:
    """Leave the last report in place; the job's row keeps the message for the doctor."""


def newest(session: Session, project: Project, *, count: int = KEPT) -> dict[str, Any]:
    """Give the newest report, each suspect with where its sample stands now.

    `report` is None before the first one; `job` tells of the one under way, `error` why the last
    one failed.
    """
    report = reports.newest(session, project.id, KIND)
    told = {
        "made_at": report.created_at.isoformat() if report else None,
        "behind": projects.tally(session, project.id).events - (report.events if report else 0),
        **_under_way(session, project),
        "report": None,
        "suspects": [],
    }
    if report is None:
        return told
    told["report"] = {key: value for key, value in report.body.items() if key != "suspects"}
    told["suspects"] = _now(session, project, report.body["suspects"][:count])
    return told


def send(
    session: Session,
    project: Project,
    *,
    user_id: int,
    sample_ids: Sequence[int] | None = None,
    top: int | None = None,
) -> int:
    """Send suspects to review: those named, or the likeliest whose label still stands.

    Raises:
        Invalid: when one named is not suspected, or neither is given.
    """
    found = newest(session, project)["suspects"]
    known = {each["sample_id"]: each for each in found}
    if sample_ids is None and top is not None:
        open_ones = [each for each in found if each["stands"] and not each["in_review"]]
        sample_ids = [each["sample_id"] for each in open_ones[:top]]
    if sample_ids is None:
        raise Invalid.field("sample_ids", "is missing.", "Name samples, or how many of the top.")
    strange = [each for each in sample_ids if each not in known]
    if strange:
        raise Invalid.field("sample_ids", f"sample {strange[0]} is not suspected.")
    details = {
        each: {key: known[each][key] for key in ("given", "suggested", "confidence", "margin")}
        for each in sample_ids
    }
    now = db.now(session)
    reviews.open_many(session, project.id, details, reviews.SUSPECTED, now=now, user_id=user_id)
    trail.note(
        session,
        "label-errors.sent",
        now=now,
        project_id=project.id,
        user_id=user_id,
        samples=sorted(details),
    )
    return len(details)


def _under_way(session: Session, project: Project) -> dict[str, Any]:
    live = [job for job in backlog.live(session, project.id) if job.kind == KIND]
    ended = [job for job in backlog.given_up(session, project.id) if job.kind == KIND]
    return {
        "job": {"state": live[0].state, "stage": live[0].stage, "progress": live[0].progress}
        if live
        else None,
        "error": ended[0].error if ended and not live else "",
    }


def _with_ids(
    session: Session, project: Project, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Name the samples, and the labels that stand, which are not always those of training."""
    rows = _rows(session, project, found)
    return [
        each | {"sample_id": rows[each["seq"]].id, "stood": rows[each["seq"]].label}
        for each in found
        if each["seq"] in rows
    ]


def _rows(
    session: Session, project: Project, found: Sequence[dict[str, Any]]
) -> dict[int, browsing.Row]:
    seqs = [each["seq"] for each in found]
    return {row.seq: row for row in browsing.rows(session, project.id, ways.Filter(), seqs)}


def _now(session: Session, project: Project, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay beside each suspect its sample, and whether the label stands that was suspected."""
    spec = spec_of(project)
    rows = _rows(session, project, kept)
    marks = histories.standings(session, [row.id for row in rows.values()])
    return [
        each
        | {
            "given": list(answers.read(spec.answer, each["given"])),
            "stands": rows[each["seq"]].label == each["stood"],
            "in_review": marks[rows[each["seq"]].id].reviews > 0,
            "payload": rows[each["seq"]].payload,
            "external_id": rows[each["seq"]].external_id,
        }
        for each in kept
        if each["seq"] in rows  # not removed since
    ]
