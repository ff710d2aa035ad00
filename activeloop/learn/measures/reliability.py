"""Calibration: does what is said with 80 % turn out right 80 times of 100?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.types import Bools, Floats, Targets

BINS: Final = 15


@dataclass(frozen=True)
class Bin:
    """Predictions of similar confidence.

    Attributes:
        low: the least confidence that belongs here.
        high: where the next bin begins.
        mean: their mean confidence.
        hits: how many were right.
        n: how many there are.
    """

    low: float
    high: float
    mean: float
    hits: int
    n: int


def claims(y: Targets, proba: Floats) -> tuple[NDArray[np.float64], Bools]:
    """Give what was claimed, and whether it came true.

    Of one label a row claims its top class: (n,). Of several each class of a row is a claim of its
    own, that it is there: (n * C,).
    """
    p = np.asarray(proba, np.float64)
    if y.ndim == 2:
        return p.ravel(), np.asarray(y, bool).ravel()
    return p.max(axis=1), np.asarray(p.argmax(axis=1) == y)


def place(claimed: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give each claim's bin, of 15 of equal width."""
    return np.minimum((claimed * BINS).astype(np.int64), BINS - 1)


def bins(y: Targets, proba: Floats) -> tuple[Bin, ...]:
    """Give the points of the reliability diagram, empty bins left out.

    Source:
        Niculescu-Mizil & Caruana (2005).

    Example:
        >>> [found] = bins(np.array([0, 1]), np.array([[0.9, 0.1], [0.9, 0.1]]))
        >>> found.hits, found.n, found.mean
        (1, 2, 0.9)
    """
    claimed, right = claims(y, proba)
    at = place(claimed)
    sizes = np.bincount(at, minlength=BINS)
    sums = np.bincount(at, claimed, minlength=BINS)
    hits = np.bincount(at, right, minlength=BINS)
    return tuple(
        Bin(b / BINS, (b + 1) / BINS, float(sums[b] / sizes[b]), int(hits[b]), int(sizes[b]))
        for b in np.flatnonzero(sizes).tolist()
    )
