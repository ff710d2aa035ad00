"""Micro F1 for the same labels where a sample has several, by each strategy and at random."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from activeloop.learn import recipes, select, strategies
from activeloop.learn.evaluate_marks import named
from activeloop.learn.types import Block
from benchmarks.savings.datasets import DATA
from benchmarks.tabular import show

if TYPE_CHECKING:
    from activeloop.learn.types import Bools, Features, Floats

BATCH, BUDGET, SEEDS, MEMBERS = 20, 300, 5, 8
DRAWN, HELD_OUT = 20_000, 0.3
DIGITS = ((0, 2, 4, 6, 8), (2, 3, 5, 7), (5, 6, 7, 8, 9), (0, 4, 6, 8, 9), (0,), (1, 4, 7))
"""Even, prime, at least five, with a hole, nothing, made of straight lines."""
CLOTHES = ((0, 2, 3, 4, 6), (2, 4, 6), (5, 7, 9), (0, 1, 3, 5), (4,), (0, 6), (8,), (7, 9))
"""Of the ten kinds of clothing: on the torso, with sleeves, shoes, for summer, and so on."""


@dataclass(frozen=True, eq=False)
class Marked:
    """Rows and which of them are of which class."""

    X: Features
    marks: Bools


def main(options: Sequence[str] = ()) -> None:
    """Draw a learning curve for each set, strategy and seed, and print their means."""
    parser = argparse.ArgumentParser(prog="benchmarks several")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    seeds = parser.parse_args(list(options)).seeds
    names = ["random", "core-set", *_for_several_alone()]
    rows = []
    for title, load in SETS.items():
        for name in names:
            found = [curve(load(seed), name, seed) for seed in range(seeds)]
            areas = [each.mean() for each in found]
            spread = f"{np.mean(areas):.3f} ± {np.std(areas):.3f}"
            rows.append((title, name, spread, f"{np.mean([each[-1] for each in found]):.3f}"))
    show(
        f"micro F1 on held-out rows, {BUDGET} labels in batches of {BATCH}, {seeds} seeds",
        ("set", "strategy", "mean over the budget", "at the end"),
        rows,
    )


def _for_several_alone() -> list[str]:
    return [
        name
        for name in strategies.meant_for("several")
        if "one" not in strategies.get(name).answers
    ]


def curve(data: Marked, name: str, seed: int) -> Floats:
    """Give the micro F1 after each batch; the first batch covers the pool (random: is random)."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(data.marks))
    stop = int((1 - HELD_OUT) * len(order))
    pool, test = order[:stop], order[stop:]
    X, marks, open_ = data.X[pool], data.marks[pool], np.ones(stop, np.bool_)
    wants = MEMBERS if "committee" in strategies.get(name).needs else 0
    known: list[int] = []
    figures: list[float] = []
    model = None
    while len(known) < BUDGET:
        strategy = name if model is not None or name == "random" else "typiclust"
        picks = select.rank(
            [Block(0, X)], model, strategy=strategy, params={}, eligible=open_,
            labelled=(X[known], marks[known]) if known else None, batch_size=BATCH, length=BATCH,
            rng=rng,
        )  # fmt: skip
        known += picks.seqs.tolist()
        open_[picks.seqs] = False
        model = recipes.get("linear").fit(
            X[known], marks[known], marks.shape[1], seed=seed, committee=wants
        )
        told, truth = named(model.predict_proba(data.X[test])), data.marks[test]
        figures.append(2 * (told & truth).sum() / max(1, told.sum() + truth.sum()))
    return np.array(figures)


def _digits(_seed: int) -> Marked:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return Marked(X.astype(np.float32), _marks(y, DIGITS))


def _clothes(seed: int) -> Marked:
    with np.load(DATA / "fashion_mnist.npz") as stored:
        images, y = stored["x_train"], stored["y_train"]
    drawn = np.random.default_rng(seed).permutation(len(y))[:DRAWN]
    small = images[drawn].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
    return Marked(small.reshape(len(drawn), -1).astype(np.float32), _marks(y[drawn], CLOTHES))


def _made(seed: int) -> Marked:
    from sklearn.datasets import make_multilabel_classification

    X, y = make_multilabel_classification(
        DRAWN, 100, n_classes=15, n_labels=2, length=400, random_state=seed
    )
    return Marked(X.astype(np.float32), y.astype(np.bool_))


def _marks(y: Floats, groups: Sequence[Sequence[int]]) -> Bools:
    return np.stack([np.isin(y, group) for group in groups], axis=1)


def _sets() -> dict[str, Callable[[int], Marked]]:
    sets = {"digits": _digits, "made": _made}
    if Path(DATA / "fashion_mnist.npz").exists():
        sets["clothes"] = _clothes
    return sets


SETS = _sets()
