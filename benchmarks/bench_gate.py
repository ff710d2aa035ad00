"""The gate: what passes by chance over many looks, how often a real gain passes, and its time."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from activeloop.learn import guardrails
from activeloop.learn.promote import Standing, decide
from activeloop.learn.spending import Look
from activeloop.policies import Guardrails, PromotionPolicy
from benchmarks.tabular import show

CLASSES, DISAGREE, ACCURACY = 4, 0.10, 0.85
"""The two models of a simulation are right so often, and differ in so many samples."""
PROJECTS = 1000


def main() -> None:
    """Print the shares promoted, with and without spending, and the time of a decision."""
    rng = np.random.default_rng(0)
    rows = []
    for n in (200, 500, 1000):
        spent = promoted(PROJECTS, n=n, gain=0.0, looks=20, rng=rng)
        careless = promoted(PROJECTS, n=n, gain=0.0, looks=20, rng=rng, spend=False)
        found = [
            promoted(PROJECTS, n=n, gain=gain, looks=1, rng=rng, looks_of_budget=20)
            for gain in (0.02, 0.04, 0.08)
        ]
        power = [f"{100 * share:.0f} %" for share in found]
        rows.append((n, f"{100 * spent:.1f} %", f"{100 * careless:.0f} %", *power))
    show(
        "promoted: equal challengers in 20 looks; better ones in one look",
        ("audit labels", "equal", "equal, no spending", "+2 points", "+4 points", "+8 points"),
        rows,
    )
    show(
        "held by the fairness guardrail: equal challengers; one that is worse for one group alone",
        ("audit labels", "classes", "groups", "equal", "30 points worse"),
        _guarded(rng),
    )
    show("time of a decision, 2,000 audit labels, 10 classes", ("figure", "ms"), _times(rng))


def promoted(
    projects: int,
    *,
    n: int,
    gain: float,
    looks: int,
    rng: np.random.Generator,
    spend: bool = True,
    looks_of_budget: int | None = None,
) -> float:
    """Give the share of simulated projects in which any of so many challengers is promoted.

    Args:
        projects: how many.
        n: audit labels, the same for all looks of a project.
        gain: how much more often a challenger is right.
        looks: challengers, one after the other; each is better or equal to the same champion.
        rng: draws labels and answers.
        spend: whether the error is divided over the looks.
        looks_of_budget: over how many it is divided; `looks` when not given.
    """
    policy = PromotionPolicy(looks=(looks_of_budget or looks) if spend else 1, min_per_class=0)
    passed = 0
    for _ in range(projects):
        y = rng.integers(0, CLASSES, n)
        champion_right = rng.random(n) < ACCURACY
        champion = proba(np.where(champion_right, y, (y + 1) % CLASSES))
        last: Look | None = None
        for _ in range(looks):
            challenger = proba(np.where(_differs(champion_right, gain, rng), y, (y + 1) % CLASSES))
            standing = Standing(last=last if spend else None)
            found = decide(y, champion, challenger, policy, standing=standing)
            last = found.look or last
            if found.verdict == "promote":
                passed += 1
                break
    return passed / projects


def _guarded(rng: np.random.Generator) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for n, classes, groups in ((200, 2, 2), (500, 2, 2), (500, 10, 2), (500, 10, 5), (2000, 10, 2)):
        shares = [
            held(PROJECTS // 4, n=n, classes=classes, groups=groups, loss=loss, rng=rng)
            for loss in (0.0, 0.3)
        ]
        rows.append((n, classes, groups, *(f"{100 * share:.0f} %" for share in shares)))
    return rows


def held(
    projects: int, *, n: int, classes: int, groups: int, loss: float, rng: np.random.Generator
) -> float:
    """Give the share of simulated projects in which the fairness guardrail holds a challenger.

    Both models are right in 85 of 100 samples, and a challenger errs anew in 3 of 10 of them.

    Args:
        projects: how many.
        n: audit labels.
        classes: how many classes, equally frequent.
        groups: how many groups, equally large.
        loss: how much less often the challenger is right in one of them.
        rng: draws labels, groups and answers.
    """
    found = 0
    for _ in range(projects):
        y, of = rng.integers(0, classes, n), rng.integers(0, groups, n)
        wrong = rng.random((2, n)) > ACCURACY
        wrong[1] = np.where(rng.random(n) < 0.7, wrong[0], wrong[1])
        wrong[1] |= (of == 0) & (rng.random(n) < loss / ACCURACY)
        other = (y + rng.integers(1, classes, (2, n))) % classes
        said = np.where(wrong, other, y)
        findings = guardrails.look(
            y,
            proba(said[0], classes),
            proba(said[1], classes),
            Guardrails(log_loss=None),
            slices={},
            groups={"group": [str(each) for each in of]},
        )
        found += not all(each.holds for each in findings)
    return found / projects


def _differs(
    champion_right: NDArray[np.bool_], gain: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Turn right into wrong and back in a tenth of the samples, for a gain in all."""
    up, down = (DISAGREE + gain) / 2, (DISAGREE - gain) / 2
    lucky = rng.random(len(champion_right))
    to_right = ~champion_right & (lucky < up / (1 - ACCURACY))
    to_wrong = champion_right & (lucky < max(0.0, down) / ACCURACY)
    return (champion_right | to_right) & ~to_wrong


def proba(said: NDArray[np.int64], classes: int | None = None) -> NDArray[np.float64]:
    """Give probabilities of a model that says these classes."""
    C = classes or max(CLASSES, int(said.max()) + 1)
    return 0.1 / (C - 1) + (0.9 - 0.1 / (C - 1)) * np.eye(C)[said]


def _times(rng: np.random.Generator) -> list[tuple[str, str]]:
    y = rng.integers(0, 10, 2000)
    right = rng.random((2, 2000)) < ACCURACY
    both = [proba(np.where(each, y, (y + 1) % 10)) for each in right]
    rows = []
    for figure in ("accuracy", "macro_f1"):
        policy = PromotionPolicy(figure=figure)
        began = time.perf_counter()
        decide(y, both[0], both[1], policy)
        rows.append((figure, f"{1000 * (time.perf_counter() - began):.0f}"))
    return rows
