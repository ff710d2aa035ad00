"""Probabilities for labelled samples, each by a model that did not learn from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from activeloop.learn.recipes import Recipe
from activeloop.learn.types import Features, Float32s, Ints, Targets

FOLDS = 5


def deal(y: Targets, folds: int, rng: np.random.Generator) -> Ints:
    """Deal samples out to folds, those of each class evenly.

    Args:
        y: (n,) class indices, or (n, C) marks; of these a sample goes with the rarest it has.
        folds: how many.
        rng: decides who goes where.

    Returns:
        (n,) the fold of each.

    Example:
        >>> dealt = deal(np.array([0, 0, 0, 0, 1, 1]), 2, np.random.default_rng(0))
        >>> np.bincount(dealt[:4]).tolist(), np.bincount(dealt[4:]).tolist()
        ([2, 2], [1, 1])
    """
    groups = _rarest(y) if y.ndim == 2 else y
    order = rng.permutation(len(groups))
    order = order[np.argsort(groups[order], kind="stable")]
    dealt = np.empty(len(groups), np.int64)
    dealt[order] = np.arange(len(groups)) % folds
    return dealt


def _rarest(marks: Targets) -> Ints:
    counts = marks.sum(axis=0)
    cost = np.where(marks, counts, len(marks) + 1)
    rarest: Ints = np.where(marks.any(axis=1), cost.argmin(axis=1), marks.shape[1])
    return rarest.astype(np.int64)


def out_of_fold(
    recipe: Recipe,
    X: Features,
    y: Targets,
    n_classes: int,
    *,
    seed: int,
    folds: int = FOLDS,
    tell: Callable[[float], None] = lambda _: None,
) -> Float32s:
    """Predict each sample by a model trained on the other folds.

    Args:
        recipe: what learns.
        X: (n, d) features.
        y: (n,) class indices, or (n, C) marks.
        n_classes: how many classes there are.
        seed: of the folds and the models.
        folds: how many.
        tell: is told what share is done.

    Returns:
        (n, C) probabilities.

    Raises:
        CannotLearn: when what is left without a fold cannot be learned from.
    """
    dealt = deal(y, folds, np.random.default_rng(seed))
    proba = np.zeros((len(y), n_classes), np.float32)
    for fold in range(folds):
        tell(fold / folds)
        held = dealt == fold
        if not held.any():
            continue
        with threadpool_limits(limits=1):
            model = recipe.fit(X[~held], y[~held], n_classes, seed=seed)
            proba[held] = model.predict_proba(X[held])
    return proba
