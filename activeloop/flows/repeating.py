"""One repetition of a simulation: an oracle labels a throw-away project, and versions are measured.

It goes through the same queue, trainer and gate as people do; only the disk is not waited for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activeloop import wiring
from activeloop.errors import ActiveloopError
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
from activeloop.store.ledger import NEW_JOBS
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.types import Features, Targets
    from activeloop.testing.oracle import Oracle

PROJECT = "simulation"
BASELINE = "random"

Progress = Callable[[str, int], None]
"""Told which curve is drawn, and how many labels it has."""


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
        noise: how often an oracle errs (0..1).
        annotators: how many oracles take turns, each erring by itself.
        noises: how often each of them errs, in place of `annotators` and `noise`.
        every: train after so many labels, and ask in batches of as many; None as the spec says.
        test_share: share of the file set apart to measure on (0..1).
        jobs: how many processes; None takes as many as there are processors.
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
    annotators: int = 1
    noises: Sequence[float] = ()
    every: int | None = None
    test_share: float = 0.2
    jobs: int | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def crowd(self) -> Sequence[float]:
        """How often each oracle errs."""
        return self.noises or [self.noise] * self.annotators


@dataclass(frozen=True)
class Point:
    """A version on the curve: what it had cost, and how right it is on the test set.

    `accuracy` is the new version's own, which ranks the queue; `champion_accuracy` that of the
    version which the gate lets answer predictions at this moment. Of several labels accuracy is
    exact match, and micro F1 is told beside it; else that is None.
    """

    answers: int
    train_labels: int
    version: int
    accuracy: float
    champion_accuracy: float
    verdict: str
    micro_f1: float | None = None
    champion_micro_f1: float | None = None

    @property
    def figure(self) -> float:
        """What curves are drawn of: micro F1 of several labels, else accuracy."""
        return self.accuracy if self.micro_f1 is None else self.micro_f1

    @property
    def champion_figure(self) -> float:
        """The same of the champion."""
        known = self.champion_micro_f1
        return self.champion_accuracy if known is None else known


@dataclass(frozen=True)
class Curve:
    """One repetition of one strategy."""

    strategy: str
    seed: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Setting:
    """The data cut by a seed, and what to do with it."""

    plan: Plan
    data: Labelled
    parts: Split
    seed: int


@dataclass(frozen=True)
class _Stage:
    """One project, ready to be labelled by some oracles; each has an account."""

    services: Services
    crowd: Sequence[tuple[int, Oracle]]
    test_X: Features
    test_y: Targets


@dataclass(frozen=True)
class _Figures:
    """What a version is worth on the test set; micro F1 of several labels alone."""

    accuracy: float
    micro_f1: float | None


def spec_for(plan: Plan, data: Labelled, *, seed: int, strategy: str) -> ProjectSpec:
    """Give the spec of the project that a strategy is drawn on.

    Raises:
        Invalid: when the plan asks for what no spec allows.
    """
    rhythm: dict[str, Any] = {}
    if plan.every is not None:
        asked = plan.spec.get("retrain")
        policy = asked if isinstance(asked, dict) else {}
        rhythm = {"retrain": {**policy, "every": plan.every}, "batch_size": plan.every}
    return parse_spec(
        {
            # a curve is of one strategy; random is drawn beside it as a curve of its own
            "random_share": 0,
            **plan.spec,
            **rhythm,
            "name": PROJECT,
            "kind": data.kind,
            "classes": list(data.classes),
            "seed": seed,
            "strategy": {
                "name": strategy,
                # random is what labelling in any order costs: no cover of the pool before it
                "cold_start": "random" if strategy == BASELINE else "typiclust",
            },
        }
    )


def import_pool(setting: Setting, home: Path) -> None:
    """Import and featurise the pool once; every strategy starts from a copy of the folder."""
    services = _services(home)
    services.uploads.mkdir(parents=True, exist_ok=True)
    kind, pool = setting.data.kind, setting.parts.pool
    path, mapping = replaying.write_pool(services.uploads, kind, pool)
    spec = spec_for(setting.plan, setting.data, seed=setting.seed, strategy=BASELINE)
    with services.write() as session:
        project = projects.create(session, spec, audit_key=f"{setting.seed:032x}")
        for number in range(len(setting.plan.crowd)):
            accounts.add_user(session, _called(number), "annotator", None)
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


def draw_curve(setting: Setting, strategy: str, home: Path, on_progress: Progress) -> Curve:
    """Label the project in `home` until the budget is spent; a point for each version."""
    services = _services(home)
    try:
        stage = _staged(services, setting, strategy)
        told = f"{strategy}, seed {setting.seed}"
        points = _labelled(stage, setting, lambda given: on_progress(told, given))
    finally:
        services.database.close()
    return Curve(strategy, setting.seed, tuple(points))


def drain(services: Services, project_id: int) -> None:
    """Carry out all background work of a project here and now.

    Raises:
        ActiveloopError: with the reason, when a job cannot be done.
    """
    while True:
        for job_id in tick.due(services):
            carrying.carry_out(services, job_id, PROJECT)
        with services.read() as session:
            live = backlog.live(session, project_id)
            bad = backlog.given_up(session, project_id)
        if bad:
            raise ActiveloopError(f"The simulation's {bad[0].kind} job failed: {bad[0].error}")
        if not live:
            return


def _called(number: int) -> str:
    return f"oracle {number + 1}"


def _services(home: Path) -> Services:
    services = wiring.build(Settings(data=home, database_url="", redis_url=""), durable=False)
    schema.upgrade(services.database)
    return services


def _staged(services: Services, setting: Setting, strategy: str) -> _Stage:
    import numpy as np

    from activeloop.learn import persist, targets
    from activeloop.testing.oracle import Oracle

    plan, data, parts, seed = setting.plan, setting.data, setting.parts, setting.seed
    spec = spec_for(plan, data, seed=seed, strategy=strategy)
    with services.write() as session:
        project = projects.find(session, PROJECT)
        stored.respecify(session, project, spec.dump())
        people = [users.by_name(session, _called(n)) for n in range(len(plan.crowd))]
        featurizer = featurizers.kept(session, project.featurizer_id or 0)
        ledger.add(session, Rank(project.id), now=db.now(session))
    drain(services, project.id)
    made = persist.load_featurizer(services.artifacts.get(featurizer.artifact))
    blobs = [row.blob or b"" for row in parts.test] if data.kind == "image" else None
    return _Stage(
        services=services,
        crowd=[
            (
                user.id if user else 0,
                Oracle(
                    parts.truth,
                    noise,
                    np.random.default_rng([seed, 1, *([number] if number else [])]),
                    classes=data.classes,
                    several=data.answer == "several",
                ),
            )
            for number, (user, noise) in enumerate(zip(people, plan.crowd, strict=True))
        ],
        test_X=made.transform([row.payload for row in parts.test], blobs=blobs),
        test_y=targets.encode(data.answer, data.classes, [str(row.label) for row in parts.test]),
    )


def _labelled(stage: _Stage, setting: Setting, on_progress: Callable[[int], None]) -> list[Point]:
    chance = random.Random(setting.seed)  # noqa: S311 - a reproducible run, no secret
    points: list[Point] = []
    for answered in range(1, setting.plan.budget + 1):
        asked = _answer(stage, answered, chance.random)
        if asked is None:
            break
        on_progress(answered)
        if asked and (point := _learned(stage, answered, points[-1:])):
            points.append(point)
    return points


def _answer(stage: _Stage, number: int, chance: Callable[[], float]) -> list[int] | None:
    """Let the next oracle answer; give the jobs this caused, or None when all is labelled.

    They take turns; one for whom nothing is left passes.
    """
    for turn in range(len(stage.crowd)):
        annotator, oracle = stage.crowd[(number + turn) % len(stage.crowd)]
        with stage.services.write() as session:
            # read anew each time: it names the ranking that is served
            project = projects.find(session, PROJECT)
            offered = labelling.offer(session, project, annotator, count=1, chance=chance).offers
            if not offered:
                continue
            held = offered[0]
            labelling.record(
                session,
                project,
                annotator,
                labelling.Given(oracle.answer(held.sample.external_id or "")),
                offer_id=held.offer.id,
                key=f"answer-{number}",
            )
            return list(session.info.get(NEW_JOBS, []))
    return None


def _learned(stage: _Stage, answered: int, before: Sequence[Point]) -> Point | None:
    """Let the workers do what is due; give a point when that made a version."""
    with stage.services.read() as session:
        project = projects.find(session, PROJECT)
    drain(stage.services, project.id)
    with stage.services.read() as session:
        project = projects.find(session, PROJECT)
        newest = versions.newest(session, project.id)
        champion = versions.champion(session, project)
    if newest is None or champion is None or any(p.version == newest.number for p in before):
        return None
    own = _measured(stage, newest.artifact)
    best = own if champion.id == newest.id else _measured(stage, champion.artifact)
    return Point(
        answers=answered,
        train_labels=newest.train_labels,
        version=newest.number,
        accuracy=own.accuracy,
        champion_accuracy=best.accuracy,
        verdict=newest.status,
        micro_f1=own.micro_f1,
        champion_micro_f1=best.micro_f1,
    )


def _measured(stage: _Stage, artifact: str) -> _Figures:
    from activeloop.learn import persist
    from activeloop.learn.evaluate_marks import named

    model = persist.load(stage.services.artifacts.get(artifact))
    proba, y = model.predict_proba(stage.test_X), stage.test_y
    if y.ndim == 1:
        return _Figures(float((proba.argmax(axis=1) == y).mean()), None)
    told = named(proba)
    named_or_true = int(told.sum()) + int(y.sum())
    micro = 2 * int((told & y.astype(bool)).sum()) / named_or_true if named_or_true else 1.0
    return _Figures(float((told == y).all(axis=1).mean()), micro)
