"""Batches picked from a shortlist or a sample: literal versions and peers on the same input."""

from __future__ import annotations

import doctest
import importlib
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activeloop.errors import Invalid, Needs
from activeloop.learn import strategies
from activeloop.learn.picking import information
from activeloop.learn.picking.herding import coverage, herd
from activeloop.learn.strategies.contrast import contrast, nearest
from activeloop.learn.strategies.density import cosine_density, euclidean_density
from activeloop.learn.types import View

MODULES = [
    "picking.information",
    "picking.herding",
    "picking.expected_error",
    "strategies.density",
    "strategies.contrast",
    "strategies.covering",
    "strategies.information",
    "strategies.reduction",
    "strategies.whole",
]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def committee_of(members: int, n: int, classes: int, seed: int = 1, doubt: float = 1.0) -> Any:
    return rng(seed).dirichlet(np.full(classes, doubt), (members, n))


def entropy(p: Any) -> float:
    return float(-sum(x * np.log(x) for x in np.ravel(p) if x > 0))


def literal_epig(committee: Any, targets: Any) -> list[float]:
    """The definition, with a loop for every sum."""
    k, n, classes = committee.shape
    found = []
    for i in range(n):
        total = 0.0
        for t in range(targets.shape[1]):
            for y, z in itertools.product(range(classes), repeat=2):
                joint = sum(committee[m, i, y] * targets[m, t, z] for m in range(k)) / k
                apart = committee[:, i, y].mean() * targets[:, t, z].mean()
                total += joint * np.log(joint / apart)
        found.append(total / targets.shape[1])
    return found


def test_epig_is_its_definition() -> None:
    committee, targets = committee_of(4, 6, 3), committee_of(4, 5, 3, seed=2)
    wanted = literal_epig(committee, targets)
    assert np.allclose(information.epig(committee, targets), wanted, rtol=0, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(2, 4))
def test_epig_never_exceeds_the_mutual_information(seed: int, members: int, classes: int) -> None:
    committee = committee_of(members, 7, classes, seed=seed, doubt=0.3)
    targets = committee_of(members, 5, classes, seed=seed + 1, doubt=0.3)
    view = View(np.zeros((7, 1), np.float32), None, committee, None, None, rng())
    told = strategies.get("mutual-information").score(view, params={})
    assert np.all(information.epig(committee, targets) <= told + 1e-9)


def test_epig_in_pieces_is_epig_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    committee, targets = committee_of(3, 50, 4), committee_of(3, 20, 4, seed=2)
    whole = information.epig(committee, targets)
    monkeypatch.setattr(information, "_CELLS", 1000)
    assert np.allclose(information.epig(committee, targets), whole, rtol=0, atol=1e-12)
    monkeypatch.setattr(information, "_EPIG_CELLS", 50 * 16 * 10)
    fewer = information.epig(committee, targets[:, ::2])
    assert np.allclose(information.epig(committee, targets), fewer, rtol=0, atol=1e-12)


def joint_information(committee: Any, rows: Any) -> float:
    """I(y_1, ..., y_b; member), over all series of answers."""
    k, _, classes = committee.shape
    total = 0.0
    for answers in itertools.product(range(classes), repeat=len(rows)):
        chances = np.prod([committee[:, row, y] for row, y in zip(rows, answers, strict=True)], 0)
        mean = chances.mean()
        total += sum(p * np.log(p / mean) for p in chances if p > 0) / k
    return total


def test_batch_bald_picks_greedily_what_tells_most_together() -> None:
    committee = committee_of(5, 8, 3, doubt=0.4)
    spread = information.batch_bald(committee, batch_size=4, rng=rng())
    chosen: list[int] = []
    for row in spread.rows.tolist():
        before = joint_information(committee, chosen) if chosen else 0.0
        gains = [
            joint_information(committee, [*chosen, i]) - before if i not in chosen else -1.0
            for i in range(8)
        ]
        assert row == int(np.argmax(gains))
        chosen.append(row)
    assert spread.scores is not None
    last = [joint_information(committee, [*chosen[:3], i]) for i in range(8)]
    wanted = np.array(last) - joint_information(committee, chosen[:3])
    open_ = ~np.isin(np.arange(8), chosen[:3])
    assert np.allclose(spread.scores[open_], wanted[open_], rtol=0, atol=1e-9)


def test_batch_bald_agrees_with_scikit_activeml() -> None:
    from skactiveml.pool import batch_bald

    committee = committee_of(4, 30, 3, doubt=2.0)
    theirs = batch_bald(committee.copy(), 4, n_MC_samples=10_000, random_state=0)
    ours = information.batch_bald(committee, batch_size=4, rng=rng())
    assert ours.rows.tolist() == np.nanargmax(theirs, axis=1).tolist()
    open_ = ~np.isnan(theirs[3])
    # theirs are informations of the batch as a whole, ours what the last pick adds
    added = theirs[3] - np.nanmax(theirs[2])
    assert ours.scores is not None
    assert np.allclose(ours.scores[open_], added[open_], rtol=0, atol=1e-9)


def test_sampled_answers_estimate_what_all_answers_give(monkeypatch: pytest.MonkeyPatch) -> None:
    committee = committee_of(6, 25, 4, doubt=0.5)
    exact = information.batch_bald(committee, batch_size=4, rng=rng())
    monkeypatch.setattr(information, "_MOST_ANSWERS", 64)
    monkeypatch.setattr(information, "_FEWEST_ANSWERS", 64)
    found = [information.batch_bald(committee, batch_size=4, rng=rng(i)) for i in range(30)]
    assert all(each.rows[:3].tolist() == exact.rows[:3].tolist() for each in found)
    mean = np.mean([each.scores for each in found if each.scores is not None], axis=0)
    assert exact.scores is not None
    assert np.allclose(mean, exact.scores, rtol=0, atol=0.01)
    assert exact.scores.max() > 0.05


def test_a_committee_that_has_told_all_leaves_the_order_as_it_is() -> None:
    committee = np.zeros((2, 6, 2))
    committee[0, :, 0] = committee[1, :, 1] = 1
    assert information.batch_bald(committee, batch_size=4, rng=rng()).rows.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("labelled", [0, 5])
def test_herding_picks_what_scikit_activeml_picks(labelled: int) -> None:
    from skactiveml.pool import MaxHerding

    X = rng().normal(size=(300, 4))
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    y = np.full(300, np.nan)
    y[:labelled] = 0
    peer = MaxHerding(metric="rbf", metric_dict={"gamma": 4.0}, random_state=0)
    theirs = peer.query(X, y, batch_size=40)
    rows = X.astype(np.float32)
    ours = herd(rows[labelled:], rows[:labelled], batch_size=40, sigma=0.5)
    assert (ours.rows + labelled).tolist() == theirs.tolist()


def test_herding_looks_at_few_rows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from activeloop.learn.picking import herding

    looked_at, plain = [], herding._Kernel.gains

    def counted(self: Any, some: Any, covered: Any) -> Any:
        looked_at.append(len(some))
        return plain(self, some, covered)

    monkeypatch.setattr(herding._Kernel, "gains", counted)
    rows = rng().normal(size=(2000, 2)).astype(np.float32)
    herd(rows, rows[:0], batch_size=50, sigma=0.5)
    assert sum(looked_at[1:]) < 50 * 2000 / 5


def test_the_herding_score_is_the_first_gain() -> None:
    rows = rng().normal(size=(200, 3)).astype(np.float32)
    first = herd(rows, rows[:0], batch_size=1, sigma=1.0).rows[0]
    assert first == coverage(rows, sigma=1.0).argmax()


def test_a_reach_of_nothing_is_refused() -> None:
    X = np.eye(3, dtype=np.float32)
    view = View(X, None, None, None, None, rng())
    with pytest.raises(Invalid, match="sigma must be above 0"):
        strategies.get("max-herding").score(view, params={"sigma": 0.0})


def test_euclidean_density_agrees_with_modal() -> None:
    from modAL.density import information_density

    X = rng().normal(size=(200, 5))
    assert np.allclose(euclidean_density(X, X), information_density(X), rtol=0, atol=1e-9)


def test_cosine_density_is_the_mean_of_all_cosines() -> None:
    from sklearn.metrics.pairwise import cosine_similarity

    X, others = rng().normal(size=(40, 5)), rng(1).normal(size=(30, 5))
    X[3] = 0
    wanted = cosine_similarity(X, others).mean(axis=1)
    assert np.allclose(cosine_density(X, others), wanted, rtol=0, atol=1e-12)


def test_density_turns_doubt_away_from_outliers() -> None:
    X = np.concatenate([np.ones((20, 2)), [[-1.0, -1.0]]]).astype(np.float32)
    proba = np.full((21, 2), 0.5)
    proba[:20] = [0.6, 0.4]
    view = View(X, proba, None, None, None, rng(), targets=X, target_proba=proba)
    scores = strategies.get("information-density").score(view, params={"beta": 1.0})
    assert strategies.get("entropy").score(view, params={}).argmax() == 20
    assert scores.argmax() < 20


def test_contrast_agrees_with_scikit_activeml() -> None:
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import ContrastiveAL
    from sklearn.linear_model import LogisticRegression

    X, y = rng().normal(size=(80, 3)), np.full(80, np.nan)
    known = np.arange(30)
    y[known] = (X[known, 0] > 0) + (X[known, 1] > 1)
    classifier = SklearnClassifier(LogisticRegression(), classes=[0, 1, 2]).fit(X, y)
    peer = ContrastiveAL(nearest_neighbors_dict={"n_neighbors": 10}, random_state=0)
    _, theirs = peer.query(X, y, classifier, fit_clf=False, return_utilities=True)
    near = nearest(X[30:], X[known], 10)
    ours = contrast(classifier.predict_proba(X[30:]), classifier.predict_proba(X[known]), near)
    assert np.allclose(ours, theirs[0, 30:], rtol=0, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_nearest_are_the_nearest(seed: int, count: int) -> None:
    X, others = rng(seed).normal(size=(9, 3)), rng(seed + 1).normal(size=(6, 3))
    apart = ((X[:, None] - others) ** 2).sum(axis=2)
    found = np.sort(np.take_along_axis(apart, nearest(X, others, count), axis=1), axis=1)
    assert np.allclose(found, np.sort(apart, axis=1)[:, :count])


def test_cal_asks_where_neighbours_are_told_otherwise() -> None:
    known = np.array([[0.0], [0.1], [5.0], [5.1]], np.float32)
    X = np.array([[0.05], [5.05], [0.06]], np.float32)
    proba = np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    view = View(X, proba, None, known, np.array([0, 0, 1, 1]), rng())
    assert strategies.get("cal").score(view, params={"neighbours": 2}).argmax() == 2


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("epig", "sample of the pool"),
        ("information-density", "sample of the pool"),
        ("cal", "labelled samples"),
        ("batch-bald", "committee"),
        ("expected-error", "trained model"),
        ("badge", "trained model"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(name: str, missing: str) -> None:
    X, proba = np.zeros((2, 1), np.float32), np.full((2, 2), 0.5)
    without_model = name in {"expected-error", "badge"}
    view = View(X, None if without_model else proba, None, None, None, rng())
    with pytest.raises(Needs, match=missing):
        strategies.get(name).score(view, params=strategies.get(name).settle({}))


@pytest.mark.parametrize("module", MODULES)
def test_every_example_in_a_docstring_runs(module: str) -> None:
    found = importlib.import_module(f"activeloop.learn.{module}")
    result = doctest.testmod(found)
    assert result.attempted > 0
    assert result.failed == 0
