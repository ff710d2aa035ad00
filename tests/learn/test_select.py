"""Ranking: one pass, honest probabilities, the same however the pool is cut."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, issparse
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from activeloop.errors import Invalid, Needs
from activeloop.learn import select, strategies
from activeloop.learn.keys import digests
from activeloop.learn.types import Block, Features, Picks, View


class Softmax:
    """A linear model, its committee made of small changes to it."""

    recipe = "softmax"

    def __init__(self, weights: np.ndarray, members: int = 0) -> None:
        self.weights, self.n_classes = weights.astype(np.float32), weights.shape[1]
        noise = np.random.default_rng(5).normal(size=(members, *weights.shape))
        self.members = [(weights + change).astype(np.float32) for change in noise]

    def predict_proba(self, X: Features) -> Any:
        return self._proba(X, self.weights)

    def committee_proba(self, X: Features) -> Any:
        if not self.members:
            raise Needs("The model was trained without a committee.")
        return np.stack([self._proba(X, weights) for weights in self.members])

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {}

    @staticmethod
    def _proba(X: Features, weights: np.ndarray) -> Any:
        z = np.asarray(X @ weights)
        odds = np.exp(z - z.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)


class Sigmoid(Softmax):
    """The same weights, each class asked about by itself."""

    several = True

    @staticmethod
    def _proba(X: Features, weights: np.ndarray) -> Any:
        return 1 / (1 + np.exp(-np.asarray(X @ weights)))


def pool(n: int, d: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


KNOWN = (pool(12, seed=7), np.arange(12) % 4)
MARKED = (KNOWN[0], np.arange(48).reshape(12, 4) % 3 == 0)
WEIGHTS = np.random.default_rng(9).normal(size=(8, 4))
MODEL, SEVERAL = Softmax(WEIGHTS, members=4), Sigmoid(WEIGHTS, members=4)


def cut(X: Features, sizes: list[int]) -> Iterator[Block]:
    start = 0
    for size in [*sizes, X.shape[0]]:
        if start < X.shape[0]:
            yield Block(start, X[start : start + size])
            start += size


def rank(X: Features, strategy: str = "margin-badge", **given: Any) -> Picks:
    one = strategy not in SEVERAL_ALONE
    kwargs: dict[str, Any] = {
        "params": {},
        "eligible": np.ones(X.shape[0], bool),
        "labelled": KNOWN if one else MARKED,
        "batch_size": 5,
        "length": 40,
    } | given
    seed, model = kwargs.pop("seed", 0), kwargs.pop("model", MODEL if one else SEVERAL)
    if issparse(X) and kwargs["labelled"] is not None:
        kwargs["labelled"] = (csr_matrix(KNOWN[0]), kwargs["labelled"][1])
    blocks = cut(X, kwargs.pop("sizes", []))
    return select.rank(blocks, model, strategy=strategy, rng=np.random.default_rng(seed), **kwargs)


EVERY = strategies.names()
SEVERAL_ALONE = set(strategies.meant_for("several")) - set(strategies.meant_for("one"))


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=8, deadline=None)
@given(sizes=st.lists(st.integers(20, 200), max_size=6), seed=st.integers(0, 9))
def test_blocks_equal_the_whole(name: str, sizes: list[int], seed: int) -> None:
    X = pool(400)
    whole = rank(X, name, seed=seed)
    parts = rank(X, name, seed=seed, sizes=sizes)
    assert parts.seqs.tolist() == whole.seqs.tolist()
    assert np.allclose(parts.scores, whole.scores, atol=1e-6)
    assert np.allclose(parts.probabilities, whole.probabilities, rtol=1e-4)
    assert parts.scored == whole.scored == 400


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("sparse", [False, True])
def test_the_same_seed_gives_the_same_picks_and_none_twice(
    name: str,
    sparse: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    X = csr_matrix(pool(300)) if sparse else pool(300)
    first, again = rank(X, name), rank(X, name)
    assert first.seqs.tolist() == again.seqs.tolist()
    assert len(set(first.seqs.tolist())) == 40
    assert np.all((first.probabilities > 0) & (first.probabilities <= 1))


@pytest.mark.parametrize("name", ["random", "margin-badge", "mutual-information", "power-margin"])
def test_another_seed_gives_another_order(name: str) -> None:
    assert rank(pool(300), name).seqs.tolist() != rank(pool(300), name, seed=1).seqs.tolist()


@pytest.mark.parametrize("name", EVERY)
def test_only_what_is_eligible_is_picked(name: str) -> None:
    mask = np.zeros(300, bool)
    mask[50:80] = True
    by_mask = rank(pool(300), name, eligible=mask)
    by_function = rank(pool(300), name, eligible=lambda seqs: mask[seqs])
    assert sorted(by_mask.seqs.tolist()) == list(range(50, 80))
    assert by_function.seqs.tolist() == by_mask.seqs.tolist()
    assert by_mask.scored == 30


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_pools_smaller_than_a_batch_give_all_they_have(name: str, n: int) -> None:
    picks = rank(pool(n), name)
    assert sorted(picks.seqs.tolist()) == list(range(n))
    assert len(picks.scores) == len(picks.probabilities) == n


@pytest.mark.parametrize("name", ["margin", "entropy", "least-confidence", "vote-entropy"])
def test_a_greedy_strategy_orders_the_pool_by_its_score(name: str) -> None:
    X = pool(500)
    picks = rank(X, name)
    view = View(
        X, MODEL.predict_proba(X), MODEL.committee_proba(X), None, None, np.random.default_rng()
    )
    scores = strategies.get(name).score(view, params={})
    assert np.allclose(picks.scores, np.sort(scores)[::-1][:40], atol=1e-6)
    assert set(picks.probabilities.tolist()) == {1.0}


def test_ties_are_broken_by_the_seed_and_not_by_place() -> None:
    X = np.repeat(pool(1), 200, axis=0) + np.float32(0)
    seqs = rank(X, "margin").seqs
    assert abs(float(seqs.mean()) - 100) < 30
    assert seqs.tolist() != rank(X, "margin", seed=1).seqs.tolist()


def test_the_default_asks_fifty_groups_first_when_two_hundred_are_repeated_fifty_times() -> None:
    X = np.repeat(pool(200), 50, axis=0)[np.random.default_rng(1).permutation(10_000)]
    for strategy in ("margin-badge", "margin"):
        picks = rank(X, strategy, batch_size=50, length=1000, sizes=[3000, 3000])
        assert len(np.unique(digests(X[picks.seqs[:50]]))) == 50
        assert len(set(picks.seqs.tolist())) == 1000


def test_the_default_takes_its_batch_from_the_best_ten_batches() -> None:
    X = pool(2000)
    best = set(rank(X, "margin", length=50).seqs.tolist())
    picks = rank(X, length=60)
    assert set(picks.seqs[:5].tolist()) < best
    assert picks.seqs[:5].tolist() != rank(X, "margin").seqs[:5].tolist()
    assert np.all(np.diff(picks.scores[5:]) <= 0)


def test_mutual_information_is_drawn_and_not_taken_greedily() -> None:
    X = pool(2000)
    view = View(X, None, MODEL.committee_proba(X), None, None, np.random.default_rng())
    scores = strategies.get("mutual-information").score(view, params={})
    greedy = set(np.argsort(-scores)[:40].tolist())
    drawn = rank(X, "mutual-information")
    assert len(greedy & set(drawn.seqs.tolist())) < 20
    # and yet drawn by what it says: better than the pool on the whole
    assert drawn.scores.mean() > 1.2 * scores.mean()
    assert np.allclose(drawn.probabilities[0], scores[drawn.seqs[0]] / scores.sum(), rtol=1e-4)


def test_a_random_pick_is_as_likely_as_every_other_that_remains() -> None:
    picks = rank(pool(300), "random", length=300)
    assert np.allclose(picks.probabilities, 1 / np.arange(300, 0, -1))


def test_draws_happen_as_often_as_their_probability_says() -> None:
    X = pool(8)
    view = View(X, MODEL.predict_proba(X), None, None, None, np.random.default_rng())
    weights = strategies.get("margin").score(view, params={}) ** 2
    seen = np.zeros(8)
    for seed in range(3000):
        seen[rank(X, "power-margin", params={"beta": 2.0}, seed=seed, length=1).seqs[0]] += 1
    assert np.allclose(seen / 3000, weights / weights.sum(), atol=0.04)


@pytest.mark.parametrize("name", ["margin", "margin-badge", "mutual-information"])
def test_a_strategy_without_a_model_says_what_it_needs(name: str) -> None:
    with pytest.raises(Needs, match=f"'{name}' needs a trained model"):
        rank(pool(10), name, model=None)


def test_a_model_without_a_committee_says_so() -> None:
    with pytest.raises(Needs, match="without a committee"):
        rank(pool(10), "mutual-information", model=Softmax(np.ones((8, 2))))


def test_scores_that_are_no_numbers_are_refused_with_the_strategy_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = strategies.Strategy("bad", lambda view, **_: np.full(len(view.X), np.nan), ())
    monkeypatch.setattr(strategies, "get", lambda _: bad)
    with pytest.raises(Invalid, match="'bad' gave scores that are not finite"):
        rank(pool(10), "bad")


def test_progress_is_told_in_rows() -> None:
    told: list[int] = []
    rank(pool(300), sizes=[100, 100], on_progress=told.append)
    assert told == [100, 200, 300]


def test_memory_while_ranking_does_not_grow_with_the_pool() -> None:
    def peak(n: int) -> int:
        X = pool(1000)
        blocks = (Block(start, X) for start in range(0, n, 1000))
        tracemalloc.start()
        select.rank(
            blocks, MODEL, strategy="margin-badge", params={}, labelled=None, batch_size=10,
            eligible=lambda seqs: seqs >= 0, length=100, rng=np.random.default_rng(0),
        )  # fmt: skip
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(1000)
    assert peak(200_000) < 1.5 * peak(20_000)


def cold(X: Features, **given: Any) -> Picks:
    kwargs: dict[str, Any] = {
        "strategy": "typiclust",
        "eligible": np.ones(X.shape[0], bool),
        "labelled": None,
        "batch_size": 10,
        "length": 100,
    } | given
    return select.cold_start(cut(X, []), rng=np.random.default_rng(kwargs.pop("seed", 0)), **kwargs)


DIGITS = load_digits()
SCANS = DIGITS.data.astype(np.float32)


def test_a_cold_start_finds_more_classes_of_digits_than_random() -> None:
    def found(strategy: str) -> float:
        picks = [cold(SCANS, strategy=strategy, batch_size=20, seed=s).seqs[:10] for s in range(5)]
        return float(np.mean([len(set(DIGITS.target[seqs])) for seqs in picks]))

    assert found("typiclust") > 8.5
    assert found("random") < 7.5


def test_a_cold_start_goes_first_where_nothing_is_labelled() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [20, 0], [0, 20]], np.float32)
    X = (centres.repeat(40, axis=0) + rng.normal(size=(120, 2))).astype(np.float32)
    picks = cold(X, labelled=(X[:1], np.zeros(1, np.int64)), batch_size=2)
    assert sorted((picks.seqs[:2] // 40).tolist()) == [1, 2]


def test_a_cold_start_avoids_outliers() -> None:
    X = np.concatenate([pool(200, 2), np.array([[50, 50], [-50, 50]], np.float32)])
    assert not {200, 201} & set(cold(X, batch_size=8).seqs[:8].tolist())


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_a_cold_start_works_on_tiny_pools_and_on_copies(
    sparse: bool,  # noqa: FBT001 - a parameter of the test
    rows: int,
) -> None:
    for X in (pool(rows), np.ones((rows, 8), np.float32), np.zeros((rows, 8), np.float32)):
        picks = cold(csr_matrix(X) if sparse else X)
        assert sorted(picks.seqs.tolist()) == list(range(rows))


def test_a_cold_start_reads_more_than_its_sample_and_orders_what_is_asked_for() -> None:
    picks = cold(pool(12_000, 3), length=11_000, batch_size=5)
    assert len(set(picks.seqs.tolist())) == 11_000
    assert picks.seqs.max() > 10_000


def test_a_cold_start_of_sparse_text_is_the_same_for_the_same_seed() -> None:
    rng = np.random.default_rng(0)
    X = csr_matrix((rng.random((600, 500)) < 0.02).astype(np.float32))
    assert cold(X).seqs.tolist() == cold(X).seqs.tolist() != cold(X, seed=1).seqs.tolist()


def test_a_cold_start_by_a_strategy_that_needs_a_model_says_so() -> None:
    with pytest.raises(Needs, match="'margin' needs a trained model"):
        cold(pool(5), strategy="margin")


class Logistic:
    """A scaled logistic regression, for the learning curve."""

    recipe = "logistic"
    n_classes = 10

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self._head = LogisticRegression(max_iter=200).fit(self._scaled(X), y)

    def predict_proba(self, X: Features) -> Any:
        proba = np.zeros((X.shape[0], 10), np.float32)
        proba[:, self._head.classes_] = self._head.predict_proba(self._scaled(X))
        return proba

    def committee_proba(self, X: Features) -> Any:
        raise Needs(f"{X.shape[0]} rows, and no committee to ask.")

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {}

    @staticmethod
    def _scaled(X: Features) -> Any:
        return _SCALER.transform(X)


_SCALER = StandardScaler().fit(SCANS)


def area_under_the_curve(strategy: str, first: str, seed: int) -> float:
    """Mean accuracy on the test rows over 20, 30 ... 200 labels."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(SCANS))
    X, y = SCANS[order[:1078]], DIGITS.target[order[:1078]]
    test_X, test_y = SCANS[order[1078:]], DIGITS.target[order[1078:]]
    open_ = np.ones(len(X), bool)
    known = cold(X, strategy=first, batch_size=20, length=20, seed=seed).seqs
    curve = []
    while True:
        open_[known] = False
        model = Logistic(X[known], y[known])
        curve.append(float((model.predict_proba(test_X).argmax(axis=1) == test_y).mean()))
        if len(known) >= 200:
            return float(np.mean(curve))
        picks = select.rank(
            [Block(0, X)], model, strategy=strategy, params={}, eligible=open_, labelled=None,
            batch_size=10, length=10, rng=rng,
        )  # fmt: skip
        known = np.concatenate([known, picks.seqs])


def test_the_default_learns_digits_from_fewer_labels_than_random() -> None:
    gains = [
        area_under_the_curve("margin-badge", "typiclust", seed)
        - area_under_the_curve("random", "random", seed)
        for seed in range(3)
    ]
    assert min(gains) > 0
    assert np.mean(gains) > 0.02
