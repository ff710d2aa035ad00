"""Keep what a run has made: the version, its verdict, and the order of the queue by it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop import __version__
from activeloop.flows import gating, refreshing
from activeloop.flows.snapshots import Labelled
from activeloop.flows.versions import Words
from activeloop.jobs import Advise, Evaluate, Quality, Rank
from activeloop.spec import ProjectSpec
from activeloop.store import db, ledger, projects, runs, trail, versions
from activeloop.store.db import Session
from activeloop.store.tables import Run, Version

if TYPE_CHECKING:
    from activeloop.learn.train import Trained

SAID = {"promote": "version.promoted", "hold": "version.held", "reject": "version.rejected"}
LIBRARIES = ("numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Known:
    """What a run starts from, read in one short transaction."""

    spec: ProjectSpec
    run: Run
    train: Labelled
    audit: Labelled
    parent: Version | None
    champion: Version | None
    older: Sequence[Version]
    number: int
    label_set: int
    words: Mapping[int, Words]
    samples: int
    before: gating.Before


@dataclass(frozen=True)
class Learned:
    """What a run has made, before it is kept."""

    trained: Trained
    verdict: gating.Verdict
    featurizer_id: int
    artifact: str
    moved: Mapping[str, Any]
    again: Mapping[int, Mapping[str, Any]]
    head: refreshing.Fresh | None


def keep(session: Session, known: Known, learned: Learned) -> None:
    """Write the version, crown it if the gate says so, and let it rank: the top now, all soon."""
    trained, verdict, run = learned.trained, learned.verdict, known.run
    decision = verdict.decision
    # a sweep that ends at this moment must see this version, or come before it
    projects.lock(session, run.project_id)
    now = db.now(session)
    version = versions.add(
        session,
        Version(
            project_id=run.project_id,
            number=known.number,
            run_id=run.id,
            parent_id=known.parent.id if known.parent else None,
            status={"reject": "rejected"}.get(decision.verdict, "held"),
            because=decision.because,
            mode=trained.mode,
            recipe=known.spec.model.recipe,
            spec=known.spec.dump(),
            classes=list(known.spec.classes),
            featurizer_id=learned.featurizer_id,
            artifact=learned.artifact,
            snapshot=known.run.snapshot,
            snapshot_digest=known.train.digest,
            train_labels=len(known.train.seqs),
            audit_labels=len(known.audit.seqs),
            metrics=dict(verdict.metrics),
            latest=dict(verdict.metrics),
            seed=known.spec.seed,
            libraries=libraries(),
            label_set=known.label_set,
            moved=dict(learned.moved),
            evidence=dict(decision.evidence),
            spent=decision.spent,
            created_at=now,
        ),
    )
    for version_id, metrics in learned.again.items():
        versions.measured(session, version_id, metrics)
    if decision.verdict == "promote":
        versions.crown(session, run.project_id, version, now=now, by=None)
    trail.note(
        session,
        SAID[decision.verdict],
        now=now,
        project_id=run.project_id,
        version=version.number,
        run=run.id,
        snapshot=version.snapshot,
        because=decision.because,
    )
    runs.change(
        session,
        run.id,
        status="done",
        stage="",
        progress=1.0,
        mode_used=trained.mode,
        mode_because=trained.because,
        verdict=decision.verdict,
        verdict_because=decision.because,
        train_labels=_settled(known),
        audit_labels=len(known.audit.seqs),
        finished_at=now,
    )
    if learned.head is not None:
        refreshing.flip(session, learned.head, version.id)
    if decision.verdict != "reject":
        ledger.add(session, Rank(run.project_id), now=now)
    ledger.add(session, Quality(run.project_id), now=now)
    ledger.add(session, Advise(run.project_id), now=now)
    _evaluate(session, known, version)


def _evaluate(session: Session, known: Known, version: Version) -> None:
    """Have the version evaluated after the run, and its champion again on the labels of now."""
    champion = known.champion.id if known.champion else version.id
    now = db.now(session)
    for version_id in sorted({version.id, champion}):
        ledger.add(session, Evaluate(version.project_id, version_id), now=now)


def _settled(known: Known) -> int:
    """Count what the cadence counts: the disputed samples Dawid and Skene label come on top."""
    by_majority = known.spec.consensus == "majority"
    return len(known.train.seqs) if by_majority else known.run.train_labels


def libraries() -> dict[str, str]:
    """Name the versions of what a model's numbers depend on, as installed here."""
    found = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"activeloop": __version__, **found}
