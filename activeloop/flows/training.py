"""Carry out a run: fit, evaluate on the audit stratum, let the gate decide, keep the version."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from activeloop import answers
from activeloop.errors import CannotLearn, Conflict, Crossed
from activeloop.flows import due, featurising, gating, moving, refreshing, teaching
from activeloop.flows.asking import Ask
from activeloop.flows.keeping import Known, Learned, keep
from activeloop.flows.projects import find, spec_of
from activeloop.flows.snapshots import snapshot
from activeloop.flows.versions import words
from activeloop.jobs import Train
from activeloop.spec import Mode, ProjectSpec
from activeloop.store import (
    blocks,
    db,
    draws,
    featurizers,
    label_sets,
    labels,
    runs,
    trail,
    versions,
)
from activeloop.store.db import Session
from activeloop.store.tables import Featurizer, Project, Run, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.learn.spending import Look
    from activeloop.learn.train import Trained
    from activeloop.learn.types import Bools, Model

COMMITTEE = 8
COMPARED = 20
"""How many of the newest versions, besides the champion, are measured anew with each run."""


def ask(
    session: Session, project: Project, *, mode: Mode, because: str, user_id: int | None
) -> Run:
    """Ask for a run now.

    Raises:
        Conflict: when one is queued or running.
        Invalid: when the project's recipe cannot be trained in this mode, with those it can.
        CannotLearn: when fewer than two classes have a label, or all answers are the same.
    """
    _check_mode(spec_of(project), mode)
    live = runs.live(session, project.id)
    if live is not None:
        raise Conflict(f"Run {live.id} is {live.status} already; wait until it ends.")
    seen = labels.classes_seen(session, project.id)
    teaching.check_differ(spec_of(project).answer, seen, where=" outside the audit samples")
    now = db.now(session)
    run = due.ask(session, project, mode=mode, because=because, now=now, user_id=user_id)
    trail.note(session, "run.asked", now=now, project_id=project.id, user_id=user_id, run=run.id)
    return run


def _check_mode(spec: ProjectSpec, mode: Mode) -> None:
    from activeloop.learn import recipes

    recipes.check_mode(recipes.get(spec.model.recipe, spec.model.params), mode)


def run(services: Services, job: Train, work: Work) -> None:
    """Carry out a run. Killed anywhere and carried out again, it gives one version."""
    work.tell("features", 0.0)
    featurizer = featurising.ensure(services, job.project_id, work.tell)
    with services.write() as session:
        runs.start(session, job.run_id, db.now(session))
    with services.read() as session:
        known = _read(session, job)
    _tell(services, job, work, "fitting", 0.2)
    trained = fit(services, known, featurizer)
    _tell(services, job, work, "evaluating", 0.8)
    verdict = gating.judge(
        services,
        known.spec,
        audit=known.audit,
        model=trained.model,
        featurizer_id=featurizer.id,
        champion=known.champion,
        snapshot=known.run.snapshot,
        before=known.before,
    )
    again = gating.measure_again(
        services,
        known.spec,
        known.audit,
        known.older,
        words=known.words,
        featurizer_id=featurizer.id,
        seed=known.run.snapshot,
    )
    parent = known.parent
    moved = moving.moved(
        services,
        parent if parent and known.words[parent.id] == known.spec.classes else None,
        trained.model,
        featurizer_id=featurizer.id,
        samples=known.samples,
        answer=known.spec.answer,
    )
    _tell(services, job, work, "keeping", 0.95)
    # saved before the row that names it: a crash here leaves a stray file, never a version without
    artifact = services.artifacts.put(_dump(trained.model))
    head = None
    if verdict.decision.verdict != "reject":
        head = _head(services, known, trained.model, featurizer.id)
    with services.write() as session:
        learned = Learned(trained, verdict, featurizer.id, artifact, moved, again, head)
        keep(session, known, learned)
        work.done(session)


def failed(session: Session, job: Train, message: str) -> None:
    """Mark the run as failed; the champion and the queue stay as they are."""
    now = db.now(session)
    runs.fail(session, job.run_id, message, now)
    trail.note(
        session, "run.failed", now=now, project_id=job.project_id, run=job.run_id, error=message
    )


def _tell(services: Services, job: Train, work: Work, stage: str, progress: float) -> None:
    work.tell(stage, progress)
    with services.write() as session:
        runs.tell(session, job.run_id, stage, progress)


def _read(session: Session, job: Train) -> Known:
    project = find(session, job.project_id)
    spec = spec_of(project)
    run = runs.by_id(session, project.id, job.run_id)
    if run is None:
        raise CannotLearn(f"Run {job.run_id} does not exist any more.")
    change = label_sets.newest(session, project.id)
    if change is not None and tuple(change.after) != spec.classes:
        raise Crossed("The classes were changed at this moment; the run begins again.")
    label_set = change.number if change else 0
    train, audit = snapshot(session, project.id, spec, run.snapshot, label_set=label_set)
    parent = versions.learner(session, project.id)
    champion = versions.champion(session, project)
    older = versions.to_compare(session, project, COMPARED)
    today = {
        version.id: words(session, version, label_set)
        for version in (*older, parent, champion)
        if version is not None
    }
    wants = {*spec.slices, *spec.fairness}
    return Known(
        spec=spec,
        run=run,
        train=train,
        audit=audit,
        parent=parent,
        champion=champion,
        older=older,
        number=versions.next_number(session, project.id),
        label_set=label_set,
        words=today,
        samples=blocks.covered(session, project.featurizer_id) if project.featurizer_id else 0,
        before=gating.Before(
            words=today[champion.id] if champion else (),
            meta=draws.metadata(session, project.id, audit.seqs) if wants else {},
            look=_last_look(session, project),
        ),
    )


def _last_look(session: Session, project: Project) -> Look | None:
    from activeloop.learn.spending import Look

    found = versions.last_look(session, project.id)
    return Look(*found) if found else None


def fit(services: Services, known: Known, featurizer: Featurizer) -> Trained:
    """Fit by the project's recipe, going on from the parent where that is right.

    Uses only `spec`, `run.mode`, `run.snapshot`, `train`, `parent`, `words` and `label_set`.
    """
    from activeloop.learn import persist, recipes, strategies, targets, train

    spec = known.spec
    teaching.check_differ(spec.answer, known.train.names)
    parent = known.parent
    recipe = recipes.get(spec.model.recipe, spec.model.params)
    choice = train.choose_mode(
        cast("Mode", known.run.mode),
        recipe=recipe,
        has_parent=parent is not None and parent.recipe == spec.model.recipe,
        parent_classes=[name or "" for name in known.words[parent.id]] if parent else None,
        classes=spec.classes,
        parent_fingerprint=_fingerprint(services, parent),
        fingerprint=featurizer.fingerprint,
        labels=len(known.train.seqs),
        unlearned=_unlearned(services, known, parent) if known.run.mode == "fine-tune" else (),
    )
    choice = replace(choice, because=choice.because + teaching.rates(spec, known.train.names))
    goes_on = parent if choice.mode != "full" else None
    wants = "committee" in strategies.get(spec.strategy.name).needs
    return train.fit(
        recipe,
        featurising.rows(services, featurizer.id, known.train.seqs),
        targets.encode(spec.answer, spec.classes, known.train.names),
        len(spec.classes),
        seed=spec.seed,
        snapshot=known.run.snapshot,
        choice=choice,
        committee=COMMITTEE if wants else 0,
        parent=persist.load(services.artifacts.get(goes_on.artifact)) if goes_on else None,
        new=_unseen(services, known, goes_on) if goes_on else None,
        pull=spec.retrain.pull,
    )


def _unlearned(services: Services, known: Known, parent: Version | None) -> list[str]:
    """Name the classes that have labels now and that the parent could not learn."""
    from activeloop.learn import persist

    if parent is None or parent.recipe != known.spec.model.recipe:
        return []
    learned = getattr(persist.load(services.artifacts.get(parent.artifact)), "present", None)
    if learned is None:
        return []
    had = {known.words[parent.id][place] for place in learned.tolist()}
    texts = [answers.read(known.spec.answer, text) for text in known.train.names]
    counts = Counter(name for names in texts for name in names)
    return [
        name
        for name in known.spec.classes
        if name not in had and counts[name] > 0 and not _always(known, counts[name])
    ]


def _always(known: Known, count: int) -> bool:
    """Tell whether all samples are of a class: of several labels that teaches nothing."""
    return known.spec.answer == "several" and count == len(known.train.names)


def _unseen(services: Services, known: Known, parent: Version) -> Bools:
    """Mark the rows whose label the parent has not learned, or learned differently."""
    import numpy as np

    with services.read() as session:
        older, _ = snapshot(
            session,
            parent.project_id,
            known.spec,
            parent.snapshot,
            label_set=known.label_set,
        )
    learned = set(zip(older.seqs, older.names, strict=True))
    pairs = zip(known.train.seqs, known.train.names, strict=True)
    return np.array([pair not in learned for pair in pairs], dtype=bool)


def _fingerprint(services: Services, version: Version | None) -> str | None:
    if version is None:
        return None
    with services.read() as session:
        return featurizers.kept(session, version.featurizer_id).fingerprint


def _head(
    services: Services, known: Known, model: Model, featurizer_id: int
) -> refreshing.Fresh | None:
    """Re-score the top of the queue, to be served with the version itself."""
    with services.read() as session:
        samples = blocks.covered(session, featurizer_id)
    ask = Ask(
        project_id=known.run.project_id,
        spec=known.spec,
        featurizer_id=featurizer_id,
        version=known.number,
        samples=samples,
        events=known.run.snapshot,
        length=services.settings.queue_length,
        labelled=list(zip(known.train.seqs, known.train.names, strict=True)),
    )
    return refreshing.head(services, ask, model)


def _dump(model: Model) -> bytes:
    from activeloop.learn import persist

    return persist.dump(model)
