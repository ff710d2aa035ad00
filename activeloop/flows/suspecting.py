"""Doubt labels: what a model that has not seen a label says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from activeloop.flows.snapshots import Labelled
from activeloop.spec import ProjectSpec

if TYPE_CHECKING:
    from activeloop.learn.types import Features, Floats, Targets

MANY = 5000
"""With more labels than this fewer models are trained, on fewer folds: each knows enough."""


def suspects(
    spec: ProjectSpec, train: Labelled, X: Features, tell: Callable[[float], None]
) -> list[dict[str, Any]]:
    """Say of each suspect what was given and what is likelier, the likeliest first."""
    from activeloop.learn import folds, recipes, targets

    y = targets.encode(spec.answer, spec.classes, train.names)
    proba = folds.out_of_fold(
        recipes.get(spec.model.recipe, spec.model.params),
        X,
        y,
        len(spec.classes),
        seed=spec.seed,
        folds=3 if len(y) > MANY else folds.FOLDS,
        tell=tell,
    )
    of = _marks if spec.answer == "several" else _one
    return of(spec, train, y, proba)


def _one(spec: ProjectSpec, train: Labelled, y: Targets, proba: Floats) -> list[dict[str, Any]]:
    import numpy as np

    from activeloop.learn import confident

    found = confident.suspects(proba, y.astype(np.int64))
    return [
        {
            "seq": train.seqs[row],
            "given": train.names[row],
            "suggested": [spec.classes[suggested]],
            "confidence": round(float(proba[row, suggested]), 4),
            "given_confidence": round(float(proba[row, y[row]]), 4),
            "margin": round(float(margin), 4),
        }
        for row, suggested, margin in zip(
            found.rows.tolist(), found.suggested.tolist(), found.margin, strict=True
        )
    ]


def _marks(spec: ProjectSpec, train: Labelled, y: Targets, proba: Floats) -> list[dict[str, Any]]:
    import numpy as np

    from activeloop.learn import confident

    found = confident.suspect_marks(proba, y.astype(np.bool_))
    told = []
    for row, wrong, margin in zip(found.rows.tolist(), found.wrong, found.margin, strict=True):
        instead = y[row] ^ wrong
        sure = np.where(instead, proba[row], 1 - proba[row])[wrong].min()
        told.append(
            {
                "seq": train.seqs[row],
                "given": train.names[row],
                "suggested": [name for name, is_ in zip(spec.classes, instead, strict=True) if is_],
                "confidence": round(float(sure), 4),
                "given_confidence": round(1 - float(sure), 4),
                "margin": round(float(margin), 4),
            }
        )
    return told
