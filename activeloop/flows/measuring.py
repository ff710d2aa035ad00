"""The evaluation of a version: every figure, by class, slice and group, and on what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop.errors import Invalid, NotFound
from activeloop.flows import featurising, gating, listing, models, querying
from activeloop.flows.projects import find, spec_of
from activeloop.flows.snapshots import Labelled, snapshot
from activeloop.flows.versions import Words, words
from activeloop.jobs import Evaluate
from activeloop.spec import ProjectSpec
from activeloop.store import browsing, db, draws, label_sets, ledger, projects, version_reports
from activeloop.store import versions as store
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version
from activeloop.store.ways import Filter
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.learn.types import Bools, Float32s

KIND = "evaluation"
MOST_SHOWN = 200
KEPT_BACK = ("cells", "windows")
"""Parts of the report that other questions are answered from."""


@dataclass(frozen=True)
class Before:
    """The version before, and what was asked between the two."""

    version: Version
    words: Words
    asked: querying.Asked


@dataclass(frozen=True)
class Known:
    """What an evaluation looks at, read in one short transaction."""

    spec: ProjectSpec
    version: Version
    words: Words
    audit: Labelled
    meta: Mapping[int, Mapping[str, Any]]
    asked: querying.Asked
    events: int
    before: Before | None
    windows: Sequence[querying.Window]


def ask(session: Session, version: Version) -> None:
    """Ask for the evaluation of a version, or for a newer one."""
    ledger.add(session, Evaluate(version.project_id, version.id), now=db.now(session))


def run(services: Services, job: Evaluate, work: Work) -> None:
    """Compute the report; whoever computes it later looks further, so twice is no harm."""
    work.tell("evaluating", 0.0)
    with services.read() as session:
        known = _read(session, job)
    body = _body(services, known) if known is not None else None
    with services.write() as session:
        if known is not None and body is not None:
            version_reports.keep(
                session,
                job.version_id,
                KIND,
                events=known.events,
                body=body,
                now=db.now(session),
            )
        work.done(session)


def failed(session: Session, job: Evaluate, message: str) -> None:
    """Leave the last report in place; the job's row keeps the message for the doctor."""


def shown(session: Session, project: Project, number: int) -> dict[str, Any]:
    """Give a version's report; its body is None before the first one.

    Raises:
        NotFound: when there is no such version.
    """
    version = _version(session, project, number)
    report = version_reports.newest(session, version.id, KIND)
    body = dict(report.body) if report else None
    if body is not None:
        body = {name: each for name, each in body.items() if name not in KEPT_BACK}
    return {
        "version": number,
        "made_at": report.created_at.isoformat() if report else None,
        "events": report.events if report else 0,
        "behind": projects.tally(session, project.id).events - (report.events if report else 0),
        "report": body,
    }


def refresh(session: Session, project: Project, number: int) -> None:
    """Ask for a new report now.

    Raises:
        NotFound: when there is no such version.
    """
    ask(session, _version(session, project, number))


def behind(
    session: Session, project: Project, number: int, *, true: str, predicted: str
) -> dict[str, Any]:
    """List the audit samples of a cell of the confusion matrix, as they were at the evaluation.

    Of several labels, a class that was missed is `true` with an empty `predicted`, one said too
    much is `predicted` with an empty `true`, and one rightly said is both.

    Raises:
        NotFound: when there is no such version, or it is not evaluated.
        Invalid: when it does not know the class.
    """
    version = _version(session, project, number)
    report = version_reports.newest(session, version.id, KIND)
    if report is None:
        raise NotFound(f"Version {number} of {project.name!r} is not evaluated yet.")
    classes = report.body["classes"]
    several = spec_of(project).answer == "several"
    for field, name in (("true", true), ("predicted", predicted)):
        if name not in classes and not (several and name == ""):
            raise Invalid.field(field, f"{name!r} is not a class of this evaluation.")
    cell = (_place(classes, true), _place(classes, predicted))
    seqs: list[int] = next((seqs for *at, seqs in report.body["cells"] if tuple(at) == cell), [])
    rows = browsing.rows(session, project.id, Filter(), sorted(seqs)[:MOST_SHOWN])
    return {
        "version": number,
        "true": true,
        "predicted": predicted,
        "total": len(seqs),
        "samples": listing.rows(session, project, rows),
    }


def _place(classes: list[str], name: str) -> int:
    return classes.index(name) if name else -1


def _version(session: Session, project: Project, number: int) -> Version:
    version = store.by_number(session, project.id, number)
    if version is None:
        raise NotFound(f"Project {project.name!r} has no version {number}.")
    return version


def _read(session: Session, job: Evaluate) -> Known | None:
    """Read what the evaluation looks at; None where there is nothing it could say."""
    project = find(session, job.project_id)
    spec = spec_of(project)
    version = session.get(Version, job.version_id)
    if version is None or version.dropped_at is not None:
        return None
    change = label_sets.newest(session, project.id)
    label_set = change.number if change else 0
    known = words(session, version, label_set)
    if set(known) != set(spec.classes):
        # it knows classes of other days, and no answer of today's can be told right or wrong
        return None
    events = projects.tally(session, project.id).events
    train, audit = snapshot(session, project.id, spec, events, label_set=label_set)
    before = store.before(session, project.id, version.number)
    wants = {*spec.slices, *spec.fairness}
    return Known(
        spec=spec,
        version=version,
        words=known,
        audit=audit,
        meta=draws.metadata(session, project.id, audit.seqs) if wants else {},
        asked=querying.read(session, project, version, train, events),
        events=events,
        before=_before(session, version, before, project=project, train=train, label_set=label_set),
        windows=querying.earlier(session, before),
    )


def _before(
    session: Session,
    version: Version,
    before: Version | None,
    *,
    project: Project,
    train: Labelled,
    label_set: int,
) -> Before | None:
    if before is None or before.dropped_at is not None:
        return None
    known = words(session, before, label_set)
    if set(known) != set(spec_of(project).classes):
        return None
    return Before(before, known, querying.read(session, project, before, train, version.snapshot))


def _body(services: Services, known: Known) -> dict[str, Any]:
    import numpy as np

    from activeloop.flows import reporting
    from activeloop.learn import targets

    spec, version = known.spec, known.version
    y = targets.encode(spec.answer, spec.classes, known.audit.names)
    # the same seed for the same labels: a report made twice says the same
    rng = np.random.default_rng([spec.seed, version.number, known.events])
    proba = _proba(services, spec, version, known.words, known.audit)
    body = reporting.evaluated(spec, known.audit.seqs, y, proba, known.meta, rng)
    windows = list(known.windows)
    if known.before is not None:
        before, asked = known.before.version, known.before.asked
        hits = _right(services, spec, before, known.before.words, asked.labelled)
        windows = [*windows, querying.window(before, asked, hits)][-querying.WINDOWS :]
    hits = _right(services, spec, version, known.words, known.asked.labelled)
    return body | querying.told(known.asked, hits, windows)


def _right(
    services: Services, spec: ProjectSpec, version: Version, known: Words, labelled: Labelled
) -> Bools:
    """Tell which of some labels a version tells right; of several all of a sample's must be."""
    from activeloop.flows import reporting
    from activeloop.learn import targets

    y = targets.encode(spec.answer, spec.classes, labelled.names)
    return reporting.right(y, _proba(services, spec, version, known, labelled))


def _proba(
    services: Services, spec: ProjectSpec, version: Version, known: Words, labelled: Labelled
) -> Float32s:
    X = featurising.rows(services, version.featurizer_id, labelled.seqs)
    model = models.read(services, version.artifact)
    return gating.arranged(spec, known, gating.probabilities(model, X))
