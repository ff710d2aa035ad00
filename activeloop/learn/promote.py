"""The gate: does the challenger replace the champion? A paired test on the same audit labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from activeloop.learn.guardrails import Finding
from activeloop.learn.paired_f1 import paired_f1
from activeloop.learn.pairs import Pairs, paired, paired_difference
from activeloop.learn.spending import Look, Next, next_look
from activeloop.learn.types import Estimate, Floats, Targets
from activeloop.policies import PromotionPolicy

Verdict = Literal["promote", "hold", "reject"]

DOUBT = 0.2
"""A descendant is held when a loss as large as its own has less than this chance, were it equal.

Measured by `python -m benchmarks young`: to hold at every decision lost costs a point, for the
newest is better in truth; at this bar nothing is lost, and what learned nonsense is still held.
"""


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
        look: the look at the audit labels that this was; None when nothing was tested.
        spent: the part of the gate's error that the look spent.
        evidence: all that was looked at, as JSON.
    """

    verdict: Verdict
    because: str
    n: int
    difference: Estimate | None
    p_worse: float
    p_better: float
    look: Look | None = None
    spent: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What is known of the two before the audit labels are looked at.

    Attributes:
        descends: whether the challenger learned by the champion's recipe from the champion's
            labels and later ones.
        tested: whether the champion passed a test of the gate, or a person chose it.
        last: the last look at the audit labels that spent some of the gate's error.
    """

    descends: bool = False
    tested: bool = False
    last: Look | None = None


NOTHING_KNOWN = Standing()


@dataclass(frozen=True)
class _Case:
    """What a judgement rests on."""

    y: Targets
    champion: Floats
    challenger: Floats
    policy: PromotionPolicy
    standing: Standing
    pairs: Pairs
    rng: np.random.Generator


@dataclass(frozen=True)
class _Judged:
    verdict: Verdict
    because: str
    look: Look | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def first(n: int) -> Decision:
    """Decide on a version when there is no champion: it becomes the champion.

    Args:
        n: audit labels there are.
    """
    because = "It is the first version; there is nothing to compare it with."
    return Decision("promote", because, n, None, 1.0, 1.0, evidence={"audit_labels": n})


def decide(
    y: Targets,
    champion_proba: Floats,
    challenger_proba: Floats,
    policy: PromotionPolicy,
    *,
    standing: Standing = NOTHING_KNOWN,
    findings: Sequence[Finding] = (),
    rng: np.random.Generator | None = None,
) -> Decision:
    """Compare champion and challenger on the same audit labels.

    Args:
        y: (n,) true classes, or (n, C) marks.
        champion_proba: (n, C) the champion's probabilities.
        challenger_proba: (n, C) the challenger's.
        policy: rule, figure, margin, error level, its looks, and the least number of labels.
        standing: what is known of the two besides.
        findings: of the guardrails; one that does not hold stops a promotion.
        rng: draws the resamples that macro F1 wants.

    Returns:
        With rule `better`: promote only when a test shows a gain, exact McNemar's for accuracy or
        the lower bound of a paired bootstrap for macro F1, at `alpha / looks`. With `not_worse`:
        promote when the point difference is at least 0 and its lower bound lies above -margin.
        Both want `min_audit` labels, `min_per_class` of each class that has any, and a look that
        is left; else they hold. While labels are too few and the champion is untested, too,
        `young: follow` promotes a challenger that descends and does not look worse.
        With `unless_worse`: a challenger that descends is rejected when a test shows a loss, held
        when one is likely (p < .2), and else promoted; one that does not is judged by `not_worse`.
        With `manual`: always hold. Whoever is shown worse at `alpha` is rejected.

    Raises:
        Invalid: when the shapes do not belong together.

    Source:
        McNemar (1947), exact form, and Fisher's permutation test; Tango (1998) for the interval of
        accuracy; Efron (1979) for that of macro F1; Bonferroni over the looks.
    """
    pairs = paired(y, champion_proba, challenger_proba)
    draws = rng if rng is not None else np.random.default_rng(0)
    case = _Case(y, champion_proba, challenger_proba, policy, standing, pairs, draws)
    judged = _guarded(_judge(case), findings)
    difference = paired_difference(pairs.gains, pairs.losses, pairs.n) if pairs.n else None
    return Decision(
        verdict=judged.verdict,
        because=judged.because,
        n=pairs.n,
        difference=difference,
        p_worse=pairs.p_worse,
        p_better=pairs.p_better,
        look=judged.look,
        spent=policy.alpha / policy.looks if judged.look else 0.0,
        evidence=_evidence(case, judged, difference, findings),
    )


def lacking(y: Targets, policy: PromotionPolicy) -> str:
    """Say which audit labels a test still wants; empty when there are enough.

    Example:
        >>> lacking(np.zeros(30, int), PromotionPolicy(min_audit=20, min_per_class=10))
        ''
        >>> lacking(np.zeros(5, int), PromotionPolicy(min_audit=20))
        'there are 5 audit labels, and the gate tests from 20 on'
    """
    if len(y) < policy.min_audit:
        count = f"{len(y)} audit label{'s' if len(y) != 1 else ''}"
        are = "are" if len(y) != 1 else "is"
        return f"there {are} {count}, and the gate tests from {policy.min_audit} on"
    sizes = y.sum(axis=0) if y.ndim == 2 else np.bincount(y.astype(np.int64))
    few = int(((sizes > 0) & (sizes < policy.min_per_class)).sum())
    if few:
        classes = f"{few} class{'es have' if few > 1 else ' has'}"
        return f"{classes} fewer than {policy.min_per_class} audit labels"
    return ""


def _judge(case: _Case) -> _Judged:
    policy, counts = case.policy, case.pairs.counts
    if policy.rule == "manual":
        return _Judged("hold", f"Only people promote in this project. {counts}.")
    if policy.rule == "unless_worse" and case.standing.descends:
        return _descendant(case)
    missing = lacking(case.y, policy)
    if missing:
        return _young(case, missing)
    return _tested(case)


def _descendant(case: _Case) -> _Judged:
    pairs, more = case.pairs, "it learned all that the champion did, and more"
    if pairs.p_worse < case.policy.alpha:
        return _Judged("reject", f"{pairs.counts}: it is worse beyond chance, though {more}.")
    if pairs.p_worse < DOUBT:
        p = f"p = {pairs.p_worse:.2g}"
        return _Judged("hold", f"{pairs.counts}: it looks worse ({p}), though not beyond chance.")
    if pairs.n == 0:
        return _Judged("promote", f"There is no audit label yet, and {more}.")
    return _Judged("promote", f"{pairs.counts}; {more}.")


def _young(case: _Case, missing: str) -> _Judged:
    """Judge while too few audit labels are there to test anything."""
    follow = case.policy.young == "follow" and case.standing.descends
    if case.pairs.n and case.pairs.p_worse < case.policy.alpha:
        return _Judged("reject", f"{case.pairs.counts}: it is worse beyond chance.")
    if follow and not case.standing.tested:
        judged = _descendant(case)
        if judged.verdict != "promote":
            return judged
        because = f"Provisionally, for {missing}: no version is tested yet. {judged.because}"
        return replace(judged, because=because, evidence={"provisional": True})
    kept = " A test or a person chose the champion." if follow else ""
    return _Judged("hold", f"Not tested, for {missing}.{kept}")


def _tested(case: _Case) -> _Judged:
    pairs, policy = case.pairs, case.policy
    coming = next_look(case.standing.last, labels=pairs.n, looks=policy.looks)
    if policy.figure == "accuracy" and pairs.p_worse < policy.alpha:
        # promotes nobody by chance, so it is said also when no look is left
        because = f"{pairs.counts}: it is worse (p = {pairs.p_worse:.2g})."
        return _Judged("reject", because, coming.look)
    if coming.look is None:
        return _Judged(
            "hold",
            f"All {policy.looks} looks at these audit labels are used, and more would let a "
            f"version through by chance. At {coming.renewed_at} audit labels there are new ones.",
        )
    return replace(_shown(case, coming), look=coming.look)


def _shown(case: _Case, coming: Next) -> _Judged:
    if case.policy.figure == "macro_f1":
        return _by_f1(case, coming)
    if case.policy.rule == "better":
        return _better(case, coming)
    return _not_worse(case, coming)


def _better(case: _Case, coming: Next) -> _Judged:
    pairs, alpha = case.pairs, case.policy.alpha / case.policy.looks
    if pairs.p_better < alpha:
        because = f"{pairs.counts}: it is better (p = {pairs.p_better:.2g})."
        return _Judged("promote", because)
    return _Judged(
        "hold",
        f"{pairs.counts}: it is not shown to be better (p = {pairs.p_better:.2g}, and this look "
        f"wants {alpha:.2g}; {_left(coming)}).",
    )


def _not_worse(case: _Case, coming: Next) -> _Judged:
    pairs, policy = case.pairs, case.policy
    if pairs.won < pairs.lost:
        return _Judged("hold", f"{pairs.counts}: it looks worse, though not beyond chance.")
    alpha = policy.alpha / policy.looks
    low = paired_difference(pairs.gains, pairs.losses, pairs.n, level=1 - 2 * alpha).low
    return _within_margin(case, coming, low, f"{pairs.counts}: ", pairs.of)


def _by_f1(case: _Case, coming: Next) -> _Judged:
    policy = case.policy
    alpha = policy.alpha / policy.looks
    found = paired_f1(case.y, case.champion, case.challenger, alpha=alpha, rng=case.rng)
    told = f"On {case.pairs.n} audit labels macro F1 changes by {100 * found.value:+.1f} points"
    evidence = {"macro_f1": {"value": found.value, "low": found.low, "high": found.high}}
    if found.high < 0:
        return _Judged("reject", f"{told}: it is worse beyond chance.", evidence=evidence)
    if policy.rule != "better":
        if found.value < 0:
            judged = _Judged("hold", f"{told}: it looks worse, though not beyond chance.")
        else:
            judged = _within_margin(case, coming, found.low, f"{told}: ", " of macro F1")
        return replace(judged, evidence=evidence)
    if found.low > 0:
        return _Judged("promote", f"{told}: it is better.", evidence=evidence)
    because = (
        f"{told}: it is not shown to be better (at this look's {alpha:.2g} the change may be "
        f"{100 * found.low:+.1f}; {_left(coming)})."
    )
    return _Judged("hold", because, evidence=evidence)


def _within_margin(case: _Case, coming: Next, low: float, counts: str, of: str) -> _Judged:
    policy = case.policy
    sure = f"{100 * (1 - policy.alpha / policy.looks):g} %"
    margin = f"{100 * policy.margin:.1f}"
    if low > -policy.margin:
        because = f"{counts}with {sure} confidence it loses less than {margin} points{of}."
        return _Judged("promote", because)
    worst = f"{max(0.0, -100 * low):.1f} points"
    return _Judged(
        "hold",
        f"{counts}a loss of up to {worst}{of} cannot be excluded and {margin} are allowed; "
        f"more audit labels would tell ({_left(coming)}).",
    )


def _left(coming: Next) -> str:
    return f"{coming.left} look{'s' if coming.left != 1 else ''} left"


def _guarded(judged: _Judged, findings: Sequence[Finding]) -> _Judged:
    stopped = [finding for finding in findings if not finding.holds]
    if judged.verdict != "promote" or not stopped:
        return judged
    reasons = " ".join(finding.says for finding in stopped)
    return replace(judged, verdict="hold", because=f"{judged.because} But: {reasons}")


def _evidence(
    case: _Case, judged: _Judged, difference: Estimate | None, findings: Sequence[Finding]
) -> dict[str, Any]:
    pairs, policy = case.pairs, case.policy
    look = judged.look
    coming = next_look(look, labels=pairs.n, looks=policy.looks) if look else None
    return {
        "audit_labels": pairs.n,
        "rule": policy.rule,
        "figure": policy.figure,
        "won": pairs.won,
        "lost": pairs.lost,
        "p_better": pairs.p_better,
        "p_worse": pairs.p_worse,
        "difference": difference and [difference.value, difference.low, difference.high],
        "tested": look is not None,
        "look": look and look.number,
        "looks_left": coming and (coming.left + 1 if coming.look else 0),
        "budget_began_at": look and look.began,
        "alpha_of_look": policy.alpha / policy.looks if look else None,
        "guardrails": [
            {"name": each.name, "holds": each.holds, "says": each.says, **each.detail}
            for each in findings
        ],
        **judged.evidence,
    }
