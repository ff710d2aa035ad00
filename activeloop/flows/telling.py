"""What goes with the samples of a ranking: what the model takes them for, and which are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from activeloop import answers
from activeloop.flows import featurising
from activeloop.flows.versions import Words
from activeloop.spec import ProjectSpec
from activeloop.store.rankings import Pick
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.asking import Ask, Plan
    from activeloop.learn.types import Features, Float32s, Ints, Model, Picks

MOST = 2_000
"""So many of the best candidates get a suggestion and are compared with each other."""
MEASURED = 1_000
"""So many samples of the pool tell what is far in it."""


def tell(services: Services, ask: Ask, by: Plan, picks: Picks) -> list[Pick]:
    """Put to each pick, best first, the model's own answer and the pick it nearly repeats."""
    plain = [
        Pick(seq, score, probability)
        for seq, score, probability in zip(
            picks.seqs.tolist(), picks.scores.tolist(), picks.probabilities.tolist(), strict=True
        )
    ]
    first = [each.seq for each in plain[:MOST]]
    if not first or not (by.model or ask.spec.offer_groups):
        return plain
    X = featurising.rows(services, ask.featurizer_id, first)
    suggested = suggestions(ask.spec, by.model, X, ask.words) if by.model is not None else {}
    alike = _groups(services, ask, X) if ask.spec.offer_groups else None
    return [
        each._replace(
            suggestion=suggested[row][0] if row in suggested else None,
            confidence=suggested[row][1] if row in suggested else None,
            twin_of=first[alike[row]] if alike is not None and alike[row] != row else None,
        )
        for row, each in enumerate(plain[:MOST])
    ] + plain[MOST:]


def suggestions(
    spec: ProjectSpec, model: Model, X: Features, words: Words = ()
) -> dict[int, tuple[str, float]]:
    """Give by row what a model would answer, and how sure it is (0..1).

    Of several labels it is as sure as of the class it is least sure of. A model that is older than
    the last change of the classes speaks in the words of today; where it takes a sample for a class
    that is gone, it suggests nothing.

    Args:
        spec: the project's.
        model: a trained model.
        X: (n, d) features.
        words: what the model's classes are called today; empty when they are the project's.
    """
    from activeloop.learn.translation import translated

    proba = model.predict_proba(X)
    if words and words != spec.classes:
        several = spec.answer == "several"
        proba = translated(proba, words, spec.classes, several=several)
    if spec.answer == "several":
        return _several(spec, proba)
    best, sure = proba.argmax(axis=1).tolist(), proba.max(axis=1).tolist()
    named = dict(enumerate(spec.classes))
    return {row: (named[at], sure[row]) for row, at in enumerate(best) if at in named}


def _several(spec: ProjectSpec, proba: Float32s) -> dict[int, tuple[str, float]]:
    import numpy as np

    sure = np.maximum(proba, 1 - proba).min(axis=1).tolist()
    named: Sequence[Sequence[bool]] = (proba >= 0.5).tolist()
    return {
        row: (
            answers.write(spec, (name for name, on in zip(spec.classes, marks, strict=True) if on)),
            sure[row],
        )
        for row, marks in enumerate(named)
    }


def _groups(services: Services, ask: Ask, X: Features) -> Ints:
    """Tell which of the candidates nearly repeat another one, by what is far in the pool."""
    import numpy as np

    from activeloop.learn import apart

    chance = np.random.default_rng(ask.seed)
    drawn = np.unique(chance.integers(0, ask.samples, MEASURED)).tolist() if ask.samples else []
    pool = featurising.rows(services, ask.featurizer_id, drawn)
    return apart.groups(X, apart.Yardstick.of(pool))
