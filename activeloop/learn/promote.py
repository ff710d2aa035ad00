"""The gate: does the challenger replace the champion? A paired test on the same audit labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, norm

from activeloop.errors import Invalid
from activeloop.learn.types import Estimate, Floats, Ints
from activeloop.spec import PromotionPolicy

Verdict = Literal["promote", "hold", "reject"]


@dataclass(frozen=True)
class Decision:
    """What the gate says, and on what evidence.

    Attributes:
        verdict: promote; hold (keep the champion, the challenger is not shown worse); reject.
        because: a plain sentence.
        n: audit labels looked at.
        difference: accuracy of challenger minus champion with a 95 % interval; None without both.
        p_worse: one-sided exact McNemar p-value for "the challenger is worse"; 1 without both.
        p_better: the same for "better".
    """

    verdict: Verdict
    because: str
    n: int
    difference: Estimate | None
    p_worse: float
    p_better: float


def first(n: int) -> Decision:
    """Decide on a version when there is no champion: it becomes the champion.

    Args:
        n: audit labels there are.
    """
    because = "It is the first version; there is nothing to compare it with."
    return Decision("promote", because, n, None, 1.0, 1.0)


def decide(
    y: Ints,
    champion_proba: Floats,
    challenger_proba: Floats,
    policy: PromotionPolicy,
    *,
    descends: bool = False,
) -> Decision:
    """Compare champion and challenger on the same audit labels.

    Args:
        y: (n,) true classes.
        champion_proba: (n, C) the champion's probabilities.
        challenger_proba: (n, C) the challenger's.
        policy: rule, margin, error level and the least number of labels.
        descends: whether the challenger learned by the champion's recipe from the champion's
            labels and later ones.

    Returns:
        With rule `unless_worse`: a challenger that descends is rejected when the exact McNemar
        test shows a loss, held when it has more losses than gains, and else promoted; one that
        does not is judged by `not_worse`. With rule `not_worse`: reject when the exact McNemar
        test shows a loss; promote when the point difference is at least 0 and the lower
        confidence bound (one-sided, level 1 - alpha) lies above -margin; else hold.
        With `better`: promote only when the test shows a gain. With `manual`: always hold.

    Raises:
        Invalid: when the shapes do not belong together.

    Source:
        McNemar (1947), exact form; Tango (1998) for the interval.
    """
    if not len(y) == len(champion_proba) == len(challenger_proba):
        raise Invalid(f"{len(y)} labels want as many rows of both models' probabilities.")
    before = champion_proba.argmax(axis=1) == y if len(y) else np.zeros(0, np.bool_)
    after = challenger_proba.argmax(axis=1) == y if len(y) else np.zeros(0, np.bool_)
    n, gains, losses = len(y), int((after & ~before).sum()), int((before & ~after).sum())
    p_worse, p_better = (
        float(binom.sf(count - 1, gains + losses, 0.5)) for count in (losses, gains)
    )
    verdict, because = _judge(
        n, gains, losses, policy, p_worse=p_worse, p_better=p_better, descends=descends
    )
    difference = paired_difference(gains, losses, n) if n else None
    return Decision(verdict, because, n, difference, p_worse, p_better)


def paired_difference(gains: int, losses: int, n: int, *, level: float = 0.95) -> Estimate:
    """Give the difference of two paired shares with Tango's score interval.

    It stays honest when the two never disagree: with n pairs alike the interval is
    +-z^2 / (n + z^2), not a point.

    Args:
        gains: pairs where only the second is right.
        losses: pairs where only the first is right.
        n: all pairs, at least 1.
        level: confidence of the two-sided interval.

    Example:
        >>> round(paired_difference(0, 0, 100).low, 3)
        -0.037

    Source:
        Tango (1998), "Equivalence test and confidence interval for the difference in proportions
        for the paired-sample design", Statistics in Medicine 17.
    """
    z, value = float(norm.ppf((1 + level) / 2)), (gains - losses) / n

    def beyond(limit: float) -> Callable[[float], float]:
        return lambda delta: _score(delta, gains, losses, n) - limit

    edge = 1 - 1e-12
    low = -1.0 if losses == n else float(brentq(beyond(z), -edge, value))
    high = 1.0 if gains == n else float(brentq(beyond(-z), value, edge))
    return Estimate(value, min(low, value), max(high, value), n)


def _score(delta: float, gains: int, losses: int, n: int) -> float:
    """Tango's statistic for the hypothesis that the difference is `delta`; falls with it."""
    distance = gains - losses - n * delta
    linear = -gains - losses + (2 * n - gains + losses) * delta
    root = np.sqrt(max(0.0, linear**2 + 8 * n * losses * delta * (1 - delta)))
    share = (root - linear) / (4 * n)
    variance = n * (2 * share + delta * (1 - delta))
    if distance == 0:
        return 0.0
    return float(distance / np.sqrt(max(variance, 1e-18)))


def _judge(
    n: int,
    gains: int,
    losses: int,
    policy: PromotionPolicy,
    *,
    p_worse: float,
    p_better: float,
    descends: bool,
) -> tuple[Verdict, str]:
    counts = (
        f"Of {n} audit labels it gets {gains} right that the champion gets wrong, "
        f"and {losses} the other way round"
    )
    if policy.rule == "manual":
        return "hold", f"Only people promote in this project. {counts}."
    if policy.rule == "unless_worse" and descends:
        return _descendant(n, gains, losses, counts, worse=p_worse < policy.alpha)
    if n < policy.min_audit:
        return "hold", f"There are {n} audit labels; the gate decides from {policy.min_audit} on."
    if p_worse < policy.alpha:
        return "reject", f"{counts}: it is worse (p = {p_worse:.2g})."
    if policy.rule == "better":
        return _better(counts, p_better, policy)
    return _not_worse(n, gains, losses, counts, policy)


def _better(counts: str, p_better: float, policy: PromotionPolicy) -> tuple[Verdict, str]:
    if p_better < policy.alpha:
        return "promote", f"{counts}: it is better (p = {p_better:.2g})."
    return "hold", f"{counts}: it is not shown to be better (p = {p_better:.2g})."


def _descendant(
    n: int, gains: int, losses: int, counts: str, *, worse: bool
) -> tuple[Verdict, str]:
    more = "it learned all that the champion did, and more"
    if worse:
        return "reject", f"{counts}: it is worse beyond chance, though {more}."
    if gains < losses:
        return "hold", f"{counts}: it looks worse, though not beyond chance."
    if n == 0:
        return "promote", f"There is no audit label yet, and {more}."
    return "promote", f"{counts}; {more}."


def _not_worse(
    n: int, gains: int, losses: int, counts: str, policy: PromotionPolicy
) -> tuple[Verdict, str]:
    if gains < losses:
        return "hold", f"{counts}: it looks worse, though not beyond chance."
    low = paired_difference(gains, losses, n, level=1 - 2 * policy.alpha).low
    points, margin = f"{max(0.0, -100 * low):.1f} points", f"{100 * policy.margin:.1f}"
    sure = f"{100 * (1 - policy.alpha):g} %"
    if low > -policy.margin:
        return "promote", f"{counts}: with {sure} confidence it loses less than {margin} points."
    return "hold", (
        f"{counts}: a loss of up to {points} cannot be excluded and {margin} are allowed; "
        "more audit labels would tell."
    )
