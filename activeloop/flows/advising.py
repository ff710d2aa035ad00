"""Advise when labelling can stop, and say when choosing does worse than chance."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from activeloop.flows import arming, evidence, featurising, gating, models, policies
from activeloop.flows.projects import find, spec_of
from activeloop.flows.versions import words
from activeloop.jobs import Advise
from activeloop.spec import ProjectSpec
from activeloop.store import (
    blocks,
    db,
    label_sets,
    ledger,
    projects,
    trail,
    version_reports,
    versions,
)
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.learn.types import Ints

KIND = "advice"
STOP_SET = 1000
"""Samples of the pool, drawn once at random, on which successive versions are compared."""
LOOKED_BACK = 4
"""Versions whose predictions for them are compared, one with the next."""


def newest(session: Session, project: Project, *, besides: int | None = None) -> dict[str, Any]:
    """Give the newest advice, or that before the one on a version; empty before the first."""
    ids = [each.id for each in versions.all_(session, project.id, 20) if each.id != besides]
    found = version_reports.of_versions(session, ids, KIND)
    latest = next((found[each] for each in ids if each in found), None)
    return dict(latest.body) | {"made_at": latest.created_at.isoformat()} if latest else {}


def ask(session: Session, project_id: int) -> None:
    """Ask for advice on the newest version."""
    ledger.add(session, Advise(project_id), now=db.now(session))


def run(services: Services, job: Advise, work: Work) -> None:
    """Compute both reports on the newest version; twice is no harm."""
    work.tell("advising", 0.0)
    with services.read() as session:
        project = find(session, job.project_id)
        spec = spec_of(project)
        version = versions.newest(session, project.id)
    if version is None:
        return
    arms = arming.compare(services, project, spec, version)
    work.tell("advising", 0.5)
    advice = _advice(services, project, spec)
    with services.write() as session:
        project = find(session, job.project_id)
        events = projects.tally(session, project.id).events
        before = newest(session, project, besides=version.id).get("verdict")
        earlier = arming.newest(session, project, besides=version.id)
        behind = earlier.get("verdict") == "behind"
        # one comparison alone may be chance: only two in a row are told, and acted on
        arms["again"] = arms["verdict"] == "behind" and behind
        now = db.now(session)
        for kind, body in ((arming.KIND, arms), (KIND, advice)):
            version_reports.keep(session, version.id, kind, events=events, body=body, now=now)
        if advice["verdict"] == "stop" != before:
            trail.note(
                session, "advice.stop", now=now, project_id=project.id, version=version.number,
                because=advice["says"],
            )  # fmt: skip
        if arms["again"]:
            _turn_to_random(session, project, spec, arms["says"])
        work.done(session)


def failed(session: Session, job: Advise, message: str) -> None:
    """Leave the last reports in place; the job's row keeps the message for the doctor."""


def findings(session: Session, project: Project) -> list[str]:
    """Say what the doctor says: that labelling can stop, or that choosing does not pay."""
    said = []
    if newest(session, project).get("verdict") == "stop":
        said.append("Labelling can stop, by all that is asked of it; see the page Progress.")
    arms = arming.newest(session, project)
    if arms.get("verdict") == "behind" and arms.get("again"):
        said.append(f"Active learning is behind random choice. {arms['says']}")
    return said


def _turn_to_random(session: Session, project: Project, spec: ProjectSpec, because: str) -> None:
    """Ask at random from now on, where the project wants that."""
    if not spec.stopping.to_random or spec.strategy.name == "random":
        return
    wanted = {"strategy": {"name": "random", "params": {}}}
    policies.change(session, project, wanted, user_id=None)
    now = db.now(session)
    trail.note(session, "strategy.to-random", now=now, project_id=project.id, because=because)


def _advice(services: Services, project: Project, spec: ProjectSpec) -> dict[str, Any]:
    with services.read() as session:
        found = versions.all_(session, project.id, 200)
        answered = projects.tally(session, project.id).answers
    kappas = _kappas(services, project, spec, found[:LOOKED_BACK])
    return evidence.advice(spec, found, kappas, answers=answered)


def _kappas(
    services: Services, project: Project, spec: ProjectSpec, found: Sequence[Version]
) -> list[float]:
    """Give the agreement of successive versions on the stop set, the newest pair first."""
    from activeloop.learn.stopping import kappa

    there = [version for version in found if version.dropped_at is None]
    said = [_said(services, project, spec, version) for version in there]
    return [
        kappa(older, newer)
        for newer, older in pairwise(said)
        if newer is not None and older is not None
    ]


def _said(services: Services, project: Project, spec: ProjectSpec, version: Version) -> Ints | None:
    """Give what a version says of the stop set; None when it knows other classes."""
    import numpy as np

    from activeloop.learn.evaluate_marks import named

    with services.read() as session:
        covered = blocks.covered(session, version.featurizer_id)
        change = label_sets.newest(session, project.id)
        known = words(session, version, change.number if change else 0)
    if set(known) != set(spec.classes) or not covered:
        return None
    chance = np.random.default_rng([spec.seed, project.id])
    # by a key of its own each, so that a pool that grows keeps most of its stop set
    seqs = np.sort(np.argsort(chance.random(covered), kind="stable")[:STOP_SET])
    X = featurising.rows(services, version.featurizer_id, seqs.tolist())
    model = models.read(services, version.artifact)
    proba = gating.arranged(spec, known, gating.probabilities(model, X))
    if spec.answer == "one":
        return np.asarray(proba.argmax(axis=1))
    # the same labels give the same number, whichever version names them
    return np.array([zlib.crc32(bytes(row)) for row in np.packbits(named(proba), axis=1)])
