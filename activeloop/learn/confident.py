"""Labels that are likely wrong, by confident learning.

Source:
    Northcutt, Jiang & Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset Labels,
    Journal of Artificial Intelligence Research 70.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.learn.types import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Suspects:
    """Samples whose label is likely wrong, the likeliest first.

    Attributes:
        rows: (k,) which samples.
        suggested: (k,) the class each more likely is of.
        margin: (k,) the probability of the given class less that of the likeliest other, -1 to 1.
    """

    rows: Ints
    suggested: Ints
    margin: Floats


@dataclass(frozen=True, eq=False)
class SuspectMarks:
    """Samples of which some marks are likely wrong, the likeliest first.

    Attributes:
        rows: (k,) which samples.
        wrong: (k, C) which of their marks.
        margin: (k,) as of `Suspects`, of the mark that is the least likely.
    """

    rows: Ints
    wrong: Bools
    margin: Floats


def thresholds(proba: Floats, given: Ints) -> Floats:
    """Give, for each class, how sure a model is of it on average where it is the given label.

    Args:
        proba: (n, C) probabilities by models that have not seen the sample.
        given: (n,) the given classes.

    Returns:
        (C,) in [0, 1]; infinite for a class that no sample has.

    Example:
        >>> proba = np.array([[0.9, 0.1], [0.7, 0.3], [0.4, 0.6]])
        >>> thresholds(proba, np.array([0, 0, 1])).round(2).tolist()
        [0.8, 0.6]
    """
    n_classes = proba.shape[1]
    counts = np.bincount(given, minlength=n_classes)
    own = np.bincount(given, weights=proba[np.arange(len(given)), given], minlength=n_classes)
    return np.where(counts > 0, own / np.maximum(counts, 1), np.inf)


def suspects(proba: Floats, given: Ints) -> Suspects:
    """Find the samples that are confidently of another class than the given one.

    A sample counts to the likeliest of the classes whose threshold it reaches; where that is not
    the given one, and the given one is not the likeliest of all, the label is suspected. They are
    ranked by the normalised margin.

    Args:
        proba: (n, C) probabilities by models that have not seen the sample.
        given: (n,) the given classes.

    Example:
        >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
        >>> found = suspects(proba, np.array([0, 0, 1, 1, 0]))
        >>> found.rows.tolist(), found.suggested.tolist()
        ([4], [1])
    """
    proba = np.asarray(proba, np.float64)
    sure = proba >= thresholds(proba, given)
    counted = np.where(sure, proba, -1.0).argmax(axis=1)
    margin = margins(proba, given)
    # without the second condition a rare class, whose threshold is low, draws many that are right
    rows = np.flatnonzero(sure.any(axis=1) & (counted != given) & (margin < 0))
    margin = margin[rows]
    order = np.lexsort((rows, margin))
    return Suspects(rows[order], counted[rows][order].astype(np.int64), margin[order])


def margins(proba: Floats, given: Ints) -> Floats:
    """Give the probability of the given class less that of the likeliest other one.

    Example:
        >>> margins(np.array([[0.7, 0.2, 0.1]]), np.array([1])).round(2).tolist()
        [-0.5]
    """
    at = np.arange(len(given))
    others = np.array(proba, np.float64)
    own = others[at, given].copy()
    others[at, given] = -np.inf
    margin: Floats = own - others.max(axis=1)
    return margin


def suspect_marks(proba: Floats, marks: Bools) -> SuspectMarks:
    """Find wrong marks where a sample may be of several classes: each class against the rest.

    Args:
        proba: (n, C) probability of each class by itself.
        marks: (n, C) which classes a sample was given.

    Example:
        >>> proba = np.array([[0.9, 0.1], [0.8, 0.9], [0.1, 0.2], [0.9, 0.1]])
        >>> marks = np.array([[1, 0], [1, 1], [0, 0], [0, 0]], bool)
        >>> found = suspect_marks(proba, marks)
        >>> found.rows.tolist(), found.wrong.tolist()
        ([3], [[True, False]])
    """
    wrong = np.zeros(marks.shape, np.bool_)
    least = np.full(len(marks), np.inf)
    for place in range(marks.shape[1]):
        of_class = np.stack([1 - proba[:, place], proba[:, place]], axis=1)
        found = suspects(of_class, marks[:, place].astype(np.int64))
        wrong[found.rows, place] = True
        least[found.rows] = np.minimum(least[found.rows], found.margin)
    rows = np.flatnonzero(wrong.any(axis=1))
    order = rows[np.lexsort((rows, least[rows]))]
    return SuspectMarks(order, wrong[order], least[order])
