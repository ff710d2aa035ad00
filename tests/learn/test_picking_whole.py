"""Picks from the whole pool: those of the plain algorithms, and of the peers, in few passes."""

from __future__ import annotations

import doctest
import importlib
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from activeloop.errors import Needs
from activeloop.learn import strategies
from activeloop.learn.apart import Yardstick
from activeloop.learn.modal_learner import Learner
from activeloop.learn.picking import farthest
from activeloop.learn.picking.badge import badge
from activeloop.learn.picking.core_set import core_set
from activeloop.learn.picking.distances import Centres, origin
from activeloop.learn.picking.gradients import Gradients
from activeloop.learn.picking.ranked_batch import ranked_batch
from activeloop.learn.pool import Pool
from activeloop.learn.types import Block, Picks

MODULES = ["distances", "core_set", "ranked_batch", "badge"]


class Softmax:
    """A model of the test's own: linear, with fixed weights."""

    recipe = "softmax"

    def __init__(self, width: int, classes: int = 4, seed: int = 3) -> None:
        self.n_classes = classes
        self.weights = np.random.default_rng(seed).normal(size=(width, classes)).astype(np.float32)

    def predict_proba(self, X: Any) -> Any:
        scores = X @ self.weights
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)

    def committee_proba(self, _: Any) -> Any:
        raise Needs("The test's model has no committee.")

    def state(self) -> Any:
        raise NotImplementedError


def pool_of(X: Any, *, cut: int = 500, known: Any = (), threads: int = 1) -> Pool:
    eligible = np.ones(X.shape[0], bool)
    eligible[list(known)] = False
    blocks = [Block(first, X[first : first + cut]) for first in range(0, X.shape[0], cut)]
    return Pool(blocks, eligible, threads)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def rows_of(kind: str, n: int = 1500, d: int = 12) -> Any:
    drawn = np.random.default_rng(5)
    X = drawn.normal(size=(n, d))
    if kind == "plane":  # few dimensions: distances fall quickly, and the pool is read again
        X = drawn.uniform(size=(n, 2)) @ drawn.normal(size=(2, d))
    if kind == "groups":
        X = X * 0.1 + drawn.normal(size=(20, d))[drawn.integers(20, size=n)]
    if kind == "far off":
        X += 1000
    if kind == "sparse":
        X = sp.random(n, 300, 0.03, format="csr", random_state=5)
    return sp.csr_matrix(X, dtype=np.float32) if sp.issparse(X) else X.astype(np.float32)


KINDS = ["even", "plane", "groups", "far off", "sparse"]


def dense(X: Any) -> Any:
    return np.asarray(X.toarray() if sp.issparse(X) else X, np.float64)


def plain_core_set(X: Any, known: Any, batch: int) -> list[int]:
    rows, chosen = dense(X), []
    near = np.min([((rows - rows[k]) ** 2).sum(axis=1) for k in known], axis=0)
    for _ in range(batch):
        chosen.append(int(near.argmax()))
        near = np.minimum(near, ((rows - rows[chosen[-1]]) ** 2).sum(axis=1))
    return chosen


@pytest.fixture(params=[None, 64], ids=["as held", "few held"])
def held(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold few rows, so that certainty runs out and the pool is read again."""
    if request.param:
        monkeypatch.setattr(farthest, "_size", lambda *_: request.param)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("kind", KINDS)
def test_core_set_is_the_plain_algorithm(kind: str) -> None:
    X, known = rows_of(kind), [3, 700, 1400]
    picks = core_set(pool_of(X, known=known), labelled=X[known], batch_size=40, rng=rng())
    assert picks.seqs.tolist() == plain_core_set(X, known, 40)
    assert np.all(np.diff(picks.scores) <= 1e-9)


def test_core_set_picks_what_scikit_activeml_picks() -> None:
    from skactiveml.pool import CoreSet

    X, known = rows_of("groups"), [3, 700, 1400]
    y = np.full(len(X), np.nan)
    y[known] = 0
    theirs = CoreSet(random_state=0).query(X, y, batch_size=60)
    ours = core_set(pool_of(X, known=known), labelled=X[known], batch_size=60, rng=rng())
    assert ours.seqs.tolist() == theirs.tolist()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("kind", ["even", "plane", "groups"])
def test_ranked_batch_picks_what_modal_picks(kind: str) -> None:
    from modAL.batch import uncertainty_batch_sampling

    # many labels beside few candidates: doubt counts as much as distance
    X = rows_of(kind, n=600)
    known = np.arange(0, 600, 3)
    model, pool = Softmax(X.shape[1]), pool_of(X, known=known)
    learner = Learner(model.predict_proba, 4, X[known], np.zeros(len(known), np.int64))
    theirs, _ = uncertainty_batch_sampling(learner, X[pool.candidates], n_instances=100)
    ours = ranked_batch(pool, model=model, labelled=X[known], batch_size=100, rng=rng())
    assert ours.seqs.tolist() == pool.candidates[theirs].tolist()
    assert not np.array_equal(ours.seqs, plain_core_set(X, known, 100))


def test_ranked_batch_works_on_sparse_rows_as_on_dense_ones() -> None:
    X, known = rows_of("sparse"), [1, 2, 3]
    model = Softmax(X.shape[1])
    sparse = ranked_batch(
        pool_of(X, known=known), model=model, labelled=X[known], batch_size=30, rng=rng()
    )
    full = np.asarray(X.toarray(), np.float32)
    same = ranked_batch(
        pool_of(full, known=known), model=model, labelled=full[known], batch_size=30, rng=rng()
    )
    assert sparse.seqs.tolist() == same.seqs.tolist()


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 50.0]))
@settings(max_examples=40, deadline=None)
def test_no_distance_is_above_its_bound(seed: int, offset: float) -> None:
    drawn = np.random.default_rng(seed)
    X = (drawn.normal(size=(30, 7)) * drawn.uniform(0.01, 30, 7) + offset).astype(np.float32)
    C = (X[:5] + drawn.normal(size=(5, 7)) * 1e-3).astype(np.float32)
    true = ((dense(X)[:, None] - dense(C)) ** 2).sum(axis=2).min(axis=1)
    bounds = Centres.of(C, origin(X)).bounds(X)
    assert np.all(true <= bounds)
    assert np.all(bounds <= true * 1.01 + 1e-2 * (1 + dense(X).var(axis=0).sum()))


def test_a_pool_of_copies_is_picked_group_by_group_first() -> None:
    X = np.repeat(rows_of("even", n=40), 25, axis=0)
    picks = core_set(pool_of(X), labelled=None, batch_size=60, rng=rng())
    groups = picks.seqs // 25
    assert len(set(groups[:40].tolist())) == 40
    assert len(set(picks.seqs.tolist())) == 60


def test_without_labels_core_set_starts_anywhere_with_the_chance_it_tells() -> None:
    X = rows_of("even", n=50)
    starts = [
        core_set(pool_of(X), labelled=None, batch_size=3, rng=np.random.default_rng(seed))
        for seed in range(12)
    ]
    assert len({int(picks.seqs[0]) for picks in starts}) > 4
    assert starts[0].probabilities.tolist() == [1 / 50, 1, 1]
    assert all(np.isfinite(picks.scores).all() for picks in starts)


def gradients_of(X: Any, model: Softmax) -> Any:
    proba = np.asarray(model.predict_proba(X), np.float64)
    proba[np.arange(len(proba)), proba.argmax(axis=1)] -= 1
    rows = np.hstack([dense(X), np.ones((X.shape[0], 1))])
    return (proba[:, :, None] * rows[:, None, :]).reshape(X.shape[0], -1)


@pytest.mark.parametrize("kind", ["even", "sparse"])
def test_factored_distances_are_those_of_the_gradients_as_built(kind: str) -> None:
    X = rows_of(kind, n=60)
    model = Softmax(X.shape[1])
    built = gradients_of(X, model)
    wanted = ((built[:5, None] - built[None]) ** 2).sum(axis=2)
    found = Gradients.of(X, model, Yardstick()).wide()
    assert np.allclose(found[:5].distances(found).T, wanted, rtol=0, atol=1e-4)
    assert np.allclose(found.squares, (built**2).sum(axis=1), rtol=1e-4)


def test_badge_draws_with_the_chances_of_direct_sampling() -> None:
    """Every triple as often as k-means++ on the built gradients would draw it."""
    X = rows_of("groups", n=9, d=3)
    model, draws = Softmax(3), 6000
    built = gradients_of(X, model)
    squared = ((built[:, None] - built[None]) ** 2).sum(axis=2)
    first = int((built**2).sum(axis=1).argmax())
    wanted = {}
    for second in range(9):
        for third in range(9):
            near = np.minimum(squared[first], squared[second])
            chance = squared[first, second] / squared[first].sum()
            if near.sum() > 0:
                wanted[second, third] = chance * near[third] / near.sum()
    seen = dict.fromkeys(wanted, 0)
    one = np.random.default_rng(17)
    for _ in range(draws):
        picks = badge(pool_of(X), model=model, batch_size=3, rng=one, standardise=False)
        pair = (int(picks.seqs[1]), int(picks.seqs[2]))
        seen[pair] += 1
        assert np.prod(picks.probabilities) == pytest.approx(wanted[pair], rel=1e-3)
    expected = np.array([wanted[pair] * draws for pair in wanted])
    counts = np.array([seen[pair] for pair in wanted])
    often = expected > 5
    chi = ((counts - expected)[often] ** 2 / expected[often]).sum()
    # far out in the tail of chi-square; a uniform draw would be hundreds of times further
    assert chi < often.sum() + 5 * np.sqrt(2 * often.sum())


@pytest.mark.parametrize("kind", ["even", "groups", "sparse"])
def test_badge_tells_the_chance_that_each_pick_had(kind: str) -> None:
    X = rows_of(kind, n=400)
    model = Softmax(X.shape[1])
    picks = badge(pool_of(X), model=model, batch_size=80, rng=rng(), standardise=False)
    built, near = gradients_of(X, model), np.full(400, np.inf)
    assert len(set(picks.seqs.tolist())) == 80
    for place, row in enumerate(picks.seqs):
        if place:
            chance = near[row] / near.sum()
            assert picks.probabilities[place] == pytest.approx(chance, rel=2e-3)
        near = np.minimum(near, ((built - built[row]) ** 2).sum(axis=1))


def test_badge_asks_each_group_of_copies_once_and_then_goes_on() -> None:
    X = np.repeat(rows_of("even", n=20), 10, axis=0)
    picks = badge(pool_of(X), model=Softmax(12), batch_size=30, rng=rng())
    assert len(set((picks.seqs[:20] // 10).tolist())) == 20
    assert len(set(picks.seqs.tolist())) == 30
    assert np.all(picks.probabilities > 0)


def test_badge_of_a_model_that_doubts_nothing_still_picks() -> None:
    model = Softmax(12)
    model.weights *= 1e4
    picks = badge(pool_of(rows_of("even", n=50)), model=model, batch_size=5, rng=rng())
    assert len(set(picks.seqs.tolist())) == 5


@pytest.mark.parametrize("name", ["core-set", "ranked-batch", "badge"])
def test_cuts_and_threads_change_no_pick(name: str) -> None:
    X, known = rows_of("groups"), [3, 700, 1400]
    chosen, y = strategies.get(name), np.array([0, 1, 2])

    def picked(**kwargs: Any) -> Picks:
        assert chosen.choose_whole is not None
        return chosen.choose_whole(
            pool_of(X, known=known, **kwargs), model=Softmax(12), labelled=(X[known], y),
            batch_size=50, params=chosen.settle({}), rng=rng(),
        )  # fmt: skip

    whole = picked(cut=1500)
    for other in (picked(cut=170), picked(cut=500, threads=2)):
        assert other.seqs.tolist() == whole.seqs.tolist()
        assert np.allclose(other.scores, whole.scores, rtol=1e-4)
    assert not set(whole.seqs.tolist()) & set(known)


@pytest.mark.parametrize("module", MODULES)
def test_every_example_in_a_docstring_runs(module: str) -> None:
    found = importlib.import_module(f"activeloop.learn.picking.{module}")
    result = doctest.testmod(found)
    assert result.attempted > 0
    assert result.failed == 0
