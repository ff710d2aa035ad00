"""Expected error reduction: its formula taken literally, and beside fitting again."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from activeloop.learn.picking.expected_error import Known, expected_reduction


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def entropy(p: Any) -> float:
    return float(-sum(x * np.log(x) for x in np.ravel(p) if x > 0))


def softmax(scores: Any) -> Any:
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return scores / scores.sum(axis=-1, keepdims=True)


def literal_reduction(candidates: Known, labelled: Known, targets: Known) -> list[float]:
    """The formula of the docstring, one candidate, class and target at a time."""

    def lift(rows: Any) -> Any:
        return np.hstack([rows, np.ones((len(rows), 1))])

    def bend(p: Any) -> float:
        return float((1 - (p * p).sum()) / len(p))

    F, G, T = lift(candidates.rows), lift(labelled.rows), lift(targets.rows)
    P = np.linalg.inv(
        np.eye(F.shape[1])
        + sum(bend(p) * np.outer(f, f) for f, p in zip(G, labelled.proba, strict=True))
    )
    found = []
    for f, p in zip(F, candidates.proba, strict=True):
        step = P @ f / (1 + bend(p) * f @ P @ f)
        after = 0.0
        for c in range(len(p)):
            moved = [
                softmax(np.log(q) + (t @ step) * (np.eye(len(p))[c] - p))
                for t, q in zip(T, targets.proba, strict=True)
            ]
            after += p[c] * float(np.mean([entropy(q) for q in moved]))
        found.append(float(np.mean([entropy(q) for q in targets.proba])) - after)
    return found


def known_rows(n: int, seed: int, classes: int = 3) -> Known:
    rows = rng(seed).normal(size=(n, 2))
    weights = rng(99).normal(size=(2, classes))
    return Known(rows, softmax(rows @ weights))


def test_expected_reduction_is_its_formula() -> None:
    three = known_rows(6, 1), known_rows(5, 2), known_rows(7, 3)
    assert np.allclose(expected_reduction(*three), literal_reduction(*three), rtol=0, atol=1e-9)


def fitted_again(seed: int) -> tuple[Any, Any]:
    """Reductions by our step and by fitting once per candidate and class, for 40 candidates."""
    from sklearn.linear_model import LogisticRegression

    X = rng(seed).normal(size=(160, 2)) + np.repeat([[1.5, 0], [-1.5, 0], [0, 2]], [60, 60, 40], 0)
    y = np.repeat([0, 1, 2], [60, 60, 40])
    known = np.union1d(rng(seed + 50).choice(160, 12, replace=False), [0, 60, 120])
    others = rng(seed).permutation(np.setdiff1d(np.arange(160), known))
    rest, aim = others[:40], others[40:]

    def fit(rows: Any, labels: Any) -> Any:
        return LogisticRegression(max_iter=500).fit(rows, labels)

    def after(row: int, c: int) -> float:
        model = fit(np.vstack([X[known], X[[row]]]), np.append(y[known], c))
        return float(np.mean([entropy(p) for p in model.predict_proba(X[aim])]))

    model = fit(X[known], y[known])
    chances = model.predict_proba(X[rest])
    again = [
        -sum(chances[i, c] * after(row, c) for c in range(3)) for i, row in enumerate(rest.tolist())
    ]
    sides = (Known(X[some], model.predict_proba(X[some])) for some in (rest, known, aim))
    return expected_reduction(*sides), again


def test_the_one_step_update_ranks_candidates_much_as_fitting_again_does() -> None:
    from scipy.stats import spearmanr

    # a guess has a mean of 0 and a deviation of .09
    found = [spearmanr(*fitted_again(seed)).statistic for seed in range(3)]
    assert np.mean(found) > 0.5


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_of_many_classes_the_five_likeliest_are_tried(seed: int) -> None:
    three = known_rows(4, seed, 8), known_rows(5, seed + 1, 8), known_rows(6, seed + 2, 8)
    found = expected_reduction(*three)
    assert np.isfinite(found).all()
    assert np.all(found <= np.log(8))
