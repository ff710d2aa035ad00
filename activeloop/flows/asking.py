"""What is asked of a pool, in one value that can be compared: strategy, version, seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop import answers
from activeloop.flows import featurising, models
from activeloop.flows.projects import find, spec_of
from activeloop.flows.versions import Words, words
from activeloop.spec import Answer, ProjectSpec
from activeloop.store import blocks, labels, projects, versions
from activeloop.store.db import Session
from activeloop.store.tables import Ranking, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from datetime import datetime

    from activeloop.learn.pool import Pool
    from activeloop.learn.select import Sweep
    from activeloop.learn.types import Features, Model, Picks, Targets


@dataclass(frozen=True)
class Ask:
    """What a ranking starts from, but for the pool itself.

    Attributes:
        version: number of the version that is asked; None before there is one.
        samples: how many samples, from the first on, have features and are looked at.
        length: how many candidates the ranking keeps.
        labelled: (seq, answer as text) of the settled samples of the training stratum.
        words: what the version's classes are called in this spec; empty when they are its own.
    """

    project_id: int
    spec: ProjectSpec
    featurizer_id: int
    version: int | None
    samples: int
    events: int
    length: int
    labelled: Sequence[tuple[int, str]]
    words: Words = ()

    @property
    def question(self) -> str:
        """A digest of what is asked: rankings of one question differ only in what was there."""
        spec = self.spec
        asked = [
            spec.strategy.model_dump(mode="json"),
            list(spec.classes),
            spec.batch_size,
            self.featurizer_id,
            self.version,
        ]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    @property
    def seed(self) -> int:
        """The seed of all chance: the same labels, version and samples are ordered alike."""
        import numpy as np

        parts = [self.spec.seed, self.version or 0, self.events, self.samples]
        return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(2))


@dataclass(frozen=True)
class Plan:
    """How the pool will be ordered, and why so."""

    strategy: str
    params: Mapping[str, Any]
    because: str
    model: Model | None


def read(
    session: Session, project_id: int, featurizer_id: int, *, length: int
) -> tuple[Ask, Version | None]:
    """Read what the next ranking starts from, and the version that will rank."""
    project = find(session, project_id)
    version = versions.learner(session, project_id)
    if version is not None and version.featurizer_id != featurizer_id:
        version = None
    counts = projects.tally(session, project_id)
    covered = blocks.covered(session, featurizer_id)
    ask = Ask(
        project_id=project_id,
        spec=spec_of(project),
        featurizer_id=featurizer_id,
        version=version.number if version else None,
        samples=min(counts.samples, covered),
        events=counts.events,
        length=length,
        labelled=labels.labelled(session, project_id, "train"),
        words=words(session, version) if version else (),
    )
    return ask, version


def plan(services: Services, ask: Ask, version: Version | None) -> Plan:
    """Choose the strategy: the project's own with a model, the cold start before."""
    if version is None:
        return Plan(ask.spec.strategy.cold_start, {}, _cold_because(ask), None)
    return by_version(ask, models.read(services, version.artifact))


def by_version(ask: Ask, model: Model) -> Plan:
    """Ask by the project's own strategy."""
    wanted = ask.spec.strategy
    because = f"{wanted.name}: the most informative samples by version {ask.version}"
    return Plan(wanted.name, wanted.params, because, model)


def instead(ask: Ask, wanted: Plan, lack: str) -> Plan:
    """Plan by the cold start, saying what the strategy that was wanted lacks."""
    name = ask.spec.strategy.cold_start
    return Plan(name, {}, f"order by {name}, not {wanted.strategy}: {lack}", None)


def prepare(services: Services, ask: Ask, wanted: Plan, pool: Pool) -> Sweep:
    """Settle the question to the pool, the same in every process.

    Raises:
        Needs: when the strategy lacks a model, a committee or labels.
    """
    from activeloop.learn import select

    return select.prepare(
        pool,
        wanted.model,
        strategy=wanted.strategy,
        params=wanted.params,
        labelled=known(services, ask, wanted),
        batch_size=ask.spec.batch_size,
        length=ask.length,
        seed=ask.seed,
    )


def known(services: Services, ask: Ask, wanted: Plan) -> tuple[Features, Targets] | None:
    """Gather what is labelled, for the strategies that look at it."""
    from activeloop.learn import targets

    if not looks_at_labels(wanted):
        return None
    # a version may be older than the last change of the classes: it counts by those it knows
    names = ask.words if ask.words and wanted.model is not None else ask.spec.classes
    classes = [name or "" for name in names]  # no class is called so
    inside = [
        (seq, told)
        for seq, label in ask.labelled
        if seq < ask.samples and (told := _among(ask.spec.answer, label, names)) is not None
    ]
    if not inside:
        return None
    X = featurising.rows(services, ask.featurizer_id, [seq for seq, _ in inside])
    return X, targets.encode(ask.spec.answer, classes, [told for _, told in inside])


def _among(answer: Answer, text: str, names: Words) -> str | None:
    """Keep of an answer what is among some classes; None when nothing of it can be told there."""
    if answer == "one":
        return text if text in names else None
    given = answers.read(answer, text)
    kept = [name for name in given if name in names]
    return answers.joined(kept, kept) if kept or not given else None


def looks_at_labels(wanted: Plan) -> bool:
    """Tell whether the order depends on what is labelled, beyond the model that learned it."""
    from activeloop.learn import strategies

    strategy = strategies.get(wanted.strategy)
    # what covers the pool goes first where nothing is labelled, though it can do without
    return "labelled" in strategy.needs or strategy.picks in {"cover", "whole"}


def generation(ask: Ask, wanted: Plan, picks: Picks, *, seconds: float, now: datetime) -> Ranking:
    """Make the row of a ranking of the whole pool; `version_id` is left to the caller."""
    return Ranking(
        project_id=ask.project_id,
        version=ask.version if wanted.model is not None else None,
        strategy=wanted.strategy,
        scope="pool",
        question=ask.question if wanted.model is not None else "",
        because=wanted.because,
        seed=ask.spec.seed,
        scored=picks.scored,
        length=len(picks.seqs),
        samples=ask.samples,
        seconds=seconds,
        created_at=now,
    )


def _cold_because(ask: Ask) -> str:
    answer, spec = ask.spec.answer, ask.spec
    seen = {name for _, label in ask.labelled for name in answers.read(answer, label)}
    missing = len(spec.classes) - len(seen)
    name = ask.spec.strategy.cold_start
    told = "is random" if name == "random" else f"covers the pool ({name})"
    if not ask.labelled:
        return f"order {told}: nothing is labelled yet"
    if missing:
        return (
            f"order {told}: {missing} of {len(ask.spec.classes)} classes have no label yet "
            "and no model is trained"
        )
    return f"order {told}: no model is trained yet"
