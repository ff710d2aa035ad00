"""The report on agreement: of everybody, on all samples and on those drawn at random, by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from activeloop import answers as texts
from activeloop.flows.team_work import Answer, TeamWork, told
from activeloop.learn.crowd import agreeing
from activeloop.learn.crowd.agreeing import Alphas
from activeloop.learn.types import Estimate, Ints

SURE, TENTATIVE = 0.8, 0.667
"""Krippendorff's (2004) customary bounds for alpha."""
RANDOM = ("audit", "random")


def overall(work: TeamWork, rng: np.random.Generator) -> dict[str, Any]:
    """Report alpha and Fleiss' kappa of everybody.

    Of each sample only as many answers count as everyone gets, the first ones: further ones were
    asked for because people disagreed, and would make agreement look worse than it is.
    """
    first = _first_answers(work)
    at_random = [answer for answer in first if answer.offer in RANDOM]
    every = _alphas(work, first, rng)
    counts = _counts(work, first)
    single = work.spec.answer == "one"
    return {
        "samples": int((counts[1] > 1).sum()),
        "alpha": told(every.overall),
        "alpha_at_random": told(_alphas(work, at_random, rng).overall),
        "fleiss": told(agreeing.fleiss(counts[0], rng=rng)) if single else None,
        "meaning": meaning(every.overall),
        "classes": [
            {"name": name, "alpha": told(of), "named": int(named)}
            for name, of, named in zip(
                work.spec.classes, every.classes, counts[0].sum(axis=0), strict=False
            )
        ],
    }


def meaning(alpha: Estimate | None) -> str:
    """Say in a sentence what alpha comes to.

    Example:
        >>> meaning(Estimate(0.43, 0.41, 0.44, 4999))
        'People agree too little for one answer to be relied on: see which classes they confuse.'
    """
    if alpha is None:
        return "No figure yet: no sample has two answers, or everybody said the same of all."
    if alpha.low >= SURE:
        return "People agree well enough for their labels to be relied on."
    if alpha.high < TENTATIVE:
        return (
            "People agree too little for one answer to be relied on: see which classes they "
            "confuse."
        )
    if alpha.low >= TENTATIVE:
        return "People agree enough for tentative use; ask several per sample where it matters."
    return "Too few samples to say whether people agree enough: look at the interval."


def _first_answers(work: TeamWork) -> list[Answer]:
    """Take from each sample as many answers as every sample gets, at least two."""
    wanted = max(2, work.spec.answers_per_sample)
    taken: dict[int, int] = {}
    found = []
    for answer in work.answers:
        at = taken.get(answer.sample, 0)
        if answer.counts and at < wanted:
            taken[answer.sample] = at + 1
            found.append(answer)
    return found


def _counts(work: TeamWork, answers: Sequence[Answer]) -> tuple[Ints, Ints]:
    """Give (n, C) how many named each class of each sample, and (n,) how many answered."""
    said = [(a.sample, texts.read(work.spec.answer, a.value)) for a in answers if a.value]
    known = {name for _, named in said for name in named}.difference(work.spec.classes)
    column = {name: at for at, name in enumerate([*work.spec.classes, *sorted(known)])}
    row = {sample: at for at, sample in enumerate(sorted({sample for sample, _ in said}))}
    counts, sizes = np.zeros((len(row), len(column)), np.int64), np.zeros(len(row), np.int64)
    for sample, named in said:
        sizes[row[sample]] += 1
        for name in named:
            counts[row[sample], column[name]] += 1
    return counts, sizes


def _alphas(work: TeamWork, answers: Sequence[Answer], rng: np.random.Generator) -> Alphas:
    counts, sizes = _counts(work, answers)
    if work.spec.answer == "one":
        return agreeing.alpha(counts, rng=rng)
    return agreeing.alpha_of_marks(counts, sizes, rng=rng)
