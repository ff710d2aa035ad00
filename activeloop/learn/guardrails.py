"""What a challenger must not make worse, however much better it is overall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from activeloop.learn.evaluate import LEAST_PROBABILITY
from activeloop.learn.fairness import fairness
from activeloop.learn.pairs import paired
from activeloop.learn.types import Bools, Floats, Targets
from activeloop.policies import Guardrails

FEWEST: Final = 30
"""A slice of fewer audit labels is not looked at."""
LEVEL: Final = 0.05
"""Chance that a slice is called worse that is not, over all slices together."""


@dataclass(frozen=True)
class Finding:
    """What one guardrail saw.

    Attributes:
        name: slices, fairness, log_loss or latency.
        holds: whether the challenger may pass.
        says: a plain sentence.
        detail: the figures behind it.
    """

    name: str
    holds: bool
    says: str
    detail: Mapping[str, Any]


def look(
    y: Targets,
    champion_proba: Floats,
    challenger_proba: Floats,
    policy: Guardrails,
    *,
    slices: Mapping[str, Sequence[str]],
    groups: Mapping[str, Sequence[str]],
    milliseconds: float | None = None,
) -> tuple[Finding, ...]:
    """Look along every guardrail that is set.

    Args:
        y: (n,) true classes, or (n, C) marks, of the audit samples.
        champion_proba: (n, C) the champion's probabilities.
        challenger_proba: (n, C) the challenger's.
        policy: which guardrails there are.
        slices: (n,) values of each metadata to slice by, by its name.
        groups: (n,) the group of each sample, by the metadata that names it.
        milliseconds: 95th percentile of the time of one prediction; None when not measured.
    """
    both = (champion_proba, challenger_proba)
    found = []
    if policy.slices and slices:
        found.append(_slices(y, *both, slices))
    if policy.fairness_gap is not None and groups:
        found.append(_fairness(y, *both, groups, policy.fairness_gap))
    if policy.log_loss is not None and len(y):
        found.append(_log_loss(y, *both, policy.log_loss))
    if policy.latency is not None and milliseconds is not None:
        found.append(_latency(milliseconds, policy.latency))
    return tuple(found)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the chance of any false finding keeps to the level.

    Source:
        Holm (1979).

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    adjusted, highest = [1.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def _slices(
    y: Targets, champion: Floats, challenger: Floats, slices: Mapping[str, Sequence[str]]
) -> Finding:
    names, raw = [], []
    for meta, values in slices.items():
        of = np.array(values, dtype=object)
        for value in dict.fromkeys(values):
            rows = of == value
            if int(rows.sum()) >= FEWEST:
                names.append(f"{meta} {value}")
                raw.append(paired(y[rows], champion[rows], challenger[rows]).p_worse)
    adjusted = dict(zip(names, holm(raw), strict=True))
    worse = [name for name, p in adjusted.items() if p < LEVEL]
    says = f"No slice of {FEWEST} audit labels or more is worse beyond chance"
    if not names:
        says = f"No slice has {FEWEST} audit labels yet"
    if worse:
        says = f"It is worse beyond chance on {', '.join(worse)}"
    return Finding("slices", not worse, f"{says}.", {"p_worse": adjusted})


def _fairness(
    y: Targets,
    champion: Floats,
    challenger: Floats,
    groups: Mapping[str, Sequence[str]],
    most: float,
) -> Finding:
    grown: dict[str, float] = {}
    for meta, of in groups.items():
        before, after = (_gaps(y, proba, of) for proba in (champion, challenger))
        for name in before.keys() & after.keys():
            grown[f"{meta}, {name.replace('_', ' ')}"] = after[name] - before[name]
    worst = max(grown, key=lambda each: grown[each], default="")
    holds = not worst or grown[worst] <= most
    says = "No gap between groups can be told yet" if not worst else (
        f"The gap between groups ({worst}) changes by {100 * grown[worst]:+.1f} points; "
        f"{100 * most:g} more are allowed"
    )  # fmt: skip
    return Finding("fairness", holds, f"{says}.", {"grown": grown})


def _gaps(y: Targets, proba: Floats, of: Sequence[str]) -> dict[str, float]:
    truth, said = _told(y, proba)
    found = fairness(truth, said, of, rng=np.random.default_rng(0))
    return {name: gap.value for name, gap in found.gaps.items()}


def _told(y: Targets, proba: Floats) -> tuple[Bools, Bools]:
    from activeloop.learn.evaluate_marks import named

    if y.ndim == 2:
        return y.astype(bool), named(proba)
    ones = np.eye(proba.shape[1], dtype=bool)
    return ones[y.astype(np.int64)], ones[proba.argmax(axis=1)]


def _log_loss(y: Targets, champion: Floats, challenger: Floats, most: float) -> Finding:
    before, after = (log_loss(y, proba) for proba in (champion, challenger))
    holds = after <= before * (1 + most)
    says = (
        f"Log loss goes from {before:.3f} to {after:.3f}; a growth of {100 * most:g} % is allowed."
    )
    return Finding("log_loss", holds, says, {"before": before, "after": after})


def log_loss(y: Targets, proba: Floats) -> float:
    """Give the mean log loss (nats); of several labels that of a class decision.

    Example:
        >>> round(log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])), 4)
        0.6931
    """
    p = np.asarray(proba, np.float64)
    own = np.where(y, p, 1 - p) if y.ndim == 2 else p[np.arange(len(y)), y.astype(np.int64)]
    return float(-np.log(np.maximum(own, LEAST_PROBABILITY)).mean())


def _latency(milliseconds: float, most: float) -> Finding:
    says = (
        f"One prediction takes {milliseconds:.1f} ms at the 95th percentile; {most:g} are allowed."
    )
    return Finding("latency", milliseconds <= most, says, {"p95_ms": milliseconds})
