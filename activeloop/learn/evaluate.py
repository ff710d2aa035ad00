"""Measure a model on audit labels; every figure comes with its interval.

Example:
    >>> import numpy as np
    >>> proba = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> found = measure(np.array([0, 1]), proba, rng=np.random.default_rng(0))
    >>> round(found["accuracy"].low, 2)
    0.34
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from activeloop.errors import Invalid
from activeloop.learn.types import Estimate, Floats, Ints, Targets

RESAMPLES: Final = 1000
BINS: Final = 15
LEAST_PROBABILITY: Final = 1e-7
"""Log loss counts a smaller probability as this, so that one row cannot make it infinite."""
_CHUNK: Final = 4_000_000
_RANGES: Final = {
    "macro_f1": (0.0, 1.0),
    "log_loss": (0.0, float(-np.log(LEAST_PROBABILITY))),
    "brier": (0.0, 2.0),
    "ece": (0.0, 1.0),
}
Statistic = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]


def measure(y: Targets, proba: Floats, *, rng: np.random.Generator) -> dict[str, Estimate]:
    """Measure accuracy, macro F1, log loss, Brier score and calibration error.

    Marks are measured by what fits them: see `evaluate_marks.measure`.

    Args:
        y: (n,) true classes in [0, C), or (n, C) marks.
        proba: (n, C) probabilities.
        rng: draws the resamples.

    Returns:
        By name, with 95 % intervals: Wilson's for `accuracy`; the percentile bootstrap for
        `macro_f1` (over classes that occur or are predicted), `log_loss` (nats), `brier` (0..2)
        and `ece` (15 equal bins of the top probability). Empty without labels; with one label the
        intervals other than accuracy's are the whole range.

    Raises:
        Invalid: when shapes or classes do not fit.

    Source:
        Wilson (1927); Efron (1979); Naeini, Cooper & Hauskrecht (2015) for ece.
    """
    if y.ndim == 2:
        from activeloop.learn import evaluate_marks

        return evaluate_marks.measure(y.astype(np.bool_), proba, rng=rng)
    y = y.astype(np.int64, copy=False)
    _check(y, proba)
    n = len(y)
    if n == 0:
        return {}
    right = proba.argmax(axis=1) == y
    found = {"accuracy": wilson(int(right.sum()), n)}
    statistics = _statistics(y, np.asarray(proba, np.float64))
    sure = {"macro_f1": found["accuracy"]}
    return found | intervals(statistics, n, ranges=_RANGES, sure=sure, rng=rng)


def intervals(
    statistics: Mapping[str, Statistic],
    n: int,
    *,
    ranges: Mapping[str, tuple[float, float]],
    sure: Mapping[str, Estimate],
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Give figures with percentile bootstrap intervals.

    Args:
        statistics: each figure as a function of (B, n) weights of the rows, which yields (B,).
        n: how many rows there are, at least 1.
        ranges: what each figure can be, which is its interval when there is a single row.
        sure: what a figure that is the same in every resample takes its interval from.
        rng: draws the resamples.

    Source:
        Efron (1979).
    """
    found = {}
    drawn = _resampled(statistics, n, rng)
    whole = np.ones((1, n))
    for name, statistic in statistics.items():
        value = float(statistic(whole)[0])
        if n == 1:
            found[name] = Estimate(value, *ranges[name], n)
        else:
            found[name] = _interval(value, drawn[name], n, sure.get(name))
    return found


def wilson(hits: int, n: int, *, level: float = 0.95) -> Estimate:
    """Give a share with Wilson's score interval.

    Example:
        >>> round(wilson(10, 10).low, 3)
        0.722
    """
    z = float(norm.ppf((1 + level) / 2))
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if hits == 0 else max(0.0, float(middle - half))
    high = 1.0 if hits == n else min(1.0, float(middle + half))
    return Estimate(share, low, high, n)


def _check(y: Ints, proba: Floats) -> None:
    if proba.ndim != 2 or len(proba) != len(y):
        raise Invalid(f"{len(y)} labels want as many rows of probabilities, got {proba.shape}.")
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < proba.shape[1]:
        raise Invalid(f"Labels must be in 0..{proba.shape[1] - 1}.")


def _statistics(y: Ints, proba: NDArray[np.float64]) -> dict[str, Statistic]:
    """Give each figure as a function of (B, n) weights of the rows, which yields (B,)."""
    rows, predicted = np.arange(len(y)), proba.argmax(axis=1)
    log_losses = -np.log(np.maximum(proba[rows, y], LEAST_PROBABILITY))
    squares = (proba**2).sum(axis=1) - 2 * proba[rows, y] + 1
    used, places = np.unique(np.concatenate([y, predicted]), return_inverse=True)
    truth, guess = np.eye(len(used))[places[: len(y)]], np.eye(len(used))[places[len(y) :]]
    top = proba.max(axis=1)
    bins = np.eye(BINS)[np.minimum((top * BINS).astype(int), BINS - 1)]
    gaps = bins * ((predicted == y) - top)[:, None]

    def macro_f1(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        sizes = weights @ (truth + guess)
        hits = weights @ (truth * guess)
        scores = np.divide(2 * hits, sizes, out=np.zeros_like(hits), where=sizes > 0)
        # A class absent from a resample is no failure there: it is left out of that mean.
        means: NDArray[np.float64] = scores.sum(axis=1) / np.maximum(1, (sizes > 0).sum(axis=1))
        return means

    return {
        "macro_f1": macro_f1,
        "log_loss": lambda weights: weights @ log_losses / weights.sum(axis=1),
        "brier": lambda weights: weights @ squares / weights.sum(axis=1),
        "ece": lambda weights: np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1),
    }


def _resampled(
    statistics: Mapping[str, Statistic], n: int, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    at_once = max(1, min(RESAMPLES, _CHUNK // n))
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in statistics}
    for start in range(0, RESAMPLES, at_once):
        count = min(at_once, RESAMPLES - start)
        picks = rng.integers(0, n, size=(count, n)) + np.arange(count)[:, None] * n
        weights = np.bincount(picks.ravel(), minlength=count * n).reshape(count, n).astype(float)
        for name, statistic in statistics.items():
            parts[name].append(statistic(weights))
    return {name: np.concatenate(drawn) for name, drawn in parts.items()}


def _interval(value: float, drawn: NDArray[np.float64], n: int, sure: Estimate | None) -> Estimate:
    low, high = (float(end) for end in np.quantile(drawn, (0.025, 0.975)))
    if sure is not None and low == high:
        # All right (or all wrong): every resample says the same, which is not certainty.
        low, high = sure.low, sure.high
    # The calibration error of a resample is biased upwards; the interval still holds the value.
    return Estimate(value, min(low, value), max(high, value), n)
