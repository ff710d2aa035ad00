"""The gate: does the challenger replace the champion? A paired test on the same audit labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from activeloop.learn.pairs import Pairs, paired, paired_difference
from activeloop.learn.types import Estimate, Floats, Targets
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
            Of several labels accuracy is exact match.
        p_worse: one-sided p-value for "the challenger is worse", by `pairs`; 1 without both.
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
    y: Targets,
    champion_proba: Floats,
    challenger_proba: Floats,
    policy: PromotionPolicy,
    *,
    descends: bool = False,
) -> Decision:
    """Compare champion and challenger on the same audit labels.

    Args:
        y: (n,) true classes, or (n, C) marks.
        champion_proba: (n, C) the champion's probabilities.
        challenger_proba: (n, C) the challenger's.
        policy: rule, margin, error level and the least number of labels.
        descends: whether the challenger learned by the champion's recipe from the champion's
            labels and later ones.

    Returns:
        With rule `unless_worse`: a challenger that descends is rejected when the exact test of
        `pairs` shows a loss, held when it loses more decisions than it wins, and else promoted;
        one that does not is judged by `not_worse`. With rule `not_worse`: reject when the test
        shows a loss; promote when the point difference is at least 0 and the lower confidence
        bound of the accuracy's (one-sided, level 1 - alpha) lies above -margin; else hold.
        With `better`: promote only when the test shows a gain. With `manual`: always hold.

    Raises:
        Invalid: when the shapes do not belong together.

    Source:
        McNemar (1947), exact form, and Fisher's permutation test; Tango (1998) for the interval.
    """
    pairs = paired(y, champion_proba, challenger_proba)
    verdict, because = _judge(pairs, policy, descends=descends)
    difference = paired_difference(pairs.gains, pairs.losses, pairs.n) if pairs.n else None
    return Decision(verdict, because, pairs.n, difference, pairs.p_worse, pairs.p_better)


def _judge(pairs: Pairs, policy: PromotionPolicy, *, descends: bool) -> tuple[Verdict, str]:
    n, counts = pairs.n, pairs.counts
    if policy.rule == "manual":
        return "hold", f"Only people promote in this project. {counts}."
    if policy.rule == "unless_worse" and descends:
        return _descendant(pairs, worse=pairs.p_worse < policy.alpha)
    if n < policy.min_audit:
        return "hold", f"There are {n} audit labels; the gate decides from {policy.min_audit} on."
    if pairs.p_worse < policy.alpha:
        return "reject", f"{counts}: it is worse (p = {pairs.p_worse:.2g})."
    if policy.rule == "better":
        return _better(counts, pairs.p_better, policy)
    return _not_worse(pairs, policy)


def _better(counts: str, p_better: float, policy: PromotionPolicy) -> tuple[Verdict, str]:
    if p_better < policy.alpha:
        return "promote", f"{counts}: it is better (p = {p_better:.2g})."
    return "hold", f"{counts}: it is not shown to be better (p = {p_better:.2g})."


def _descendant(pairs: Pairs, *, worse: bool) -> tuple[Verdict, str]:
    more, counts = "it learned all that the champion did, and more", pairs.counts
    if worse:
        return "reject", f"{counts}: it is worse beyond chance, though {more}."
    if pairs.won < pairs.lost:
        return "hold", f"{counts}: it looks worse, though not beyond chance."
    if pairs.n == 0:
        return "promote", f"There is no audit label yet, and {more}."
    return "promote", f"{counts}; {more}."


def _not_worse(pairs: Pairs, policy: PromotionPolicy) -> tuple[Verdict, str]:
    counts = pairs.counts
    if pairs.won < pairs.lost:
        return "hold", f"{counts}: it looks worse, though not beyond chance."
    level = 1 - 2 * policy.alpha
    low = paired_difference(pairs.gains, pairs.losses, pairs.n, level=level).low
    worst, margin = f"{max(0.0, -100 * low):.1f} points", f"{100 * policy.margin:.1f}"
    sure = f"{100 * (1 - policy.alpha):g} %"
    if low > -policy.margin:
        return "promote", (
            f"{counts}: with {sure} confidence it loses less than {margin} points{pairs.of}."
        )
    return "hold", (
        f"{counts}: a loss of up to {worst}{pairs.of} cannot be excluded and {margin} are allowed; "
        "more audit labels would tell."
    )
