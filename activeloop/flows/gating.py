"""Measure a new model on the audit labels, and let the gate compare it with the champion."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from activeloop.flows import featurising, models
from activeloop.flows.snapshots import Labelled
from activeloop.flows.versions import Words
from activeloop.spec import ProjectSpec
from activeloop.store.tables import Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    import numpy as np

    from activeloop.learn.guardrails import Finding
    from activeloop.learn.promote import Decision
    from activeloop.learn.spending import Look
    from activeloop.learn.types import Estimate, Features, Float32s, Model, Targets


TIMED = 50
"""Predictions of which the 95th percentile is taken."""


@dataclass(frozen=True)
class Before:
    """What the gate must know beside the labels.

    Attributes:
        words: what the champion's classes are called today: it answers by those.
        meta: metadata of the audit samples by seq, where slices or groups are looked at.
        look: the last look at the audit labels that spent some of the gate's error.
    """

    words: Words = ()
    meta: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    look: Look | None = None


@dataclass(frozen=True)
class Verdict:
    """What the audit labels say of the new model."""

    metrics: Mapping[str, Any]
    decision: Decision


def judge(
    services: Services,
    spec: ProjectSpec,
    *,
    audit: Labelled,
    model: Model,
    featurizer_id: int,
    champion: Version | None,
    snapshot: int,
    before: Before,
) -> Verdict:
    """Measure a model on the audit labels and compare it with the champion there."""
    import numpy as np

    from activeloop.learn import promote, targets

    y = targets.encode(spec.answer, spec.classes, audit.names)
    X = featurising.rows(services, featurizer_id, audit.seqs)
    proba = probabilities(model, X)
    metrics = _measured(y, proba, np.random.default_rng([spec.seed, snapshot]), spec)
    if champion is None:
        return Verdict(metrics, promote.first(len(y)))
    row = X[:1]
    if champion.featurizer_id != featurizer_id:
        X = featurising.rows(services, champion.featurizer_id, audit.seqs)
    theirs = arranged(
        spec, before.words, probabilities(models.read(services, champion.artifact), X)
    )
    descends = before.words == spec.classes and _descends(
        spec, champion, featurizer_id=featurizer_id, snapshot=snapshot
    )
    decision = promote.decide(
        y,
        theirs,
        proba,
        spec.promotion,
        standing=promote.Standing(descends, _was_tested(champion), before.look),
        findings=_findings(spec, audit, y, theirs, proba, before, _timed(spec, model, row)),
        rng=np.random.default_rng([spec.seed, snapshot, 1]),
    )
    return Verdict(metrics, decision)


def _was_tested(champion: Version) -> bool:
    """Tell whether a champion passed a test of the gate, or a person chose it."""
    return champion.crowned_by is not None or bool(champion.evidence.get("tested"))


def _findings(  # noqa: PLR0917 - what the guardrails look at
    spec: ProjectSpec,
    audit: Labelled,
    y: Targets,
    theirs: Float32s,
    proba: Float32s,
    before: Before,
    milliseconds: float | None,
) -> Sequence[Finding]:
    """Look along the guardrails; where labels are too few for the others, at the time only."""
    from activeloop import searchable
    from activeloop.learn import guardrails, promote

    policy = spec.promotion.guardrails
    if promote.lacking(y, spec.promotion):
        policy = policy.model_copy(update={"slices": False, "fairness_gap": None, "log_loss": None})

    def values(names: Sequence[str]) -> dict[str, list[str]]:
        return {
            name: [searchable.said(before.meta.get(seq, {}).get(name, "")) for seq in audit.seqs]
            for name in names
        }

    return guardrails.look(
        y,
        theirs,
        proba,
        policy,
        slices=values(spec.slices),
        groups=values(spec.fairness),
        milliseconds=milliseconds,
    )


def _timed(spec: ProjectSpec, model: Model, row: Features) -> float | None:
    """Time one prediction, in ms at the 95th percentile; None where nobody asks."""
    import numpy as np

    if spec.promotion.guardrails.latency is None or not row.shape[0]:
        return None
    taken = []
    for _ in range(TIMED):
        began = time.perf_counter()
        model.predict_proba(row)
        taken.append(1000 * (time.perf_counter() - began))
    return float(np.quantile(taken, 0.95))


def _descends(spec: ProjectSpec, champion: Version, *, featurizer_id: int, snapshot: int) -> bool:
    """Tell whether a model learned as the champion did, from its labels and later ones."""
    return (
        champion.recipe == spec.model.recipe
        and champion.spec["model"] == spec.dump()["model"]
        and champion.featurizer_id == featurizer_id
        and champion.snapshot <= snapshot
    )


def measure_again(
    services: Services,
    spec: ProjectSpec,
    audit: Labelled,
    older: Sequence[Version],
    *,
    words: Mapping[int, Words],
    featurizer_id: int,
    seed: int,
) -> dict[int, Mapping[str, Any]]:
    """Measure earlier versions of the same features on the audit labels of now, by version id.

    A version's first figure was taken on fewer labels; only on the same labels do versions compare.
    Those that do not know all the classes of today, or know others, are left as they are.
    """
    import numpy as np

    from activeloop.learn import persist, targets

    y = targets.encode(spec.answer, spec.classes, audit.names)
    # gathered once for all of them: reading the rows takes longer than predicting
    X = featurising.rows(services, featurizer_id, audit.seqs)
    return {
        version.id: _measured(
            y,
            arranged(
                spec,
                words[version.id],
                probabilities(persist.load(services.artifacts.get(version.artifact)), X),
            ),
            np.random.default_rng([spec.seed, seed]),
            spec,
            ranked=False,
        )
        for version in older
        if version.dropped_at is None
        and version.featurizer_id == featurizer_id
        and set(words[version.id]) == set(spec.classes)
    }


def arranged(spec: ProjectSpec, words: Words, proba: Float32s) -> Float32s:
    """Arrange an older version's probabilities by the classes of today."""
    from activeloop.learn.translation import translated

    if words == spec.classes:
        return proba
    return translated(proba, words, spec.classes, several=spec.answer == "several")


def _measured(
    y: Targets,
    proba: Float32s,
    rng: np.random.Generator,
    spec: ProjectSpec,
    *,
    ranked: bool = True,
) -> dict[str, Any]:
    """Give each figure as JSON; of several labels also the F1 of each class.

    Without `ranked` the areas under curves, which take longest, are left to the evaluation.
    """
    from activeloop.learn import evaluate, evaluate_marks

    found: dict[str, Any] = _told(evaluate.measure(y, proba, rng=rng, ranked=ranked))
    if spec.answer == "several" and len(y):
        marks = y.astype(bool)
        found["f1_by_class"] = _told(evaluate_marks.by_class(marks, proba, spec.classes, rng=rng))
    return found


def _told(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        name: {"value": each.value, "low": each.low, "high": each.high, "n": each.n}
        for name, each in figures.items()
    }


def probabilities(model: Model, X: Features) -> Float32s:
    """Give a model's probabilities, of no samples too."""
    import numpy as np

    if not X.shape[0]:
        return np.empty((0, model.n_classes), dtype=np.float32)
    return model.predict_proba(X)
