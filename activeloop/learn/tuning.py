"""What a search over recipes tries, and how well a try does on labels it has not learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from activeloop.errors import CannotLearn
from activeloop.learn import recipes
from activeloop.learn.folds import deal
from activeloop.learn.types import Features, Ints, Targets
from activeloop.spec import Params

FOLDS: Final = 5
SPACE: Final[Mapping[str, Mapping[str, tuple[str, float, float]]]] = {
    "linear": {"C": ("log", 0.01, 1000.0)},
    "online": {
        "step": ("log", 0.1, 10.0),
        "alpha": ("log", 1e-7, 1e-2),
        "epochs": ("whole", 5, 40),
    },
    "forest": {"trees": ("whole", 40, 240)},
}


class Trial(Protocol):
    """What suggests values: an Optuna trial, or something that answers as one."""

    def suggest_categorical(self, name: str, choices: list[str]) -> str:
        """Choose one of several."""
        ...

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
        """Choose a number."""
        ...

    def suggest_int(self, name: str, low: int, high: int) -> int:
        """Choose a whole number."""
        ...


@dataclass(frozen=True)
class Tried:
    """How often a recipe was right on rows it had not learned, by fold.

    Attributes:
        mean: the share of all rows, 0 to 1.
        low: of the 95 % interval over the folds' shares (Student's t).
        high: likewise.
        folds: each fold's share.
    """

    mean: float
    low: float
    high: float
    folds: tuple[float, ...]


def suggest(trial: Trial) -> tuple[str, Params]:
    """Let a trial choose a recipe of ours and its parameters."""
    name = trial.suggest_categorical("recipe", sorted(SPACE))
    params: Params = {}
    for key, (how, low, high) in SPACE[name].items():
        where = f"{name}.{key}"
        if how == "whole":
            params[key] = trial.suggest_int(where, int(low), int(high))
        else:
            params[key] = float(f"{trial.suggest_float(where, low, high, log=True):.4g}")
    return name, params


def cross_validate(
    name: str,
    params: Params,
    X: Features,
    y: Targets,
    n_classes: int,
    *,
    seed: int,
    groups: Ints | None = None,
    check: Callable[[], None] = lambda: None,
) -> Tried:
    """Tell how often a recipe is right on rows it has not learned.

    The interval counts the folds as if they were independent. They share training rows, so it is
    somewhat narrow (Nadeau & Bengio, 2003): it ranks, the gate decides.

    Args:
        name: the recipe's.
        params: its parameters.
        X: (n, d) training rows; never those of the audit stratum.
        y: (n,) class indices, or (n, C) marks, right when all marks of a row are.
        n_classes: how many classes there are.
        seed: of folds and models.
        groups: (n,) the group of each row; the rows of a group fall into one fold.
        check: called before each fold; may raise to stop.

    Raises:
        CannotLearn: when no fold leaves anything to learn from.
    """
    dealt, right = dealt_out(y, groups, seed), np.zeros(len(y), bool)
    shares = []
    for fold in range(FOLDS):
        check()
        held = dealt == fold
        if not held.any() or not (~held).any():
            continue
        with threadpool_limits(limits=1):
            model = recipes.get(name, params).fit(X[~held], y[~held], n_classes, seed=seed)
            proba = model.predict_proba(X[held])
        right[held] = _right(y[held], proba)
        shares.append(float(right[held].mean()))
    if len(shares) < 2:
        raise CannotLearn("There are too few labels to hold some of them out.")
    return _summed(float(right.mean()), shares)


def dealt_out(y: Targets, groups: Ints | None, seed: int) -> Ints:
    """Deal rows to folds, each class evenly; of a group all go with its first row."""
    rng = np.random.default_rng(seed)
    if groups is None:
        return deal(y, FOLDS, rng)
    _, first, of = np.unique(groups, return_index=True, return_inverse=True)
    return np.asarray(deal(y[first], FOLDS, rng)[of], np.int64)


def _right(y: Targets, proba: Any) -> Any:
    if y.ndim == 2:
        return ((proba >= 0.5) == y.astype(bool)).all(axis=1)
    return proba.argmax(axis=1) == y


def _summed(mean: float, shares: list[float]) -> Tried:
    from scipy.stats import t

    half = float(t.ppf(0.975, len(shares) - 1)) * float(np.std(shares, ddof=1))
    half /= math.sqrt(len(shares))
    return Tried(mean, max(0.0, mean - half), min(1.0, mean + half), tuple(shares))
