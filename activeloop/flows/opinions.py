"""What a model thinks of one sample, and how that stands beside what people said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop import answers
from activeloop.flows import featurising, models
from activeloop.flows.versions import Words, words
from activeloop.spec import ProjectSpec
from activeloop.store import blocks, versions
from activeloop.store.db import Session
from activeloop.store.tables import Sample, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.types import Float32s

SURE = 0.8
"""A model that gives its answer at least this chance is called sure."""
LIKELIEST = 5


@dataclass(frozen=True)
class Opinion:
    """What the version that ranks the queue makes of a sample.

    Attributes:
        version: its number.
        label: its answer as text, in the words of today; None when it knows no class of today.
        confidence: the chance it gives that answer; of several labels, that of the class it is
            least sure of.
        uncertainty: the entropy of its probabilities, 0 sure to 1 no idea; of several labels, that
            of the class it is least sure of.
        likeliest: the likeliest classes with their probabilities.
    """

    version: int
    label: str | None
    confidence: float
    uncertainty: float
    likeliest: Sequence[tuple[str, float]]

    @property
    def sure(self) -> bool:
        """Whether it is sure of its answer."""
        return self.label is not None and self.confidence >= SURE

    def as_json(self, spec: ProjectSpec) -> dict[str, Any]:
        """Give what the API shows."""
        return {
            "version": self.version,
            "labels": list(answers.read(spec.answer, self.label)) if self.label else [],
            "confidence": self.confidence,
            "uncertainty": self.uncertainty,
            "likeliest": [{"name": name, "probability": p} for name, p in self.likeliest],
            "sure": self.sure,
        }


@dataclass(frozen=True)
class Asked:
    """Which version is asked, and what its classes are called today."""

    version: Version
    words: Words


def whom(session: Session, sample: Sample) -> Asked | None:
    """Find the version that ranks the queue, when it has seen the sample's features."""
    version = versions.learner(session, sample.project_id)
    if version is None or blocks.covered(session, version.featurizer_id) <= sample.seq:
        return None
    return Asked(version, words(session, version))


def opinion(services: Services, spec: ProjectSpec, sample: Sample, asked: Asked) -> Opinion:
    """Ask a version about a sample; takes a moment, so outside a transaction."""
    from activeloop.learn.translation import translated

    X = featurising.rows(services, asked.version.featurizer_id, [sample.seq])
    proba = models.read(services, asked.version.artifact).predict_proba(X)
    several = spec.answer == "several"
    if asked.words != spec.classes:
        proba = translated(proba, asked.words, spec.classes, several=several)
    return _of_marks(spec, asked, proba[0]) if several else _of_one(spec, asked, proba[0])


def _of_one(spec: ProjectSpec, asked: Asked, proba: Float32s) -> Opinion:
    import numpy as np

    best = int(proba.argmax())
    positive = proba[proba > 0]
    entropy = -(positive * np.log(positive)).sum() / np.log(max(2, len(spec.classes)))
    order = np.argsort(-proba[: len(spec.classes)], kind="stable")[:LIKELIEST].tolist()
    return Opinion(
        version=asked.version.number,
        label=spec.classes[best] if best < len(spec.classes) else None,
        confidence=float(proba[best]),
        uncertainty=float(min(1.0, max(0.0, entropy))),
        likeliest=[(spec.classes[at], float(proba[at])) for at in order],
    )


def _of_marks(spec: ProjectSpec, asked: Asked, proba: Float32s) -> Opinion:
    import numpy as np

    least = float(np.maximum(proba, 1 - proba).min())
    inner = np.clip([least, 1 - least], 1e-12, 1)
    named = [name for name, p in zip(spec.classes, proba.tolist(), strict=True) if p >= 0.5]
    order = np.argsort(-proba, kind="stable")[:LIKELIEST].tolist()
    return Opinion(
        version=asked.version.number,
        label=answers.write(spec, named),
        confidence=least,
        uncertainty=float(-(inner * np.log2(inner)).sum()),
        likeliest=[(spec.classes[at], float(proba[at])) for at in order],
    )


def beside(people: str | None, *, agree: bool | None, model: Opinion | None) -> str:
    """Say in a sentence whether people disagree, or the model is unsure, or both.

    Args:
        people: the label that people agreed on, as text; None when there is none.
        agree: whether those who answered agree; None when fewer than two did.
        model: what the model thinks; None without one.
    """
    if model is None:
        return "People disagree; no model has an opinion yet." if agree is False else ""
    who = f"version {model.version}"
    if agree is False:
        return _disagreeing(who, model)
    if people is None:
        return f"Nobody has settled this yet; {who} is {'sure' if model.sure else 'unsure'}."
    told = "People agree" if agree else "One person answered"
    if model.label == people:
        return f"{told}, and {who} says the same{'' if model.sure else ', though it is unsure'}."
    if model.sure:
        return f"{told}, but {who} is sure of something else: the label may be wrong."
    return f"{told}; {who} would say something else, but is unsure: it has this still to learn."


def _disagreeing(who: str, model: Opinion) -> str:
    if model.sure:
        return (
            f"People disagree, but {who} is sure: more answers will hardly settle this; "
            "look at what the guidelines say of these classes."
        )
    return (
        f"People disagree, and {who} is unsure as well: the sample is hard, or the classes overlap."
    )
