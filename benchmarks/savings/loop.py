"""One run: a seed's pool from no label to the whole budget, with one picker."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from activeloop.errors import CannotLearn
from activeloop.learn import recipes
from benchmarks.savings.datasets import DataSet, Measure, Setting
from benchmarks.savings.situations import Situation, project

if TYPE_CHECKING:
    from activeloop.learn.types import Features, Float32s, Ints, Model
    from benchmarks.savings.pickers import Picker

GROWTH = 0.2


@dataclass(frozen=True)
class Curve:
    """What a run gave.

    Attributes:
        labels: how many labels there were after each batch.
        scores: the measure on the test split then.
        seconds: of picking, all batches together.
    """

    labels: list[int]
    scores: list[float]
    seconds: float


@dataclass(frozen=True, eq=False)
class Pool:
    """What a seed drew."""

    X: Features
    y: Ints
    dense: Float32s


def draw(data: DataSet, setting: Setting, seed: int) -> Pool:
    """Draw a seed's pool; it is the same for every picker."""
    order = np.random.default_rng([seed, 1]).permutation(len(data.y))[: setting.pool]
    X = data.X[order]
    return Pool(X, data.y[order], project(X, seed=seed))


def steps(first: int, budget: int) -> list[int]:
    """Say after how many labels a model is fitted: each batch a fifth of what there is.

    Example:
        >>> steps(20, 40)
        [20, 25, 30, 36, 40]
    """
    found = [first]
    while found[-1] < budget:
        found.append(min(budget, found[-1] + max(5, round(GROWTH * found[-1]))))
    return found


def run(data: DataSet, setting: Setting, pool: Pool, picker: Picker, seed: int) -> Curve:
    """Ask batch after batch and measure after each."""
    labelled, model, seconds = np.zeros(0, np.int64), None, 0.0
    labels, scores = steps(setting.first, setting.budget), []
    for place, wanted in enumerate(labels):
        mixed = zlib.crc32(f"{seed}/{place}".encode())
        now = Situation(pool.X, pool.dense, labelled, pool.y[labelled], data.classes, model, mixed)
        began = time.perf_counter()
        asked = picker(now, wanted - len(labelled))
        seconds += time.perf_counter() - began
        check(asked, now, wanted - len(labelled))
        labelled = np.concatenate([labelled, asked])
        model = fit(pool.X[labelled], pool.y[labelled], data.classes, seed)
        scores.append(0.0 if model is None else measure(model, data, setting.measure))
    return Curve(labels, scores, seconds)


def check(asked: Ints, now: Situation, wanted: int) -> None:
    """Refuse a choice that is short, repeats itself or asks for what is labelled.

    Raises:
        ValueError: saying which.
    """
    distinct = np.unique(asked)
    if len(distinct) != wanted or len(asked) != wanted:
        raise ValueError(f"{wanted} distinct rows were wanted, got {len(distinct)} distinct.")
    if np.isin(distinct, now.labelled).any():
        raise ValueError("A row that has a label was asked for again.")


def full(data: DataSet, setting: Setting, pool: Pool, seed: int) -> float:
    """Measure the same estimator trained on the whole pool."""
    model = fit(pool.X, pool.y, data.classes, seed)
    return 0.0 if model is None else measure(model, data, setting.measure)


def fit(X: Features, y: Ints, classes: int, seed: int) -> Model | None:
    """Fit our default recipe; None while there are labels of fewer than two classes."""
    try:
        return recipes.get("linear").fit(X, y, classes, seed=seed)
    except CannotLearn:
        return None


def measure(model: Model, data: DataSet, name: Measure) -> float:
    """Measure a model on the test split.

    Returns:
        Accuracy, or the mean over the classes of the share found: in [0, 1].
    """
    right = model.predict_proba(data.test_X).argmax(axis=1) == data.test_y
    if name == "accuracy":
        return float(right.mean())
    return float(np.mean([right[data.test_y == c].mean() for c in range(data.classes)]))
