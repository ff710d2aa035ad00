"""Ask again, or ask something new? How far to trust what several annotators and a model said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.errors import Invalid
from activeloop.learn.types import Bools, Floats, Ints

NONE = -1
"""Stands in `answers` for an annotator who was not asked."""
_SURE = 1e-6


@dataclass(frozen=True)
class Trust:
    """How much each voice weighs.

    Attributes:
        annotators: (a,) weights, at least 0.
        model: the model's weight, at least 0.
        agreement: the mean share of answers that are the consensus, where several answered.
    """

    annotators: Floats
    model: float
    agreement: float


@dataclass(frozen=True)
class Worth:
    """How much one more answer is worth; higher is more worth asking, in [0, 1].

    Attributes:
        again: (n,) for samples that have answers.
        new: (u,) for samples that have none.
    """

    again: Floats
    new: Floats


def worth_asking(answers: Ints, proba: Floats, new_proba: Floats) -> Worth:
    """Weigh a second answer for a labelled sample against a first one for a new sample.

    A sample's quality is the weighted mean of the chance q that its consensus is right, with the
    weight of all who spoke of it (its annotators and the model), and of 1 / C, with the weight of
    one more annotator of average trust. A new sample has the model alone: q = p1. Worth is
    1 - quality: so a second answer is asked where the first ones, together with the model, leave
    more doubt than the model alone leaves about a new sample.

    Where nobody was asked twice, q is the model's probability of the answer and all weigh the same.

    Args:
        answers: (n, a) class indices, NONE where an annotator gave none; each row has an answer.
        proba: (n, C) the model's probabilities for the labelled samples, best out of sample.
        new_proba: (u, C) those for the new samples.

    Returns:
        Both worths on one scale.

    Raises:
        Invalid: when a row has no answer or the shapes do not belong together.

    Source:
        Goh & Mueller (2023), ActiveLab: active learning with re-labeling by multiple annotators,
        arXiv 2301.11856; the weights are those of Goh, Tkachenko & Mueller (2022), CROWDLAB,
        arXiv 2210.06812. The model's probabilities are taken as calibrated: no temperature is
        fitted.

    Example:
        >>> import numpy as np
        >>> # the model believes the first label and not the second; the new sample is clear
        >>> worth = worth_asking(np.array([[0], [0]]), np.array([[.9, .1], [.1, .9]]),
        ...                      np.array([[.95, .05]]))
        >>> worth.again.round(3).tolist(), worth.new.round(3).tolist()
        ([0.233, 0.767], [0.275])
    """
    given = _checked(answers, proba)
    classes = proba.shape[1]
    consensus = consensus_of(answers, proba)
    several = given.sum(axis=1) > 1
    if several.any():
        trust = trust_in(answers, proba, consensus)
        quality = _quality(answers, proba, consensus, trust)
    else:
        trust = Trust(np.ones(answers.shape[1]), 1.0, 1.0)
        quality = proba[np.arange(len(proba)), consensus]
    average = float(trust.annotators.mean())
    spoken = given @ trust.annotators + trust.model
    again = _diluted(quality, spoken, average, classes)
    new = _diluted(new_proba.max(axis=1), np.full(len(new_proba), trust.model), average, classes)
    return Worth(again, new)


def consensus_of(answers: Ints, proba: Floats) -> Ints:
    """Give (n,) the most frequent answer; of answers that tie, the one the model likes best."""
    votes = (answers[:, :, None] == np.arange(proba.shape[1])).sum(axis=1)
    # a probability is at most 1: half of it can only decide between equal counts
    found: Ints = (votes + 0.5 * proba).argmax(axis=1)
    return found


def trust_in(answers: Ints, proba: Floats, consensus: Ints) -> Trust:
    """Measure, where several answered, how much better than a constant answer each voice is.

    1 - error / error of always giving the most frequent consensus, at least 0; the error of an
    annotator counts answers beside those of the others, that of the model beside the consensus,
    and the model counts as much as the root of the mean number of answers.

    Args:
        answers: (n, a) as in `worth_asking`, at least one row with several.
        proba: (n, C) the model's probabilities.
        consensus: (n,) the consensus.
    """
    several = (answers != NONE).sum(axis=1) > 1
    some, theirs, counts = answers[several], consensus[several], (answers[several] != NONE)
    constant = np.bincount(theirs).max() / len(theirs)
    error = max(1 - constant, _SURE)
    right = (some == theirs[:, None]) & counts
    model_error = (proba[several].argmax(axis=1) != theirs).mean()
    mean_answers = (answers != NONE).sum(axis=1).mean()
    return Trust(
        annotators=np.maximum(1 - (1 - _agreement(some, counts)) / error, _SURE),
        model=float(max(1 - model_error / error, _SURE) * np.sqrt(mean_answers)),
        agreement=float((right.sum(axis=1) / counts.sum(axis=1)).mean()),
    )


def _agreement(answers: Ints, counts: Bools) -> Floats:
    """Give (a,) the share of others' answers to the same samples that an annotator gives too."""
    same = (answers[:, :, None] == answers[:, None, :]) & counts[:, :, None] & counts[:, None, :]
    met = counts.astype(np.int64).T @ counts.astype(np.int64)
    agreed = same.sum(axis=0)
    np.fill_diagonal(met, 0)
    np.fill_diagonal(agreed, 0)
    share = agreed.sum(axis=1) / np.maximum(met.sum(axis=1), 1)
    everyone = agreed.sum() / max(int(met.sum()), 1)
    # who never met another is taken to be like the rest
    found: Floats = np.where(met.sum(axis=1) > 0, share, everyone)
    return found


def _quality(answers: Ints, proba: Floats, consensus: Ints, trust: Trust) -> Floats:
    """Give (n,) the chance that the consensus is right: the weighted mean of all voices."""
    classes, given = proba.shape[1], answers != NONE
    said = np.where(
        answers == consensus[:, None], trust.agreement, (1 - trust.agreement) / (classes - 1)
    )
    voices = (given * said) @ trust.annotators + trust.model * proba[
        np.arange(len(proba)), consensus
    ]
    found: Floats = voices / (given @ trust.annotators + trust.model)
    return found


def _diluted(quality: Floats, spoken: Floats, average: float, classes: int) -> Floats:
    found: Floats = 1 - (quality * spoken + average / classes) / (spoken + average)
    return found


def _checked(answers: Ints, proba: Floats) -> Bools:
    if answers.ndim != 2 or proba.ndim != 2 or len(answers) != len(proba):
        raise Invalid(
            f"Wants (n, annotators) answers and (n, classes) probabilities, got {answers.shape} "
            f"and {proba.shape}."
        )
    if proba.shape[1] < 2 or answers.max(initial=0) >= proba.shape[1]:
        raise Invalid("Wants at least two classes, and no answer beyond them.")
    given: Bools = answers != NONE
    if not given.any(axis=1).all():
        raise Invalid("Each labelled sample needs an answer; those without belong to the new ones.")
    return given
