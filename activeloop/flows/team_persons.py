"""The report on each annotator: how much, how fast, how reliable; and on each pair of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from statistics import median
from typing import Any

import numpy as np

from activeloop.flows.own import PAUSE
from activeloop.flows.team_suggestions import swayed
from activeloop.flows.team_work import Answer, TeamWork, told
from activeloop.learn.crowd.agreeing import cohen
from activeloop.learn.crowd.reliability import Cell, Reliability, reliabilities
from activeloop.learn.evaluate import wilson
from activeloop.learn.types import Estimate

MOST_PAIRS = 200
"""Pairs that are told of: those that share most samples."""
ENOUGH = 1 / 60
"""Hours of active time, one minute, from which a pace is told."""
FEWEST_SHARED = 10
"""A pair that shares fewer samples is left out: its kappa could be anything."""
MOST_CELLS = 100
"""Cells of a person's confusions that are told, the most frequent first."""


def persons(
    work: TeamWork, gold: Mapping[int, str], names: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Report on everybody who answered or skipped, the busiest first."""
    several = work.spec.answer == "several"
    judged = reliabilities(work.said, work.spec.classes, several=several)
    mine: dict[int, list[Answer]] = {person: [] for person in work.moments}
    for answer in work.answers:
        mine[answer.person].append(answer)
    others, shared = Counter(work.others), _shared(work)
    found = [
        {
            "id": person,
            "name": names.get(person, "somebody"),
            **_pace(its, work.moments[person]),
            **{f"{kind}s": others[person, kind] for kind in ("skip", "flag")},
            "propagated": others[person, "propagated"],
            "agreement": told(_with_label(its, work, shared)),
            **_reliability(judged.get(person)),
            "gold": told(_on_gold(its, gold)),
            "suggestions": swayed(its),
        }
        for person, its in mine.items()
    ]
    return sorted(found, key=lambda each: (-each["answers"], each["name"]))


def _pace(answers: Sequence[Answer], moments: Sequence[datetime]) -> dict[str, Any]:
    seen = [answer.lead_ms for answer in answers if answer.lead_ms is not None]
    gaps = [later - earlier for earlier, later in pairwise(moments) if later - earlier <= PAUSE]
    hours = sum(gaps, timedelta()) / timedelta(hours=1)
    return {
        "answers": len(answers),
        "median_seconds": round(median(seen) / 1000, 2) if seen else None,
        "active_hours": round(hours, 3),
        "per_hour": round(len(gaps) / hours, 1) if hours >= ENOUGH else None,
    }


def _shared(work: TeamWork) -> set[int]:
    """List the samples that several answered, or whose label is fixed."""
    voices = Counter(sample for sample, _, _ in work.said.rows)
    return {work.said.samples[at] for at, n in voices.items() if n > 1} | set(work.said.known)


def _with_label(
    answers: Sequence[Answer], work: TeamWork, shared: Collection[int]
) -> Estimate | None:
    """Give the share of somebody's answers that are the sample's label, where others spoke."""
    compared = [
        answer.value == work.labels[answer.sample]
        for answer in answers
        if answer.counts and answer.sample in shared and answer.sample in work.labels
    ]
    return wilson(sum(compared), len(compared)) if compared else None


def _on_gold(answers: Sequence[Answer], gold: Mapping[int, str]) -> Estimate | None:
    scored = [
        answer.value == gold[answer.sample]
        for answer in answers
        if answer.gold and answer.sample in gold and answer.value is not None
    ]
    return wilson(sum(scored), len(scored)) if scored else None


def _reliability(judged: Reliability | None) -> dict[str, Any]:
    cells: Sequence[Cell] = judged.cells[:MOST_CELLS] if judged else ()
    return {
        "reliability": told(judged.right if judged else None),
        "confusions": [
            {"truth": cell.truth, "said": cell.said, "expected": round(cell.expected, 2)}
            for cell in cells
        ],
    }


def pairs(
    work: TeamWork, names: Mapping[int, str], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Report how far each two people agree, those with the most samples in common first."""
    values = sorted({answer.value for answer in work.answers if answer.value is not None})
    number = {value: at for at, value in enumerate(values)}
    by_sample: dict[int, dict[int, int]] = {}
    for answer in work.answers:
        if answer.counts and answer.value is not None:
            by_sample.setdefault(answer.sample, {})[answer.person] = number[answer.value]
    met: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for said in by_sample.values():
        for pair in combinations(sorted(said), 2):
            met.setdefault(pair, []).append((said[pair[0]], said[pair[1]]))
    often = [pair for pair in met if len(met[pair]) >= FEWEST_SHARED]
    often.sort(key=lambda pair: (-len(met[pair]), pair))
    return [
        {
            "people": [names.get(person, "somebody") for person in pair],
            "ids": list(pair),
            "shared": len(met[pair]),
            "kappa": told(_kappa(met[pair], len(values), rng)),
        }
        for pair in often[:MOST_PAIRS]
    ]


def _kappa(
    said: Sequence[tuple[int, int]], n_values: int, rng: np.random.Generator
) -> Estimate | None:
    both = np.array(said, dtype=np.int64)
    return cohen(both[:, 0], both[:, 1], n_values, rng=rng)
