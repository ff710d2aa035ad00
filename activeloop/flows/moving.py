"""How many predictions a new version moved: what the labels it learned have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from activeloop.flows import featurising, models
from activeloop.spec import Answer
from activeloop.store.tables import Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from activeloop.learn.types import Features, Model

LOOKED_AT = 5_000
"""The pool's predictions are compared on so many samples, drawn at random."""


def moved(
    services: Services,
    parent: Version | None,
    model: Model,
    *,
    featurizer_id: int,
    samples: int,
    answer: Answer,
) -> dict[str, Any]:
    """Compare what a new model and its parent predict for the pool.

    Returns:
        `moved` of the `of` samples are predicted otherwise, exactly so when `exact`, else as
        estimated; empty when there is no parent with the same features and as many classes.
    """
    import numpy as np

    if parent is None or parent.dropped_at or parent.featurizer_id != featurizer_id or not samples:
        return {}
    before = models.read(services, parent.artifact)
    if before.n_classes != model.n_classes:
        return {}
    chance = np.random.default_rng([parent.seed, parent.number])
    drawn = (
        np.arange(samples)
        if samples <= LOOKED_AT
        else np.sort(chance.choice(samples, LOOKED_AT, replace=False))
    )
    X = featurising.rows(services, featurizer_id, drawn.tolist())
    changed = np.mean(_predicted(before, X, answer) != _predicted(model, X, answer)).item()
    return {"moved": round(changed * samples), "of": samples, "exact": samples <= LOOKED_AT}


def _predicted(model: Model, X: Features, answer: Answer) -> NDArray[Any]:
    """Give one value for each row, which differs when the answer does."""
    import numpy as np

    proba = model.predict_proba(X)
    if answer == "one":
        return np.asarray(proba.argmax(axis=1))
    return np.array([bytes(row) for row in np.packbits(proba >= 0.5, axis=1)])
