"""Is choosing paying? Labels that were queried beside as many that were drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from activeloop.errors import CannotLearn
from activeloop.learn.evaluate import wilson
from activeloop.learn.evaluate_marks import named
from activeloop.learn.pairs import paired_difference
from activeloop.learn.recipes import Recipe
from activeloop.learn.train import Choice, fit
from activeloop.learn.types import Bools, Estimate, Features, Floats, Ints, Targets

FEWEST: Final = 20
"""Labels that each arm must have."""
BUDGETS: Final = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)
MOST: Final = 2000
Verdict = Literal["ahead", "behind", "not told apart"]


@dataclass(frozen=True, eq=False)
class Labels:
    """Labelled samples: (n, d) features, and (n,) classes or (n, C) marks."""

    X: Features
    y: Targets


@dataclass(frozen=True, eq=False)
class Arms:
    """The training labels of a project, and which of them came how.

    A query is made in view of the labels there are. So what neither arm asked for, as what was
    imported, is given to both: without it queried samples, which are the hard ones, would be all
    that a model knows.

    Attributes:
        labels: all of them.
        queried: rows that active learning asked for, in the order in which they came.
        random: rows that were drawn at random, in that order.
        shared: all other rows.
    """

    labels: Labels
    queried: Ints
    random: Ints
    shared: Ints


@dataclass(frozen=True)
class Point:
    """Both arms at the same number of labels, on the same audit labels.

    Attributes:
        labels: of each arm.
        queried: share of audit samples told right.
        random: the same of the random arm.
        difference: queried minus random, by Tango's paired interval.
    """

    labels: int
    queried: Estimate
    random: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Saved:
    """What queried labels stand for.

    Attributes:
        labels: queried labels.
        random: how many random ones do as well; None when none of those there are does.
        at_least: how many random ones were tried.
    """

    labels: int
    random: float | None
    at_least: int


def compare(arms: Arms, audit: Labels, recipe: Recipe, n_classes: int, *, seed: int) -> list[Point]:
    """Train on the first labels of either arm, at budgets that both have, and measure both.

    Budgets at which an arm has labels of one class only are left out.
    """
    most = min(len(arms.queried), len(arms.random), MOST)
    points = []
    for labels in sorted({int(share * most) for share in BUDGETS if share * most >= FEWEST}):
        try:
            hits = []
            for own in (arms.queried, arms.random):
                # in the order of the pool: a fit must not depend on who came first
                rows = np.sort(np.concatenate([arms.shared, own[:labels]]))
                part = Labels(arms.labels.X[rows], arms.labels.y[rows])
                hits.append(_right(part, audit, recipe, n_classes, seed))
        except CannotLearn:
            continue
        n = len(audit.y)
        gains, losses = int((hits[0] & ~hits[1]).sum()), int((hits[1] & ~hits[0]).sum())
        ours, theirs = (wilson(int(hit.sum()), n) for hit in hits)
        points.append(Point(labels, ours, theirs, paired_difference(gains, losses, n)))
    return points


def verdict(points: Sequence[Point]) -> Verdict:
    """Say which arm is ahead at the largest budget, beyond chance."""
    if not points:
        return "not told apart"
    difference = points[-1].difference
    if difference.low > 0:
        return "ahead"
    return "behind" if difference.high < 0 else "not told apart"


def saved(points: Sequence[Point]) -> Saved | None:
    """Say how many random labels the queried labels of the smallest budget that tells stand for.

    The random arm's curve is interpolated between its budgets. The budget is the largest whose
    figure the random arm reaches; when it reaches none, the largest there is.
    """
    if not points:
        return None
    most = points[-1].labels
    for point in reversed(points):
        reached = _reached(
            [(each.labels, each.random.value) for each in points], point.queried.value
        )
        if reached is not None:
            return Saved(point.labels, reached, most)
    return Saved(most, None, most)


def _reached(curve: Sequence[tuple[int, float]], wanted: float) -> float | None:
    before: tuple[int, float] | None = None
    for labels, value in curve:
        if value >= wanted:
            if before is None or value == before[1]:
                return float(labels)
            share = (wanted - before[1]) / (value - before[1])
            return before[0] + share * (labels - before[0])
        before = (labels, value)
    return None


def _right(part: Labels, audit: Labels, recipe: Recipe, n_classes: int, seed: int) -> Bools:
    trained = fit(
        recipe,
        part.X,
        part.y,
        n_classes,
        seed=seed,
        snapshot=len(part.y),
        choice=Choice("full", "to compare arms"),
    )
    return _hits(audit.y, trained.model.predict_proba(audit.X))


def _hits(y: Targets, proba: Floats) -> Bools:
    if y.ndim == 2:
        return np.asarray((named(proba) == y.astype(bool)).all(axis=1))
    return np.asarray(proba.argmax(axis=1) == y)
