"""Measure a model of several labels on audit labels; every figure comes with its interval.

A class is named where its probability is at least .5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.evaluate import (
    LEAST_PROBABILITY,
    areas,
    bounded,
    calibration_gap,
    intervals,
    wilson,
)
from activeloop.learn.measures import counting
from activeloop.learn.measures.resampling import Rows, Statistic, Statistics
from activeloop.learn.types import Bools, Estimate, Floats

NAMED: Final = 0.5
_RANGES: Final = {"log_loss": (0.0, float(-np.log(LEAST_PROBABILITY)))}


def named(proba: Floats) -> Bools:
    """Give the marks that probabilities come to.

    Example:
        >>> named(np.array([[0.5, 0.2]])).tolist()
        [[True, False]]
    """
    return np.asarray(proba >= NAMED)


def measure(
    marks: Bools, proba: Floats, *, rng: np.random.Generator, ranked: bool = True
) -> dict[str, Estimate]:
    """Measure how well the labels are told, each class by itself and all together.

    Args:
        marks: (n, C) which sample is of which class.
        proba: (n, C) probabilities, each class's by itself.
        rng: draws the resamples.
        ranked: whether to measure the areas under curves too, which takes longest.

    Returns:
        By name, with 95 % intervals. `accuracy`: the share of samples whose labels are all told
        right (exact match), by Wilson. By the percentile bootstrap over samples: `micro_precision`,
        `micro_recall` and `micro_f1`, 2 TP / (2 TP + FP + FN), over all classes; `macro_precision`,
        `macro_recall` and `macro_f1`, their means over the classes that occur or are named;
        `balanced_accuracy`, the mean over classes of that of the class by itself; `roc_auc` and
        `pr_auc`, one-vs-rest, macro; `hamming_loss`, the share of wrong class decisions;
        `ranking_precision`, the label ranking average precision; `log_loss`, the mean binary log
        loss of a class (nats); `brier`, the mean squared error of a class's probability (0..1);
        `ece`, the calibration error over all class decisions (15 equal bins).
        Empty without labels; with one label the intervals other than accuracy's are the whole
        range.

    Raises:
        Invalid: when the shapes do not fit.

    Source:
        Tsoumakas, Katakis & Vlahavas (2010), Mining multi-label data; Schapire & Singer (2000)
        for the ranking precision.

    Example:
        >>> told = np.array([[0.9, 0.2], [0.6, 0.1]])
        >>> found = measure(np.array([[1, 0], [0, 0]], bool), told, rng=np.random.default_rng(0))
        >>> found["accuracy"].value, found["hamming_loss"].value
        (0.5, 0.25)
    """
    if marks.shape != proba.shape or marks.ndim != 2:
        raise Invalid(f"Marks of shape {marks.shape} want as many probabilities, {proba.shape}.")
    n = len(marks)
    if n == 0:
        return {}
    exact = wilson(int((named(proba) == marks).all(axis=1).sum()), n)
    of = _statistics(marks, np.asarray(proba, np.float64))
    found = {"accuracy": exact} | bounded(of, n, ranges=_RANGES, sure=exact, rng=rng)
    return found | (areas(marks, proba, rng=rng) if ranked else {})


def by_class(
    marks: Bools, proba: Floats, classes: Sequence[str], *, rng: np.random.Generator
) -> dict[str, Estimate]:
    """Give each class's F1, with bootstrap intervals; a class that does not occur is left out.

    Args:
        marks: (n, C) which sample is of which class.
        proba: (n, C) probabilities.
        classes: the C names.
        rng: draws the resamples.
    """
    told = named(proba)
    statistics, ranges, sure = {}, {}, {}
    for c in np.flatnonzero(marks.any(axis=0)).tolist():
        name, own = classes[c], marks[:, c]
        statistics[name] = _f1_of(own[:, None], told[:, c, None])
        ranges[name] = (0.0, 1.0)
        sure[name] = wilson(int((own & told[:, c]).sum()), int(own.sum()))
    if not statistics:
        return {}
    return intervals(statistics, len(marks), ranges=ranges, sure=sure, rng=rng)


def _statistics(marks: Bools, proba: NDArray[np.float64]) -> Statistics:
    told = named(proba)
    likely = np.where(marks, proba, 1 - proba)
    means = {
        "hamming_loss": (told != marks).mean(axis=1),
        "ranking_precision": ranking_precision(marks, proba),
        "log_loss": -np.log(np.maximum(likely, LEAST_PROBABILITY)).mean(axis=1),
        "brier": ((proba - marks) ** 2).mean(axis=1),
    }
    truth, said = counting.marks_of(marks), counting.marks_of(told)
    gap = calibration_gap(marks, proba)

    def of(weights: Rows) -> dict[str, Rows]:
        total = weights.sum(axis=1)
        return (
            counting.counted(weights, truth, said, several=True)
            | {name: weights @ each / total for name, each in means.items()}
            | {"ece": gap(weights)}
        )

    return of


def _f1_of(marks: Bools, told: Bools) -> Statistic:
    """Give 2 TP / (2 TP + FP + FN) over all classes; 1 where nothing is to be named or named."""
    hits = (marks & told).sum(axis=1).astype(np.float64)
    sizes = (marks.sum(axis=1) + told.sum(axis=1)).astype(np.float64)

    def f1(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        total = weights @ sizes
        found: NDArray[np.float64] = np.ones(len(total))
        np.divide(2 * (weights @ hits), total, out=found, where=total > 0)
        return found

    return f1


def ranking_precision(marks: Bools, proba: Floats) -> NDArray[np.float64]:
    """Give (n,) of each sample: the mean, over its classes, of the share of right ones above.

    For each true class, of the classes with at least its probability, how many are true. A sample
    of no class, or of all, cannot be ranked wrong and counts 1.

    Example:
        >>> ranking_precision(np.array([[1, 0, 0]], bool), np.array([[0.2, 0.9, 0.1]])).tolist()
        [0.5]
    """
    found = np.ones(len(marks))
    for row in np.flatnonzero(marks.any(axis=1) & ~marks.all(axis=1)).tolist():
        own = proba[row][marks[row]]
        above = (proba[row][None, :] >= own[:, None]).sum(axis=1)
        right = (own[None, :] >= own[:, None]).sum(axis=1)
        found[row] = (right / above).mean()
    return found
