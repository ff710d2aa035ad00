"""When is it enough? What the next labels would bring, and whether the model still moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.types import Estimate, Ints

STABLE: Final = 0.99
"""Kappa between successive versions from which predictions count as stable."""
WINDOW: Final = 3
FEWEST: Final = 4
"""Versions of which a curve is made."""
RESAMPLES: Final = 1000
EXPONENTS: Final = np.geomspace(0.05, 3, 40)


@dataclass(frozen=True)
class Measured:
    """A version: the labels it learned from, and its audit figure from n audit labels."""

    labels: int
    value: float
    n: int


@dataclass(frozen=True)
class Expected:
    """The curve beyond the labels there are.

    Attributes:
        gain: of the next labels, with its 95 % band.
        curve: (labels, figure with band), at the labels there are and beyond.
    """

    gain: Estimate
    curve: Sequence[tuple[int, Estimate]]


def kappa(before: Ints, after: Ints) -> float:
    """Give Cohen's kappa between what two versions predict for the same samples.

    Source:
        Cohen (1960); as a stopping rule Bloodgood & Vijay-Shanker (2009).

    Example:
        >>> kappa(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
        0.5
    """
    n = len(before)
    if not n:
        return 1.0
    classes = np.unique(np.concatenate([before, after]))
    agree = float((before == after).mean())
    chance = sum(float((before == c).mean()) * float((after == c).mean()) for c in classes)
    return 1.0 if chance == 1 else (agree - chance) / (1 - chance)


def expected(
    points: Sequence[Measured], *, ahead: int, rng: np.random.Generator
) -> Expected | None:
    """Carry the learning curve on: a - b * labels ** -c, fitted to the versions' figures.

    Args:
        points: versions in the order of their labels; at least four different numbers of labels.
        ahead: labels to come.
        rng: draws the resampled figures, each from its own audit labels' binomial.

    Returns:
        None when there are too few versions.

    Source:
        Power laws of learning curves: Cortes et al. (1994); Viering & Loog (2022).
    """
    kept = _distinct(points)
    if len(kept) < FEWEST:
        return None
    labels = np.array([point.labels for point in kept], float)
    values = np.array([point.value for point in kept])
    n = np.array([point.n for point in kept])
    drawn = rng.binomial(n, np.clip(values, 0, 1), size=(RESAMPLES, len(n))) / n
    last = kept[-1].labels
    grid = np.unique(np.linspace(last, last + ahead, 5).astype(int))
    whole, others = _onward(labels, values[None], grid)[0], _onward(labels, drawn, grid)
    size = kept[-1].n
    gain = _estimate(float(whole[-1] - whole[0]), others[:, -1] - others[:, 0], size)
    onward = [
        (int(at), _estimate(float(value), others[:, place], size))
        for place, (at, value) in enumerate(zip(grid, whole, strict=True))
    ]
    return Expected(gain, onward)


def _distinct(points: Sequence[Measured]) -> list[Measured]:
    """Keep the newest version of each number of labels."""
    newest = {point.labels: point for point in points if point.labels > 0 and point.n > 0}
    return [newest[labels] for labels in sorted(newest)]


def _onward(
    labels: NDArray[np.float64], values: NDArray[np.float64], grid: Ints
) -> NDArray[np.float64]:
    """Fit a - b * labels ** -c to each of B curves by least squares; give (B, len(grid)).

    For a given exponent the rest is linear, so exponents are tried on a grid. The curve never
    falls (b >= 0), and stays within 0 and 1.
    """
    best = np.full(len(values), np.inf)
    found = np.zeros((len(values), len(grid)))
    for c in EXPONENTS:
        x = labels**-c
        apart = x - x.mean()
        b = np.maximum(0.0, -(values @ apart) / (apart @ apart))
        a = np.minimum(1.0, values.mean(axis=1) + b * x.mean())
        errors = ((a[:, None] - b[:, None] * x - values) ** 2).sum(axis=1)
        better = errors < best
        best = np.where(better, errors, best)
        onward = a[:, None] - b[:, None] * grid.astype(float) ** -c
        found = np.where(better[:, None], onward, found)
    clipped: NDArray[np.float64] = np.clip(found, 0, 1)
    return clipped


def _estimate(value: float, drawn: NDArray[np.float64], n: int) -> Estimate:
    low, high = (float(end) for end in np.quantile(drawn, (0.025, 0.975)))
    return Estimate(value, min(low, value), max(high, value), n)
