"""Dawid and Skene's EM: the likely classes and everybody's mistakes, each from the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from activeloop.learn.crowd.sheet import NOBODY, Sheet
from activeloop.learn.types import Floats, Ints

ITERATIONS = 100
TOLERANCE = 1e-5
_LEAST = 1e-10
"""No mistake is taken to be impossible."""


@dataclass(frozen=True)
class Belief:
    """What the answers make likely.

    Attributes:
        proba: (n_samples, C) how likely each class is.
        priors: (C,) how frequent each class is among the samples that have answers.
        voices: (r, 2) the pairs of person and class said that occur.
        errors: (r, C) how likely that person says that class, by the true class.
        iterations: how many steps were taken.
    """

    proba: Floats
    priors: Floats
    voices: Ints
    errors: Floats
    iterations: int


def dawid_skene(
    sheet: Sheet,
    *,
    known: Ints | None = None,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Belief:
    """Estimate the classes of the samples and the confusions of the annotators together.

    It begins with the share of each answer, takes the same steps as crowd-kit's and stops with it.
    That it stops early matters: where people gave few answers each, going on to the end fits their
    confusions to chance.

    Args:
        sheet: the answers.
        known: (n_samples,) the true class where it is known, else NOBODY.
        iterations: how many steps to take at most.
        tolerance: stop when the bound on the likelihood, per answer, gains less than this.

    Returns:
        A belief. A sample of which nobody spoke gets its known class, or the priors.

    Source:
        Dawid & Skene (1979), Maximum likelihood estimation of observer error-rates using the EM
        algorithm. Checked against crowd-kit's DawidSkene (Ustalov, Pavlichenko & Tseitlin 2024).

    Example:
        >>> import numpy as np
        >>> # the third person always says the opposite of the two others
        >>> said = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 1], [1, 1, 0]])
        >>> sheet = Sheet(np.arange(12) // 3, np.arange(12) % 3, said.ravel(), 4, 3, 2)
        >>> dawid_skene(sheet).proba.round(2).tolist()
        [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """
    fixed = np.full(sheet.n_samples, NOBODY) if known is None else known
    seen = np.union1d(sheet.said, fixed[fixed != NOBODY])
    if not len(sheet.said):
        return _silent(sheet, fixed)
    truth = _one_hot(fixed, seen)
    counts = sheet.counts()[:, seen].astype(float)
    heard = counts.sum(axis=1) > 0
    voices, votes = _votes(sheet)
    people = voices[:, 0]
    proba = _corrected(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), fixed, truth)
    priors = proba[heard].mean(axis=0)
    errors = _errors(votes, people, proba, sheet.n_people)
    step, bound = 0, -np.inf
    for step in range(1, iterations + 1):  # noqa: B007 - told to the caller
        proba = _corrected(_posterior(votes, errors, priors), fixed, truth)
        priors = proba[heard].mean(axis=0)
        errors = _errors(votes, people, proba, sheet.n_people)
        before, bound = bound, _bound(votes, proba, counts, priors, errors)
        if bound - before < tolerance:
            break
    return Belief(
        _spread(proba, seen, sheet.n_classes),
        _spread(priors[None], seen, sheet.n_classes)[0],
        voices,
        _spread(errors, seen, sheet.n_classes),
        step,
    )


def _votes(sheet: Sheet) -> tuple[Ints, csr_matrix]:
    """Give the pairs of person and class said that occur, and (r, n_samples) where."""
    pairs, rows = np.unique(sheet.people * sheet.n_classes + sheet.said, return_inverse=True)
    votes = csr_matrix(
        (np.ones(len(rows)), (rows, sheet.samples)), shape=(len(pairs), sheet.n_samples)
    )
    return np.stack([pairs // sheet.n_classes, pairs % sheet.n_classes], axis=1), votes


def _errors(votes: csr_matrix, people: Ints, proba: Floats, n_people: int) -> Floats:
    """Give (r, C) how likely each voice is, by the true class; a person's add up to 1."""
    expected = np.maximum(votes @ proba, _LEAST)
    totals = np.zeros((n_people, proba.shape[1]))
    np.add.at(totals, people, expected)
    found: Floats = expected / totals[people]
    return found


def _posterior(votes: csr_matrix, errors: Floats, priors: Floats) -> Floats:
    logs = votes.T @ np.log(errors) + np.log(np.maximum(priors, _LEAST))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found


def _bound(
    votes: csr_matrix, proba: Floats, counts: Floats, priors: Floats, errors: Floats
) -> float:
    """Give crowd-kit's bound, per answer; it counts the priors once for each answer."""
    answers = counts.sum(axis=1)
    likely = (votes @ proba * np.log(errors)).sum()
    prior = (answers @ proba * np.log(np.maximum(priors, _LEAST))).sum()
    sure = np.maximum(proba[answers > 0], _LEAST)
    return float((likely + prior - (sure * np.log(sure)).sum()) / answers.sum())


def _one_hot(fixed: Ints, seen: Ints) -> Floats:
    found: Floats = (fixed[:, None] == seen).astype(float)
    return found


def _corrected(proba: Floats, fixed: Ints, truth: Floats) -> Floats:
    found: Floats = np.where((fixed != NOBODY)[:, None], truth, proba)
    return found


def _spread(rows: Floats, seen: Ints, n_classes: int) -> Floats:
    """Put the columns of the classes that were seen among all classes; the others get 0."""
    found = np.zeros((len(rows), n_classes))
    found[:, seen] = rows
    return found


def _silent(sheet: Sheet, fixed: Ints) -> Belief:
    every = np.arange(sheet.n_classes)
    even = np.full((sheet.n_samples, sheet.n_classes), 1 / sheet.n_classes)
    proba = _corrected(even, fixed, _one_hot(fixed, every))
    nothing = np.zeros((0, sheet.n_classes))
    return Belief(proba, even[0] if len(even) else nothing.sum(axis=0),
                  np.zeros((0, 2), np.int64), nothing, 0)  # fmt: skip
