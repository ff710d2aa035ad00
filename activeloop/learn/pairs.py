"""Two models on the same samples: who is right where the other is wrong, and is it chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom, norm

from activeloop.errors import Invalid
from activeloop.learn.evaluate_marks import named
from activeloop.learn.types import Bools, Estimate, Floats, Ints, Targets


@dataclass(frozen=True)
class Pairs:
    """How a challenger fares against a champion.

    Attributes:
        n: samples looked at.
        gains: samples that only the challenger gets right, all labels of them.
        losses: samples that only the champion gets right.
        won: decisions that only the challenger gets right: of one label the gains.
        lost: decisions that only the champion gets right.
        p_worse: one-sided exact p-value for "the challenger is worse".
        p_better: the same for "better".
        counts: the decisions in words.
        of: what the points of a difference are points of, in words; empty for one label.
    """

    n: int
    gains: int
    losses: int
    won: int
    lost: int
    p_worse: float
    p_better: float
    counts: str
    of: str = ""


def paired(y: Targets, champion_proba: Floats, challenger_proba: Floats) -> Pairs:
    """Compare two models sample by sample.

    Args:
        y: (n,) true classes, or (n, C) marks.
        champion_proba: (n, C) the champion's probabilities.
        challenger_proba: (n, C) the challenger's.

    Raises:
        Invalid: when the shapes do not belong together.

    Source:
        McNemar (1947), exact form; for several labels Fisher's permutation test, which is
        McNemar's when a sample is one decision.
    """
    if not len(y) == len(champion_proba) == len(challenger_proba):
        raise Invalid(f"{len(y)} labels want as many rows of both models' probabilities.")
    if y.ndim == 2:
        return _of_several(y.astype(np.bool_), champion_proba, challenger_proba)
    before = champion_proba.argmax(axis=1) == y if len(y) else np.zeros(0, np.bool_)
    after = challenger_proba.argmax(axis=1) == y if len(y) else np.zeros(0, np.bool_)
    n, gains, losses = len(y), int((after & ~before).sum()), int((before & ~after).sum())
    p_worse, p_better = (
        float(binom.sf(count - 1, gains + losses, 0.5)) for count in (losses, gains)
    )
    counts = (
        f"Of {n} audit labels it gets {gains} right that the champion gets wrong, "
        f"and {losses} the other way round"
    )
    return Pairs(n, gains, losses, gains, losses, p_worse, p_better, counts)


def _of_several(marks: Bools, champion_proba: Floats, challenger_proba: Floats) -> Pairs:
    if not marks.shape == champion_proba.shape == challenger_proba.shape:
        raise Invalid(f"Marks of shape {marks.shape} want probabilities of that shape.")
    before, after = named(champion_proba) == marks, named(challenger_proba) == marks
    whole_before, whole_after = before.all(axis=1), after.all(axis=1)
    won, lost = (after & ~before).sum(axis=1), (before & ~after).sum(axis=1)
    p_worse, p_better = flipped(won - lost)
    counts = (
        f"Of {marks.size:,} class decisions on {len(marks)} audit samples it gets "
        f"{won.sum()} right that the champion gets wrong, and {lost.sum()} the other way round"
    )
    return Pairs(
        n=len(marks),
        gains=int((whole_after & ~whole_before).sum()),
        losses=int((whole_before & ~whole_after).sum()),
        won=int(won.sum()),
        lost=int(lost.sum()),
        p_worse=p_worse,
        p_better=p_better,
        counts=counts,
        of=" of exact match",
    )


def flipped(differences: Ints | NDArray[np.integer]) -> tuple[float, float]:
    """Give the chances of a sum as low, and as high, were each difference's sign a coin's.

    A sample's decisions hang together, so samples are flipped and not decisions. The chances are
    exact: differences of one size add up to a binomial count, and the sizes are convolved.

    Args:
        differences: (n,) whole numbers.

    Example:
        >>> flipped(np.array([1, 1, 2, 0]))
        (1.0, 0.125)
    """
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    chances = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        steps = np.zeros(2 * size * count + 1)
        steps[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, steps)
    at = int(differences.sum()) + len(chances) // 2
    return min(1.0, float(chances[: at + 1].sum())), min(1.0, float(chances[at:].sum()))


def paired_difference(gains: int, losses: int, n: int, *, level: float = 0.95) -> Estimate:
    """Give the difference of two paired shares with Tango's score interval.

    It stays honest when the two never disagree: with n pairs alike the interval is
    +-z^2 / (n + z^2), not a point.

    Args:
        gains: pairs where only the second is right.
        losses: pairs where only the first is right.
        n: all pairs, at least 1.
        level: confidence of the two-sided interval.

    Example:
        >>> round(paired_difference(0, 0, 100).low, 3)
        -0.037

    Source:
        Tango (1998), "Equivalence test and confidence interval for the difference in proportions
        for the paired-sample design", Statistics in Medicine 17.
    """
    z, value = float(norm.ppf((1 + level) / 2)), (gains - losses) / n

    def beyond(limit: float) -> Callable[[float], float]:
        return lambda delta: _score(delta, gains, losses, n) - limit

    edge = 1 - 1e-12
    low = -1.0 if losses == n else float(brentq(beyond(z), -edge, value))
    high = 1.0 if gains == n else float(brentq(beyond(-z), value, edge))
    return Estimate(value, min(low, value), max(high, value), n)


def _score(delta: float, gains: int, losses: int, n: int) -> float:
    """Tango's statistic for the hypothesis that the difference is `delta`; falls with it."""
    distance = gains - losses - n * delta
    linear = -gains - losses + (2 * n - gains + losses) * delta
    root = np.sqrt(max(0.0, linear**2 + 8 * n * losses * delta * (1 - delta)))
    share = (root - linear) / (4 * n)
    variance = n * (2 * share + delta * (1 - delta))
    if distance == 0:
        return 0.0
    return float(distance / np.sqrt(max(variance, 1e-18)))
