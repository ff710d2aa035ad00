"""The difference of two models' macro F1 on the same samples, with a paired bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.evaluate_marks import named
from activeloop.learn.measures.resampling import Rows
from activeloop.learn.types import Bools, Floats, Targets

FEWEST = 2000
TAIL = 20
"""Resamples that must lie beyond a bound, so that it is not read off one or two."""
_CHUNK = 4_000_000


@dataclass(frozen=True)
class PairedF1:
    """Challenger minus champion.

    Attributes:
        value: the difference.
        low: its one-sided lower bound.
        high: its one-sided upper bound.
    """

    value: float
    low: float
    high: float


def paired_f1(
    y: Targets,
    champion_proba: Floats,
    challenger_proba: Floats,
    *,
    alpha: float,
    rng: np.random.Generator,
) -> PairedF1:
    """Compare macro F1 on the same samples, drawn anew: of one label, within their classes.

    Args:
        y: (n,) true classes, or (n, C) marks.
        champion_proba: (n, C) the champion's probabilities.
        challenger_proba: (n, C) the challenger's.
        alpha: what may lie beyond each bound.
        rng: draws the resamples.

    Source:
        Efron (1979), percentile bootstrap; stratified, so that no class is lost from a resample.

    Example:
        >>> y = np.array([0, 1] * 50)
        >>> right = np.eye(2)[y]
        >>> found = paired_f1(y, right, right, alpha=0.05, rng=np.random.default_rng(0))
        >>> found.value, found.low
        (0.0, 0.0)
    """
    truth, before = _marks(y, champion_proba)
    _, after = _marks(y, challenger_proba)
    # of several labels hardly two samples are alike, and one alone in its stratum never varies
    strata = y if y.ndim == 1 else np.zeros(len(y), np.int64)
    whole = np.ones((1, len(y)))
    value = float((_macro(whole, truth, after) - _macro(whole, truth, before))[0])
    count = max(FEWEST, int(np.ceil(TAIL / alpha)))
    drawn = np.concatenate(
        [
            _macro(weights, truth, after) - _macro(weights, truth, before)
            for weights in _within(strata, count, rng)
        ]
    )
    low, high = np.quantile(drawn, (alpha, 1 - alpha))
    return PairedF1(value, float(low), float(high))


def _marks(y: Targets, proba: Floats) -> tuple[Bools, Bools]:
    if y.ndim == 2:
        return y.astype(bool), named(proba)
    ones = np.eye(proba.shape[1], dtype=bool)
    return ones[y.astype(np.int64)], ones[proba.argmax(axis=1)]


def _macro(weights: Rows, truth: Bools, said: Bools) -> Rows:
    sizes = weights @ (truth.astype(np.float64) + said)
    hits = weights @ (truth & said).astype(np.float64)
    scores = np.divide(2 * hits, sizes, out=np.zeros_like(hits), where=sizes > 0)
    found: Rows = scores.sum(axis=1) / np.maximum(1, (sizes > 0).sum(axis=1))
    return found


def _within(strata: NDArray[np.generic], count: int, rng: np.random.Generator) -> list[Rows]:
    n = len(strata)
    groups = [np.flatnonzero(strata == value) for value in np.unique(strata)]
    at_once = max(1, _CHUNK // max(1, n))
    found = []
    for start in range(0, count, at_once):
        part = min(at_once, count - start)
        weights = np.zeros((part, n))
        for rows in groups:
            shares = np.full(len(rows), 1 / len(rows))
            weights[:, rows] = rng.multinomial(len(rows), shares, size=part)
        found.append(weights)
    return found
