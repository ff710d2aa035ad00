"""Simulate a project: an oracle labels through the real queue, trainer and gate."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activeloop import wiring
from activeloop.errors import ActiveloopError, Invalid
from activeloop.flows import (
    accounts,
    carrying,
    importing,
    labelling,
    projects,
    replaying,
    tick,
)
from activeloop.flows.replaying import Labelled, Split
from activeloop.jobs import Rank
from activeloop.settings import Settings
from activeloop.spec import Kind, ProjectSpec, parse_spec
from activeloop.store import accounts as users
from activeloop.store import backlog, db, featurizers, ledger, schema, versions
from activeloop.store import projects as stored
from activeloop.store.tables import Project
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.types import Features, Ints
    from activeloop.testing.oracle import Oracle

Progress = Callable[[str, int, int], None]
"""Told which curve is drawn, and how many of how many labels it has."""


@dataclass(frozen=True)
class Plan:
    """What to simulate.

    Attributes:
        data: the labelled file.
        label: its column with the true labels; empty takes the usual names or the folders.
        kind: what its samples are; None to tell from the file.
        mapping: our fields to its columns.
        strategies: which to draw; `random` is always drawn beside them.
        seeds: how many repetitions, each with its own split and audit stratum.
        budget: answers per repetition.
        noise: how often the oracle errs (0..1).
        test_share: share of the file set apart to measure on (0..1).
        spec: further fields of the project spec.
    """

    data: Path
    label: str = ""
    kind: Kind | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    strategies: Sequence[str] = ()
    seeds: int = 3
    budget: int = 300
    noise: float = 0.0
    test_share: float = 0.2
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """A version on the curve: what it had cost, and how right it is on the test set."""

    answers: int
    train_labels: int
    version: int
    accuracy: float
    champion_accuracy: float
    verdict: str


@dataclass(frozen=True)
class Curve:
    """One repetition of one strategy."""

    strategy: str
    seed: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Simulated:
    """All curves, and what they were drawn on."""

    curves: tuple[Curve, ...]
    classes: int
    pool: int
    test: int
    left_out: int


@dataclass(frozen=True)
class _Setting:
    """One repetition: the data cut by a seed, and the strategy that is drawn."""

    plan: Plan
    data: Labelled
    parts: Split
    seed: int
    strategy: str


@dataclass(frozen=True)
class _Stage:
    """One project, ready to be labelled by one oracle."""

    services: Services
    project: Project
    annotator: int
    spec: ProjectSpec
    oracle: Oracle
    test_X: Features
    test_y: Ints


def simulate(plan: Plan, folder: Path, *, on_progress: Progress) -> Simulated:
    """Draw the learning curve of each strategy, through the same code that people label with.

    Args:
        plan: what to simulate.
        folder: an empty directory for the projects; the caller removes it.
        on_progress: told about every answer.

    Raises:
        Invalid: when the plan or the file is not usable.
    """
    if plan.budget < 1 or plan.seeds < 1:
        raise Invalid("A simulation wants a budget and a number of seeds of at least 1.")
    data = replaying.read(plan.data, label=plan.label, kind=plan.kind, mapping=plan.mapping)
    names = list(dict.fromkeys([*(plan.strategies or ["margin-badge"]), "random"]))
    curves: list[Curve] = []
    parts = replaying.split(data, test_share=plan.test_share, seed=0)
    for seed in range(plan.seeds):
        parts = replaying.split(data, test_share=plan.test_share, seed=seed)
        base = folder / f"seed-{seed}"
        _import(plan, data, parts, base, seed)
        for name in names:
            home = folder / f"seed-{seed}-{len(curves)}"
            shutil.copytree(base, home)
            setting = _Setting(plan, data, parts, seed, name)
            curves.append(_curve(setting, home, on_progress))
            shutil.rmtree(home)
        shutil.rmtree(base)
    return Simulated(
        tuple(curves), len(data.classes), len(parts.pool), len(parts.test), data.left_out
    )


def _services(home: Path) -> Services:
    services = wiring.build(Settings(data=home, database_url="", redis_url=""))
    schema.upgrade(services.database)
    return services


def _spec(plan: Plan, data: Labelled, seed: int, strategy: str) -> ProjectSpec:
    asked = {"name": strategy, "cold_start": "random" if strategy == "random" else "typiclust"}
    return parse_spec(
        {
            **plan.spec,
            "name": "simulation",
            "kind": data.kind,
            "classes": list(data.classes),
            "seed": seed,
            "strategy": asked,
        }
    )


def _import(plan: Plan, data: Labelled, parts: Split, home: Path, seed: int) -> None:
    """Import the pool once per seed; every strategy starts from a copy."""
    services = _services(home)
    services.uploads.mkdir(parents=True, exist_ok=True)
    path, mapping = replaying.write_pool(services.uploads, data.kind, parts.pool)
    spec = _spec(plan, data, seed, "random")
    with services.write() as session:
        project = projects.create(session, spec, audit_key=f"{seed:032x}")
        accounts.add_user(session, "oracle", "annotator", None)
        importing.begin(
            services,
            session,
            project,
            name=path.name,
            media_type="",
            stream_path=path,
            mapping=mapping,
            user_id=None,
        )
    drain(services, project.id)
    services.database.close()


def drain(services: Services, project_id: int) -> None:
    """Carry out all background work of a project here and now.

    Raises:
        ActiveloopError: with the reason, when a job cannot be done.
    """
    while True:
        for job_id in tick.due(services):
            carrying.carry_out(services, job_id, "simulation")
        with services.read() as session:
            live = backlog.live(session, project_id)
            bad = backlog.given_up(session, project_id)
        if bad:
            raise ActiveloopError(f"The simulation's {bad[0].kind} job failed: {bad[0].error}")
        if not live:
            return


def _curve(setting: _Setting, home: Path, on_progress: Progress) -> Curve:
    services = _services(home)
    try:
        stage = _staged(services, setting)
        points = _labelled(stage, setting, on_progress)
    finally:
        services.database.close()
    return Curve(setting.strategy, setting.seed, tuple(points))


def _staged(services: Services, setting: _Setting) -> _Stage:
    import numpy as np

    from activeloop.learn import persist
    from activeloop.testing.oracle import Oracle

    plan, data, parts, seed = setting.plan, setting.data, setting.parts, setting.seed
    spec = _spec(plan, data, seed, setting.strategy)
    with services.write() as session:
        project = projects.find(session, "simulation")
        stored.respecify(session, project, spec.dump())
        user = users.by_name(session, "oracle")
        featurizer = featurizers.kept(session, project.featurizer_id or 0)
        ledger.add(session, Rank(project.id), now=db.now(session))
    drain(services, project.id)
    made = persist.load_featurizer(services.artifacts.get(featurizer.artifact))
    index = {name: i for i, name in enumerate(data.classes)}
    blobs = [row.blob or b"" for row in parts.test] if data.kind == "image" else None
    return _Stage(
        services=services,
        project=project,
        annotator=user.id if user else 0,
        spec=spec,
        oracle=Oracle(
            parts.truth, plan.noise, np.random.default_rng([seed, 1]), classes=data.classes
        ),
        test_X=made.transform([row.payload for row in parts.test], blobs=blobs),
        test_y=np.array([index[str(row.label)] for row in parts.test], dtype=np.int64),
    )


def _labelled(stage: _Stage, setting: _Setting, on_progress: Progress) -> list[Point]:
    """Label until the budget is spent; a point for each version."""
    budget, name = setting.plan.budget, f"{setting.strategy}, seed {setting.seed}"
    chance = random.Random(setting.seed)  # noqa: S311 - a reproducible run, no secret
    points: list[Point] = []
    seen = 0
    for answered in range(1, budget + 1):
        if not _answer(stage, answered, chance.random):
            break
        on_progress(name, answered, budget)
        with stage.services.read() as session:
            due = bool(backlog.live(session, stage.project.id))
        if due:
            drain(stage.services, stage.project.id)
        with stage.services.read() as session:
            newest = versions.newest(session, stage.project.id)
        if newest is not None and newest.number > seen:
            seen = newest.number
            points.append(_point(stage, answered))
    return points


def _answer(stage: _Stage, number: int, chance: Callable[[], float]) -> bool:
    services, project = stage.services, stage.project
    with services.write() as session:
        offered = labelling.offer(session, project, stage.annotator, count=1, chance=chance).offers
        if not offered:
            return False
        held = offered[0]
        labelling.record(
            session,
            project,
            stage.annotator,
            offer_id=held.offer.id,
            label=stage.oracle.answer(held.sample.external_id or ""),
            skip=False,
            lead_ms=None,
            key=f"answer-{number}",
        )
    return True


def _point(stage: _Stage, answered: int) -> Point:
    with stage.services.read() as session:
        project = projects.find(session, stage.project.id)
        newest = versions.newest(session, project.id)
        champion = versions.champion(session, project)
        if newest is None or champion is None:
            raise ActiveloopError("The simulation has a run but no version.")
    return Point(
        answers=answered,
        train_labels=newest.train_labels,
        version=newest.number,
        accuracy=_accuracy(stage, newest.artifact),
        champion_accuracy=_accuracy(stage, champion.artifact),
        verdict=newest.status,
    )


def _accuracy(stage: _Stage, artifact: str) -> float:
    from activeloop.learn import persist

    model = persist.load(stage.services.artifacts.get(artifact))
    return float((model.predict_proba(stage.test_X).argmax(axis=1) == stage.test_y).mean())
