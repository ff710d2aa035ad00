"""Areas under the ROC and the precision-recall curve, for all resamples and classes at once.

Both areas are sums over the true rows of a class of how the other rows stand to them. Which row
stands above which does not change when rows are drawn again; only how often each counts does. So
one comparison of all pairs, times the weights, gives every resample: no sorting for each.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.types import Bools, Floats

Rows = NDArray[np.float64]
_CELLS: Final = 4_000_000
"""Pairs compared in one go."""
_WORK: Final = 4_000_000_000
FEWEST: Final = 200
"""Resamples at least; less than `_WORK` multiplications allow more."""


def affordable(pairs: int, n: int, most: int) -> int:
    """Give how many resamples a figure of so many true rows and n rows is worth."""
    return int(min(most, max(FEWEST, _WORK // max(1, pairs * n))))


def areas(weights: Rows, marks: Bools, proba: Floats) -> dict[str, Rows]:
    """Give the one-vs-rest areas, averaged over the classes that occur and do not always occur.

    Args:
        weights: (B, n) how often each row counts; whole numbers.
        marks: (n, C) which row is of which class.
        proba: (n, C) probabilities.

    Returns:
        `roc_auc` and `pr_auc` (average precision), (B,) each; nan where no class can be ranked.

    Source:
        Hand & Till (2001) for one-vs-rest; Davis & Goadrich (2006), and scikit-learn, for the
        sum over thresholds in place of the trapezoid.

    Example:
        >>> marks = np.array([[1, 0], [1, 0], [0, 1]], bool)
        >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
        >>> float(areas(np.ones((1, 3)), marks, proba)["roc_auc"][0])
        0.5
    """
    roc, precision, known = by_class(weights, marks, proba)
    sizes = known.sum(axis=1)
    some = np.maximum(1, sizes)
    return {
        "roc_auc": np.where(sizes > 0, (roc * known).sum(axis=1) / some, np.nan),
        "pr_auc": np.where(sizes > 0, (precision * known).sum(axis=1) / some, np.nan),
    }


def by_class(weights: Rows, marks: Bools, proba: Floats) -> tuple[Rows, Rows, Bools]:
    """Give (B, C) areas under both curves, and where a class occurs and does not always occur."""
    n, C = marks.shape
    # whole numbers below 2**24 are exact in float32, which multiplies twice as fast
    counts = weights.astype(np.float32)
    rows, classes = np.nonzero(marks)
    true = weights @ marks.astype(np.float64)
    others = weights.sum(axis=1, keepdims=True) - true
    roc, precision = np.zeros_like(true), np.zeros_like(true)
    step = max(1, _CELLS // max(1, n))
    for at in range(0, len(rows), step):
        row, of = rows[at : at + step], classes[at : at + step]
        own = weights[:, row]
        lost, share = _standing(counts, marks[:, of], proba[:, of], proba[row, of])
        onto = np.zeros((len(row), C))
        onto[np.arange(len(row)), of] = 1
        roc += (own * lost) @ onto
        precision += (own * share) @ onto
    known = (true > 0) & (others > 0)
    np.divide(roc, true * others, out=roc, where=known)
    np.divide(precision, true, out=precision, where=known)
    return 1 - roc, precision, known


def _standing(
    counts: NDArray[np.float32], marks: Bools, others: Floats, own: Floats
) -> tuple[Rows, Rows]:
    """Give (B, m) of m true rows: how many false ones stand above (ties half), and the precision.

    `others` is (n, m): what all rows got for the class of each true one.
    """
    above = (others > own).astype(np.float32)
    level = (others == own).astype(np.float32)
    false_above = (counts @ np.where(marks, 0, above + level / 2)).astype(np.float64)
    reached = (counts @ (above + level)).astype(np.float64)
    right = (counts @ np.where(marks, above + level, 0)).astype(np.float64)
    share: Rows = np.zeros_like(reached)
    np.divide(right, reached, out=share, where=reached > 0)
    return false_above, share
