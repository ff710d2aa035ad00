"""Score 10^6 x 64 and keep the best 100, beside a bare numpy loop, modAL and scikit-activeml."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from activeloop.learn import recipes, select
from activeloop.learn.types import Block
from benchmarks.tabular import show

if TYPE_CHECKING:
    from activeloop.learn.types import Float32s, Floats, Ints, Model

ROWS, WIDTH, CLASSES, BEST = 1_000_000, 64, 10, 100
LABELLED, CHUNK, BLOCK, REPEATS = 300, 16_384, 65_536, 3


def main() -> None:
    """Print seconds of each and the ratio to the bare loop of the same score."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, WIDTH), dtype=np.float32)
    y = (X[:LABELLED] @ rng.standard_normal((WIDTH, CLASSES))).argmax(axis=1).astype(np.int64)
    model = recipes.get("linear", {}).fit(X[:LABELLED], y, CLASSES, seed=0)
    weights = rng.standard_normal((WIDTH, CLASSES)).astype(np.float32)
    bare = {name: _seconds(lambda s=score: _bare(X, weights, s)) for name, score in SCORES.items()}  # type: ignore[misc]
    rows = [(f"bare numpy loop, {name}", name, taken) for name, taken in bare.items()]
    rows += [(f"activeloop {n}", n, _seconds(lambda n=n: _ours(X, model, n))) for n in bare]  # type: ignore[misc]
    both = _seconds(lambda: _ours(X, model, "margin-badge"))
    rows.append(("activeloop margin-badge (batch of 20)", "margin", both))
    rows += list(_peers(X, y))
    show(
        f"{ROWS:,} x {WIDTH} float32, {CLASSES} classes, best {BEST}",
        ("what", "seconds", "x bare"),
        ((what, f"{taken:.3f}", f"{taken / bare[name]:.2f}") for what, name, taken in rows),
    )


def _margin(proba: Floats) -> Floats:
    top = np.partition(proba, -2, axis=1)
    return 1 - (top[:, -1] - top[:, -2])


def _entropy(proba: Floats) -> Floats:
    found: Floats = -(proba * np.log(np.maximum(proba, 1e-12))).sum(axis=1)
    return found


SCORES: dict[str, Callable[[Floats], Floats]] = {"margin": _margin, "entropy": _entropy}


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def _bare(X: Float32s, weights: Float32s, score: Callable[[Floats], Floats]) -> Ints:
    scores = np.empty(len(X), np.float32)
    for start in range(0, len(X), CHUNK):
        logits = X[start : start + CHUNK] @ weights
        proba = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores[start : start + CHUNK] = score(proba / proba.sum(axis=1, keepdims=True))
    return np.argpartition(-scores, BEST)[:BEST]


def _ours(X: Float32s, model: Model, strategy: str) -> Ints:
    blocks = (Block(at, X[at : at + BLOCK]) for at in range(0, len(X), BLOCK))
    return select.rank(
        blocks,
        model,
        strategy=strategy,
        params={},
        eligible=np.ones(len(X), np.bool_),
        labelled=None,
        batch_size=20,
        length=BEST,
        rng=np.random.default_rng(0),
    ).seqs


def _peers(X: Float32s, y: Ints) -> Iterator[tuple[str, str, float]]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(max_iter=200).fit(X[:LABELLED], y)
    try:
        from modAL import uncertainty
    except ImportError:
        print("modAL is not installed; left out.")
    else:
        yield (
            "modAL margin",
            "margin",
            _seconds(lambda: uncertainty.margin_sampling(fitted, X, n_instances=BEST)),
        )
        yield (
            "modAL entropy",
            "entropy",
            _seconds(lambda: uncertainty.entropy_sampling(fitted, X, n_instances=BEST)),
        )
    try:
        from skactiveml import classifier, pool
    except ImportError:
        print("scikit-activeml is not installed; left out.")
        return
    wrapped: Any = classifier.SklearnClassifier(fitted, classes=list(range(CLASSES)))
    wrapped.fit(X[:LABELLED], y)
    for name, method in (("margin", "margin_sampling"), ("entropy", "entropy")):
        query: Any = pool.UncertaintySampling(method=method, random_state=0)
        yield (
            f"scikit-activeml {name}",
            name,
            _seconds(
                lambda q=query: q.query(  # type: ignore[misc]
                    X[:LABELLED], y, wrapped, fit_clf=False, candidates=X, batch_size=BEST
                )
            ),
        )


if __name__ == "__main__":
    main()
