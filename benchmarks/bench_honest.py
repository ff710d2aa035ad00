"""Which figures are honest: audit labels, labels that were asked for, and those weighed out (LURE).

Each project learns by margin sampling, keeps its model, and asks a hundred labels more, a tenth of
them at random. Its accuracy elsewhere, and on what it could have asked, is known, so each figure's
error is. `--projects=100 --first=0` are how many, and the first seed.

Then, where every question is drawn by chance (`power-margin`): how many labels drawn at random tell
as much as those that LURE weighs out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn import lure
from activeloop.learn.evaluate import wilson
from activeloop.learn.types import Estimate

AUDIT: Final = 200
POOL: Final = 1200
"""Samples of a project, audit ones too; the others are the world it will be used in."""
FIRST: Final = 20
BATCH: Final = 20
BATCHES: Final = 3
ASKED: Final = 100
SHARE: Final = 0.1
LEARNED: Final = 150
"""Labels of the fixed model whose accuracy is estimated with ever more labels."""
Rows = NDArray[np.float64]
World = Callable[[np.random.Generator], tuple[Rows, NDArray[np.int64]]]
FIGURES: Final = ("audit", "queried", "lure")


@dataclass(frozen=True)
class Found:
    """A figure and what it should have been."""

    estimate: Estimate
    truth: float

    @property
    def error(self) -> float:
        """What it says too much."""
        return self.estimate.value - self.truth

    @property
    def holds(self) -> bool:
        """Whether its interval holds the truth."""
        return self.estimate.low <= self.truth <= self.estimate.high


@dataclass(frozen=True)
class Summary:
    """A figure over many projects.

    Attributes:
        bias: the mean error.
        low: the lower end of the mean error's 95 % interval.
        high: the upper end.
        rmse: the root of the mean squared error.
        coverage: how often the interval held the truth.
    """

    bias: float
    low: float
    high: float
    rmse: float
    coverage: float


@dataclass(frozen=True)
class Worth:
    """The same number of labels, at random and by chance with weights."""

    random: Summary
    lure: Summary

    @property
    def times(self) -> float:
        """How many labels at random tell as much as one that is weighed out."""
        return (self.random.rmse / self.lure.rmse) ** 2


def project(X: Rows, y: NDArray[np.int64], rng: np.random.Generator) -> dict[str, Found]:
    """Run one project and give its three figures."""
    order = rng.permutation(len(y))
    audit, pool, world = order[:AUDIT], order[AUDIT:POOL], order[POOL:]
    learned, left = list(pool[:FIRST]), list(pool[FIRST:])
    model = _fit(X[learned], y[learned])
    for _ in range(BATCHES):
        hardest = np.argsort(_margin(model, X[left]), kind="stable")[:BATCH]
        learned += [left[at] for at in hardest]
        left = [each for at, each in enumerate(left) if at not in set(hardest.tolist())]
        model = _fit(X[learned], y[learned])
    right = model.predict(X) == y
    remaining = np.array(left)
    seqs, q, lots = _ask(_margin(model, X[remaining]), rng)
    hits = right[remaining[seqs]]
    chosen = hits[~lots]
    weighed = lure.corrected(hits.astype(float), q, len(remaining))
    if weighed is None:
        raise RuntimeError("A hundred labels are enough for an estimate.")
    return {
        # what was learned from is left out of both: it is told too well
        "audit": Found(wilson(int(right[audit].sum()), AUDIT), float(right[world].mean())),
        "queried": Found(wilson(int(chosen.sum()), len(chosen)), float(right[remaining].mean())),
        "lure": Found(weighed, float(right[remaining].mean())),
    }


def _ask(margin: Rows, rng: np.random.Generator) -> tuple[NDArray[np.int64], Rows, Any]:
    """Ask by margin, and now and then at random; give places, chances, and which were random."""
    queue = np.argsort(margin, kind="stable").tolist()
    seqs, lots = [], []
    for _ in range(ASKED):
        lot = bool(rng.random() < SHARE)
        seqs.append(queue.pop(int(rng.integers(len(queue))) if lot else 0))
        lots.append(lot)
    random = np.array(lots)
    remaining = len(margin) - np.arange(ASKED, dtype=float)
    chances = np.where(random, 1 / remaining, 1.0)
    q = lure.mixed(chances, remaining, SHARE, at_random=random.astype(float))
    return np.array(seqs), q, random


def summary(found: list[Found]) -> Summary:
    """Sum a figure up over projects."""
    errors = np.array([each.error for each in found])
    half = 1.96 * errors.std(ddof=1) / np.sqrt(len(errors))
    bias = float(errors.mean())
    coverage = float(np.mean([each.holds for each in found]))
    return Summary(bias, bias - half, bias + half, float(np.sqrt((errors**2).mean())), coverage)


def simulated(draw: World, *, projects: int, first: int = 0) -> dict[str, Summary]:
    """Run projects with seeds first, first + 1, ... and sum each figure up."""
    found: dict[str, list[Found]] = {name: [] for name in FIGURES}
    for seed in range(first, first + projects):
        rng = np.random.default_rng(seed)
        X, y = draw(rng)
        for name, each in project(X, y, rng).items():
            found[name].append(each)
    return {name: summary(each) for name, each in found.items()}


def worth(draw: World, labels: int, beta: float, *, projects: int, first: int = 0) -> Worth:
    """Estimate a fixed model's accuracy from labels at random and from `power-margin` with LURE."""
    found: dict[str, list[Found]] = {"random": [], "lure": []}
    for seed in range(first, first + projects):
        rng = np.random.default_rng(seed)
        X, y = draw(rng)
        order = rng.permutation(len(y))
        learned, pool = order[:LEARNED], order[LEARNED:POOL]
        model = _fit(X[learned], y[learned])
        right = (model.predict(X[pool]) == y[pool]).astype(float)
        some = right[rng.choice(len(pool), labels, replace=False)]
        truth = float(right.mean())
        found["random"].append(Found(wilson(int(some.sum()), labels), truth))
        seqs, q = _by_chance(np.maximum(1 - _margin(model, X[pool]), 1e-12) ** beta, labels, rng)
        weighed = lure.corrected(right[seqs], q, len(pool))
        if weighed is None:
            raise RuntimeError("So many labels are enough for an estimate.")
        found["lure"].append(Found(weighed, truth))
    return Worth(summary(found["random"]), summary(found["lure"]))


def _by_chance(
    weights: Rows, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Rows]:
    """Draw in proportion to weights, a share at random; give places and the chance of each."""
    left, seqs, q = np.ones(len(weights), bool), [], []
    for _ in range(count):
        chances = np.where(left, weights, 0)
        chances = (1 - SHARE) * chances / chances.sum() + SHARE * left / left.sum()
        at = int(rng.choice(len(weights), p=chances / chances.sum()))
        seqs.append(at)
        q.append(chances[at])
        left[at] = False
    return np.array(seqs), np.array(q)


def clouds(rng: np.random.Generator) -> tuple[Rows, NDArray[np.int64]]:
    """Draw three overlapping clouds of points."""
    y = rng.integers(0, 3, 5000)
    return rng.normal(size=(5000, 4)) + 1.6 * np.eye(4)[y], y


def digits(_rng: np.random.Generator) -> tuple[Rows, NDArray[np.int64]]:
    """Give scikit-learn's digits."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / 16, y


def _fit(X: Rows, y: NDArray[np.int64]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10, max_iter=300).fit(X, y)


def _margin(model: Any, X: Rows) -> Rows:
    top: Rows = np.sort(model.predict_proba(X), axis=1)
    return top[:, -1] - top[:, -2]


def main(options: list[str] | None = None) -> None:
    """Print the error of each figure on two pools, and what weighing out is worth."""
    given = dict(each.lstrip("-").split("=", 1) for each in options or [])
    projects, first = int(given.get("projects", 100)), int(given.get("first", 0))
    print(f"{'pool':8}{'figure':9}{'bias':>8}{'of it 95 %':>20}{'rmse':>8}{'interval holds':>16}")
    for name, draw in (("clouds", clouds), ("digits", digits)):
        for figure, each in simulated(draw, projects=projects, first=first).items():
            ends = f"{each.low:+.4f} .. {each.high:+.4f}"
            print(f"{name:8}{figure:9}{each.bias:+8.4f}{ends:>20}{each.rmse:8.3f}"
                  f"{each.coverage:15.1%}")  # fmt: skip
    print(f"\n{'pool':8}{'labels':>7}{'beta':>6}{'rmse at random':>16}{'LURE':>8}{'bias':>9}"
          f"{'interval holds':>16}{'labels at random for one':>26}")  # fmt: skip
    for name, draw in (("clouds", clouds), ("digits", digits)):
        for beta in (1.0, 8.0):
            for labels in (50, 100, 200):
                found = worth(draw, labels, beta, projects=projects, first=first)
                print(f"{name:8}{labels:7}{beta:6.0f}{found.random.rmse:16.4f}"
                      f"{found.lure.rmse:8.4f}{found.lure.bias:+9.4f}{found.lure.coverage:15.1%}"
                      f"{found.times:26.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
