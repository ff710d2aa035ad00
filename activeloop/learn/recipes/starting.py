"""Go on from an earlier linear model: begin where it ended, or stay near it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.recipes.design import Design
from activeloop.learn.recipes.heads import Heads
from activeloop.learn.recipes.softmax import Fitted
from activeloop.learn.types import Features, Float32s, Targets

ITERATIONS: Final = 500
TOLERANCE: Final = 1e-6

Doubles = NDArray[np.float64]
Loss = Callable[[Doubles], tuple[float, Doubles]]


@dataclass(frozen=True)
class Before:
    """What is known of an earlier model: its heads, which classes they are of, and temperature."""

    heads: Heads
    present: NDArray[np.int64]
    temperature: float


def begin(design: Design, before: Before, present: NDArray[np.int64]) -> Fitted:
    """Say in the coordinates of a design where an earlier model stands; the optimum is the same.

    A class it has not learned begins at zero.

    Args:
        design: the rows of now.
        before: the earlier model.
        present: (c,) the classes to learn now.
    """
    from scipy.linalg import solve_triangular

    old = _on(design, before)
    offsets = before.heads.offsets + design.mean @ old
    flat = old / np.where(design.scale > 0, design.scale, np.inf)[:, None]
    if design.lower is not None:
        flat = solve_triangular(design.lower, np.asarray(design.weighted @ flat), lower=True)
    coef, begun = np.zeros((flat.shape[0], len(present))), np.zeros(len(present))
    both, now, then = np.intersect1d(present, before.present, return_indices=True)
    if len(both):
        coef[:, now] = flat[:, then] * before.temperature
        begun[now] = offsets[then] * before.temperature
    return Fitted(coef, begun, converged=True)


def _on(design: Design, before: Before) -> Doubles:
    """Give the earlier weights of the design's columns, zero where there was none."""
    heads = before.heads
    weights = np.asarray(heads.weights, np.float64)
    if design.columns is None or heads.columns is None:
        return weights
    found = np.zeros((len(design.columns), weights.shape[1]))
    _, now, then = np.intersect1d(design.columns, heads.columns, return_indices=True)
    found[now] = weights[then]
    return found


def stay_near(
    design: Design,
    rows: NDArray[Any],
    X: Features,
    aims: Targets,
    before: Before,
    *,
    pull: float,
    weights: NDArray[Any] | None = None,
) -> Heads:
    """Fit an earlier model to some rows while a pull holds it where it was.

    Minimises mean loss + pull * ||theta - theta_0||^2 over what is added to the earlier weights and
    offsets, in the design's coordinates, where a row has a mean length of 1. The earlier scores
    are the calibrated ones. With a pull without end the earlier model is what comes out.

    Args:
        design: of all labelled rows, so that the coordinates do not hang on a few new ones.
        rows: (n,) which rows are learned from, true or false.
        X: (n, d) all labelled rows as given.
        aims: (n,) places among the earlier model's classes, or (n, c) marks of them.
        before: the earlier model.
        pull: lambda, 0 or more.
        weights: (n,) weights of the rows, or None for 1 each.

    Source:
        Evgeniou & Pontil (2004), "Regularized multi-task learning".
    """
    if not np.any(rows):
        return before.heads
    base = before.heads.scores(X[rows]).T.astype(np.float64)
    task = _Task(
        design.Z[rows].astype(np.float64),
        base,
        _marks(aims[rows], base.shape[1]),
        _shares(int(np.sum(rows)), None if weights is None else weights[rows]),
        pull,
        aims.ndim == 2,
    )
    found = _least(task)
    change, offsets = design.unfold(found[:-1], found[-1])
    return _added(before.heads, design.columns, change, offsets)


def members_near(  # noqa: PLR0913 - what decides a model is in one call
    design: Design,
    rows: NDArray[Any],
    X: Features,
    aims: Targets,
    before: Before,
    *,
    pull: float,
    k: int,
    rng: np.random.Generator,
    members: Heads | None,
) -> Heads | None:
    """Fit k members to randomly weighted rows, each near the earlier member in its place.

    Without as many earlier members, all of them are held near the earlier model itself.
    """
    if not k:
        return None
    drawn = rng.exponential(size=(k, len(aims)))
    olds = _apart(members) if members is not None and members.count == k else [before.heads] * k
    made = [
        stay_near(
            design,
            rows,
            X,
            aims,
            Before(old, before.present, 1.0),
            pull=pull,
            weights=weights,
        )
        for old, weights in zip(olds, drawn, strict=True)
    ]
    return Heads(
        before.heads.width,
        made[0].columns,
        np.hstack([each.weights for each in made]),
        np.concatenate([each.offsets for each in made]),
        k,
    )


def _apart(members: Heads) -> list[Heads]:
    step = len(members.offsets) // members.count
    return [
        Heads(
            members.width,
            members.columns,
            members.weights[:, at : at + step],
            members.offsets[at : at + step],
            1,
        )
        for at in range(0, len(members.offsets), step)
    ]


def _shares(count: int, weights: NDArray[Any] | None) -> Doubles:
    given = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    shares: Doubles = np.asarray(given / given.sum(), np.float64).reshape(-1, 1)
    return shares


@dataclass(frozen=True, eq=False)
class _Task:
    """What is minimised: rows, their scores before, marks, shares of the loss, and the pull."""

    Z: Features
    base: Doubles
    marks: Doubles
    shares: Doubles
    pull: float
    several: bool


def _marks(aims: Targets, count: int) -> Doubles:
    return np.asarray(aims if aims.ndim == 2 else np.eye(count)[aims], np.float64)


def _least(task: _Task) -> Doubles:
    """Give the (r + 1, c) change of weights and, last, offsets that costs least."""
    from scipy.optimize import minimize
    from scipy.special import expit, log_softmax, softmax

    width, marks, shares, pull = task.Z.shape[1], task.marks, task.shares, task.pull
    shape = (width + 1, marks.shape[1])

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        change = flat.reshape(shape)
        scores = task.base + np.asarray(task.Z @ change[:width]) + change[width]
        if task.several:
            value = (shares * (np.logaddexp(0, scores) - marks * scores)).sum()
            residuals = shares * (expit(scores) - marks)
        else:
            value = -(shares * marks * log_softmax(scores, axis=1)).sum()
            residuals = shares * (softmax(scores, axis=1) - marks)
        slope = 2 * pull * change
        slope[:width] += np.asarray(task.Z.T @ residuals)
        slope[width] += residuals.sum(axis=0)
        return float(value + pull * (change**2).sum()), slope.ravel()

    found = minimize(
        loss,
        np.zeros(shape).ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "gtol": TOLERANCE, "ftol": 8 * np.finfo(float).eps},
    )
    return np.asarray(found.x).reshape(shape)


def _added(
    heads: Heads, columns: NDArray[np.int32] | None, weights: Float32s, offsets: Float32s
) -> Heads:
    """Add a change to heads whose columns may be others than the change's."""
    shifted = heads.offsets + offsets
    if columns is None or heads.columns is None:
        return Heads(heads.width, heads.columns, heads.weights + weights, shifted, heads.count)
    every = np.union1d(heads.columns, columns).astype(np.int32)
    summed = np.zeros((len(every), weights.shape[1]), np.float32)
    summed[np.searchsorted(every, heads.columns)] += heads.weights
    summed[np.searchsorted(every, columns)] += weights
    return Heads(heads.width, every, summed, shifted, heads.count)


def before(parent: Any, X: Features, n_classes: int, *, several: bool) -> Before:
    """Take an earlier linear model as what to go on from.

    Raises:
        Invalid: when it is of another recipe, kind of answer, features or classes.
    """
    if parent.recipe != "linear" or getattr(parent, "several", False) != several:
        raise Invalid("Cannot go on from a model of another recipe or answer; train in full.")
    sparse = not isinstance(X, np.ndarray)
    if parent.heads.width != X.shape[1] or (parent.heads.columns is not None) != sparse:
        raise Invalid("The features are made differently since the parent; train in full.")
    if parent.n_classes != n_classes:
        raise Invalid("The classes have changed since the parent; train in full.")
    return Before(parent.heads, parent.present, float(parent.facts["temperature"]))


def check_known(before: Before, present: NDArray[np.int64]) -> None:
    """Refuse labels of a class that the earlier model has not learned.

    Raises:
        Invalid: saying so.
    """
    if not np.isin(present, before.present).all():
        raise Invalid("There are labels of a class the parent has not learned; train in full.")
