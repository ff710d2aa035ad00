"""Measure a model on audit labels; every figure comes with its interval.

Example:
    >>> import numpy as np
    >>> proba = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> found = measure(np.array([0, 1]), proba, rng=np.random.default_rng(0))
    >>> round(found["accuracy"].low, 2)
    0.34
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from activeloop.errors import Invalid
from activeloop.learn.measures import counting, ranks, reliability, resampling
from activeloop.learn.measures.resampling import RESAMPLES as RESAMPLES  # noqa: PLC0414 - public
from activeloop.learn.measures.resampling import Rows, Statistic, Statistics
from activeloop.learn.types import Bools, Estimate, Floats, Ints, Targets

LEAST_PROBABILITY: Final = 1e-7
"""Log loss counts a smaller probability as this, so that one row cannot make it infinite."""
_SHARE: Final = (0.0, 1.0)
_RANGES: Final = {
    "log_loss": (0.0, float(-np.log(LEAST_PROBABILITY))),
    "brier": (0.0, 2.0),
}
LOSSES: Final = ("ece", "brier", "hamming_loss")
"""Shares of which less is better."""
MICRO: Final = ("micro_precision", "micro_recall", "micro_f1")


def measure(
    y: Targets, proba: Floats, *, rng: np.random.Generator, ranked: bool = True
) -> dict[str, Estimate]:
    """Measure how well classes are told, how well probabilities rank, and how true they are.

    Marks are measured by what fits them: see `evaluate_marks.measure`.

    Args:
        y: (n,) true classes in [0, C), or (n, C) marks.
        proba: (n, C) probabilities.
        rng: draws the resamples.
        ranked: whether to measure the areas under curves too, which takes longest.

    Returns:
        By name, with 95 % intervals. `accuracy`, and the micro averages of precision, recall and
        F1, which are the same: Wilson's. By the percentile bootstrap: `balanced_accuracy` (over the
        classes that occur), `macro_precision`, `macro_recall` and `macro_f1` (over classes that
        occur or are predicted), `roc_auc` and `pr_auc` (one-vs-rest, macro; absent where only one
        class occurs), `log_loss` (nats), `brier` (0..2) and `ece` (15 equal bins of the top
        probability). Empty without labels; with one label the intervals other than accuracy's are
        the whole range.

    Raises:
        Invalid: when shapes or classes do not fit.

    Source:
        Wilson (1927); Efron (1979); Naeini, Cooper & Hauskrecht (2015) for ece.
    """
    if y.ndim == 2:
        from activeloop.learn import evaluate_marks

        return evaluate_marks.measure(y.astype(np.bool_), proba, rng=rng, ranked=ranked)
    y = y.astype(np.int64, copy=False)
    _check(y, proba)
    n = len(y)
    if n == 0:
        return {}
    accuracy = wilson(int((proba.argmax(axis=1) == y).sum()), n)
    found = {"accuracy": accuracy} | dict.fromkeys(MICRO, accuracy)
    of = _statistics(y, np.asarray(proba, np.float64))
    found |= bounded(of, n, ranges=_RANGES, sure=accuracy, rng=rng)
    if ranked:
        found |= areas(counting.one_hot(y, proba.shape[1]).toarray() > 0, proba, rng=rng)
    return found


def areas(marks: Bools, proba: Floats, *, rng: np.random.Generator) -> dict[str, Estimate]:
    """Measure the areas under the ROC and the precision-recall curve, one-vs-rest, macro.

    Args:
        marks: (n, C) which row is of which class.
        proba: (n, C) probabilities.
        rng: draws the resamples, fewer where there are many labels.

    Returns:
        `roc_auc` and `pr_auc`; empty where no class both occurs and is absent somewhere.
    """
    n = len(marks)
    found = resampling.measured(
        lambda weights: ranks.areas(weights, marks, proba),
        n,
        rng,
        count=ranks.affordable(int(marks.sum()), n, RESAMPLES),
    )
    return {
        name: resampling.interval(value, drawn, n, sure=_as_sure(value, n))
        for name, (value, drawn) in found.items()
        if not np.isnan(value)
    }


def bounded(
    of: Statistics,
    n: int,
    *,
    ranges: Mapping[str, tuple[float, float]],
    sure: Estimate,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Give several figures, measured on the same resamples, with their intervals.

    Args:
        of: all figures as functions of (B, n) weights.
        n: how many rows there are, at least 1.
        ranges: what a figure can be, where that is not 0 to 1: its interval with a single row.
        sure: what a share that is the same in every resample takes its interval from.
        rng: draws the resamples.
    """
    found = {}
    for name, (value, drawn) in resampling.measured(of, n, rng).items():
        if np.isnan(value):
            continue
        if n == 1:
            found[name] = Estimate(value, *ranges.get(name, _SHARE), n)
        else:
            own = None if name in ranges or name in LOSSES else sure
            found[name] = resampling.interval(value, drawn, n, sure=own)
    return found


def _as_sure(value: float, n: int) -> Estimate:
    """Give an area that no resample changes the interval of a share as large, of n."""
    near = wilson(round(value * n), n)
    return Estimate(value, min(near.low, value), max(near.high, value), n)


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
    measured = resampling.measured(
        lambda weights: {name: statistic(weights) for name, statistic in statistics.items()}, n, rng
    )
    for name, (value, drawn) in measured.items():
        if n == 1:
            found[name] = Estimate(value, *ranges[name], n)
        else:
            found[name] = resampling.interval(value, drawn, n, sure=sure.get(name))
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


def _statistics(y: Ints, proba: NDArray[np.float64]) -> Statistics:
    """Give the figures as one function of (B, n) weights of the rows, each (B,)."""
    n, C = proba.shape
    rows, predicted = np.arange(n), proba.argmax(axis=1)
    log_losses = -np.log(np.maximum(proba[rows, y], LEAST_PROBABILITY))
    squares = (proba**2).sum(axis=1) - 2 * proba[rows, y] + 1
    truth, said = counting.one_hot(y, C), counting.one_hot(predicted, C)
    gap = calibration_gap(y, proba)

    def of(weights: Rows) -> dict[str, Rows]:
        counts = counting.counted(weights, truth, said, several=False)
        total = weights.sum(axis=1)
        return {name: each for name, each in counts.items() if name not in MICRO} | {
            "log_loss": weights @ log_losses / total,
            "brier": weights @ squares / total,
            "ece": gap(weights),
        }

    return of


def calibration_gap(y: Targets, proba: NDArray[np.float64]) -> Statistic:
    """Give the expected calibration error as a function of weights."""
    claimed, right = reliability.claims(y, proba)
    at = reliability.place(claimed).reshape(len(y), -1)
    each = (right - claimed).reshape(len(y), -1)
    gaps = np.zeros((len(y), reliability.BINS))
    np.add.at(gaps, (np.arange(len(y))[:, None], at), each)
    claims = each.shape[1]
    return lambda weights: np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1) / claims
