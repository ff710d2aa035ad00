"""Going on from an earlier linear model: where it ends, and how near it stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from activeloop.errors import Invalid
from activeloop.learn import persist, recipes
from activeloop.learn.recipes import logistic, softmax
from activeloop.learn.recipes.design import prepare
from activeloop.learn.recipes.starting import before, begin
from activeloop.learn.types import Features, Float32s, Ints
from activeloop.spec import Mode


def _digits() -> tuple[Float32s, Ints]:
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return X[order].astype(np.float32), y[order].astype(np.int64)


def _drawn(seed: int, *, sparse: bool, several: bool) -> tuple[Features, Any]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 90 if sparse else 7)).astype(np.float32)
    scores = X[:, :3] + rng.normal(size=(60, 3))
    y = scores > 0 if several else scores.argmax(axis=1)
    return (csr_matrix(X * (X > 0.8)) if sparse else X), y


def _near(parent: Any, X: Features, y: Any, new: Any, pull: float, *, k: int = 0) -> Any:
    made = recipes.get("linear")
    return made.fit(X, y, 3, seed=1, committee=k, parent=parent, new=new, pull=pull)  # type: ignore[call-arg]


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_pull_without_end_gives_the_parent(seed: int, sparse: bool, several: bool) -> None:  # noqa: FBT001
    X, y = _drawn(seed, sparse=sparse, several=several)
    parent = recipes.get("linear").fit(X[:40], y[:40], 3, seed=0, committee=2)
    if not several and not set(y) <= set(parent.present):  # type: ignore[attr-defined]
        return
    found = _near(parent, X, y, np.arange(60) >= 40, 1e9, k=2)
    assert np.allclose(found.predict_proba(X), parent.predict_proba(X), atol=1e-5)
    assert np.allclose(found.committee_proba(X), parent.committee_proba(X), atol=1e-5)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_stronger_the_pull_the_nearer_the_parent(seed: int) -> None:
    X, y = _drawn(seed, sparse=False, several=False)
    parent: Any = recipes.get("linear").fit(X[:40], y[:40], 3, seed=0)
    if not set(y) <= set(parent.present):
        return
    moved = [
        float(
            np.abs(
                _near(parent, X, y, slice(40, 60), pull).heads.weights - parent.heads.weights
            ).sum()
        )
        for pull in (0.001, 0.1, 10.0, 1000.0)
    ]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 10 * moved[-1]


def test_no_pull_gives_the_fit_of_the_new_rows_alone() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(400, 4)).astype(np.float32)
    y = (X[:, :3] + 2 * rng.gumbel(size=(400, 3))).argmax(axis=1).astype(np.int64)
    parent = recipes.get("linear").fit(X[:100], y[:100], 3, seed=0)
    found = _near(parent, X, y, slice(100, 400), 0.0)
    alone = LogisticRegression(C=np.inf, tol=1e-8, max_iter=2000).fit(X[100:], y[100:])
    assert np.allclose(found.predict_proba(X), alone.predict_proba(X), atol=2e-3)
    assert np.abs(parent.predict_proba(X) - alone.predict_proba(X)).max() > 0.1


def test_a_pull_keeps_what_was_known_where_the_new_rows_alone_forget_it() -> None:
    X, y = _digits()
    X, y = X[:1100], y[:1100]
    made, new = recipes.get("linear"), np.arange(1100) >= 1000
    parent = made.fit(X[:1000], y[:1000], 10, seed=0)

    def old_and_new(pull: float) -> tuple[float, float]:
        found = made.fit(X, y, 10, seed=0, parent=parent, new=new, pull=pull)  # type: ignore[call-arg]
        right = found.predict_proba(X).argmax(axis=1) == y
        return float(right[~new].mean()), float(right[new].mean())

    forgot, held = old_and_new(0.0), old_and_new(0.01)
    assert forgot[0] < 0.93
    assert held[0] > 0.98
    before_it = float((parent.predict_proba(X[new]).argmax(axis=1) == y[new]).mean())
    assert held[1] > before_it


def test_a_start_at_the_parent_scores_as_the_parent_did() -> None:
    X, y = _digits()
    parent = recipes.get("linear").fit(X[:500], y[:500], 10, seed=0)
    design = prepare(X[:600], idf=True)
    start = begin(design, before(parent, X, 10, several=False), np.arange(10))
    told = parent.heads.scores(X[:600]).T * parent.facts["temperature"]  # type: ignore[attr-defined]
    assert np.allclose(design.Z @ start.coef + start.offsets, told, atol=1e-3)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_warm_start_ends_where_a_full_run_does(
    monkeypatch: pytest.MonkeyPatch, *, several: bool, sparse: bool
) -> None:
    for module in (softmax, logistic):
        # at the usual tolerance both stop on the way, the warm one nearer to the end
        monkeypatch.setattr(module, "TOLERANCE", 1e-7)
        monkeypatch.setattr(module, "ITERATIONS", 5000)
    X, y = _drawn(5, sparse=sparse, several=several)
    made = recipes.get("linear", {"C": 1.0})
    parent = made.fit(X[:40], y[:40], 3, seed=0)
    full, warm = made.fit(X, y, 3, seed=0), made.fit(X, y, 3, seed=0, parent=parent)
    assert np.allclose(full.predict_proba(X), warm.predict_proba(X), atol=2e-3)
    assert np.abs(parent.predict_proba(X) - full.predict_proba(X)).max() > 0.02


def test_a_warm_start_takes_fewer_steps_to_the_same_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import optimize

    monkeypatch.setattr(softmax, "TOLERANCE", 1e-5)
    steps: list[int] = []
    minimize = optimize.minimize

    def counted(*args: object, **kwargs: object) -> object:
        found = minimize(*args, **kwargs)
        steps.append(found.nit)
        return found

    monkeypatch.setattr(optimize, "minimize", counted)
    X, y = _digits()
    parent = recipes.get("linear").fit(X[:1000], y[:1000], 10, seed=0)
    design = prepare(X[:1050], idf=True)
    start = begin(design, before(parent, X, 10, several=False), np.arange(10))
    steps.clear()
    softmax.fit_softmax(design.Z, y[:1050], strength=30.0)
    softmax.fit_softmax(design.Z, y[:1050], strength=30.0, start=start)
    assert steps[1] < 0.8 * steps[0]


def test_the_same_parent_and_labels_give_the_same_bytes() -> None:
    X, y = _drawn(2, sparse=True, several=False)
    parent = recipes.get("linear").fit(X[:40], y[:40], 3, seed=0, committee=2)
    one, two = (persist.dump(_near(parent, X, y, slice(40, 60), 0.01, k=2)) for _ in "ab")
    assert one == two
    assert persist.load(one).predict_proba(X) == pytest.approx(
        _near(parent, X, y, slice(40, 60), 0.01, k=2).predict_proba(X), abs=0
    )


def test_labels_of_a_class_the_parent_has_not_learned_are_refused() -> None:
    X, y = _drawn(1, sparse=False, several=False)
    known = y < 2
    parent = recipes.get("linear").fit(X[known], y[known], 3, seed=0)
    with pytest.raises(Invalid, match="has not learned"):
        _near(parent, X, y, slice(0, 60), 0.1)


@pytest.mark.parametrize(
    ("name", "mode"), [("linear", "incremental"), ("forest", "warm"), ("online", "fine-tune")]
)
def test_a_mode_a_recipe_cannot_do_is_refused_with_those_it_can(name: str, mode: Mode) -> None:
    made = recipes.get(name)
    with pytest.raises(Invalid, match="cannot be trained in the mode") as refused:
        recipes.check_mode(made, mode)
    assert all(can in str(refused.value.problems) for can in recipes.modes(made))
    recipes.check_mode(made, "auto")
