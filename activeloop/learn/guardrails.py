"""What a challenger must not make worse, however much better it is overall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from activeloop.learn.evaluate import LEAST_PROBABILITY
from activeloop.learn.fairness import growth
from activeloop.learn.pairs import paired
from activeloop.learn.types import Bools, Floats, Targets
from activeloop.policies import Guardrails

FEWEST: Final = 30
"""A slice of fewer audit labels is not looked at."""
LEVEL: Final = 0.05
"""Chance that a guardrail stops what is not worse, over all it compares together."""
BEYOND: Final = 1.645
"""Standard errors that lie beyond chance at that level, on one side."""


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
    truth, said, new = _told(y, champion, challenger)
    grown = {
        f"{meta}, {name.replace('_', ' ')}": each
        for meta, of in groups.items()
        for name, each in growth(truth, said, new, of, rng=np.random.default_rng(0)).items()
    }
    if not grown:
        says = "No gap between groups can be told yet."
        return Finding("fairness", holds=True, says=says, detail={"grown": {}})
    p_grown = dict(zip(grown, holm([each.p_grown for each in grown.values()]), strict=True))
    over = [name for name, each in grown.items() if each.by > most and p_grown[name] < LEVEL]
    worst = max(over or grown, key=lambda name: grown[name].by)
    by = grown[worst].by
    says = (
        f"The gap between groups ({worst}) changes by {100 * by:+.1f} points; "
        f"{100 * most:g} more are allowed{_chance(beyond=bool(over)) if by > most else ''}."
    )
    detail = {name: {"by": each.by, "p_grown": p_grown[name]} for name, each in grown.items()}
    return Finding("fairness", not over, says, {"grown": detail})


def _chance(*, beyond: bool) -> str:
    """Say, of what has grown by more than is allowed, whether that is chance."""
    return ", and it has grown beyond chance" if beyond else ", but that may be chance"


def _told(y: Targets, *probas: Floats) -> tuple[Bools, ...]:
    """Give the marks of the truth and of what each model says, (n, C) each."""
    from activeloop.learn.evaluate_marks import named

    if y.ndim == 2:
        return (y.astype(bool), *(named(proba) for proba in probas))
    C = probas[0].shape[1]
    ones = np.eye(C, dtype=bool)
    return (ones[y.astype(np.int64)], *(ones[proba.argmax(axis=1)] for proba in probas))


def _log_loss(y: Targets, champion: Floats, challenger: Floats, most: float) -> Finding:
    losses = [_losses(y, proba) for proba in (champion, challenger)]
    before, after = (float(each.mean()) for each in losses)
    grown = losses[1] - losses[0]
    error = float(grown.std(ddof=1)) / np.sqrt(len(y)) if len(y) > 1 else np.inf
    over, beyond = after > before * (1 + most), bool(after - before > BEYOND * error)
    says = (
        f"Log loss goes from {before:.3f} to {after:.3f}; a growth of {100 * most:g} % is allowed"
        f"{_chance(beyond=beyond) if over else ''}."
    )
    return Finding("log_loss", not (over and beyond), says, {"before": before, "after": after})


def _losses(y: Targets, proba: Floats) -> Floats:
    """Give (n,) the log loss of each sample (nats); of several labels the mean over its classes."""
    p = np.asarray(proba, np.float64)
    own = np.where(y, p, 1 - p) if y.ndim == 2 else p[np.arange(len(y)), y.astype(np.int64)]
    losses = -np.log(np.maximum(own, LEAST_PROBABILITY))
    return losses.mean(axis=1) if losses.ndim == 2 else losses


def _latency(milliseconds: float, most: float) -> Finding:
    says = (
        f"One prediction takes {milliseconds:.1f} ms at the 95th percentile; {most:g} are allowed."
    )
    return Finding("latency", milliseconds <= most, says, {"p95_ms": milliseconds})
