"""Our measures are modAL's and scikit-activeml's to the ninth decimal, however memory lies."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from modAL import disagreement, uncertainty
from skactiveml import pool as skactiveml

from activeloop.learn import diversity, strategies
from activeloop.learn.modal_learner import Committee, Learner
from activeloop.learn.picking.badge import badge
from activeloop.learn.pool import Pool
from activeloop.learn.types import Block, View

ROWS, CLASSES, MEMBERS = 400, 7, 5
Measure = Callable[[Any, Any], Any]


def proba_and_committee(classes: int = CLASSES) -> tuple[Any, Any]:
    """Give float64 probabilities; above 1e-6, below which scikit-activeml cuts them off."""
    rng = np.random.default_rng(classes)
    both = rng.dirichlet(np.ones(classes), (MEMBERS + 1, ROWS)) + 2e-6
    both /= both.sum(axis=-1, keepdims=True)
    return both[0], both[1:]


def learner(proba: Any) -> Any:
    """Give what modAL's measures ask for probabilities."""
    return Learner(lambda _: proba, proba.shape[1])


def committee_of(members: Any) -> Any:
    """Give what modAL's measures ask for votes."""
    return Committee(lambda _: members, members.shape[2], len(members))


def modal_single(measure: Callable[..., Any]) -> Measure:
    """Measure one model by modAL's function."""
    return lambda proba, _: measure(learner(proba), np.zeros((ROWS, 1)))


def modal_committee(measure: Callable[..., Any]) -> Measure:
    """Measure a committee by modAL's function."""
    return lambda _, members: measure(committee_of(members), np.zeros((ROWS, 1)))


def scores_of(method: str) -> Measure:
    """Measure one model by scikit-activeml's function."""
    return lambda proba, _: skactiveml.uncertainty_scores(proba, method=method)


def votes(members: Any) -> Any:
    """Give each row's votes."""
    return members.argmax(axis=2).T


# scikit-activeml clips and normalises what it is given in place: it gets a copy
PEERS: list[tuple[str, str, Measure]] = [
    ("least-confidence", "modAL", modal_single(uncertainty.classifier_uncertainty)),
    ("least-confidence", "scikit-activeml", scores_of("least_confident")),
    ("margin", "modAL", lambda p, m: 1 - modal_single(uncertainty.classifier_margin)(p, m)),
    ("margin", "scikit-activeml", scores_of("margin_sampling")),
    ("power-margin", "scikit-activeml", scores_of("margin_sampling")),
    ("margin-badge", "scikit-activeml", scores_of("margin_sampling")),
    ("entropy", "modAL", modal_single(uncertainty.classifier_entropy)),
    ("entropy", "scikit-activeml", scores_of("entropy")),
    ("vote-entropy", "modAL", modal_committee(disagreement.vote_entropy)),
    (
        "vote-entropy",
        "scikit-activeml",
        lambda _, m: skactiveml.vote_entropy(votes(m), np.arange(m.shape[2])),
    ),
    ("consensus-entropy", "modAL", modal_committee(disagreement.consensus_entropy)),
    (
        "mutual-information",
        "scikit-activeml mean KL",
        lambda _, m: skactiveml.average_kl_divergence(m.copy()),
    ),
    (
        "mutual-information",
        "scikit-activeml BALD",
        lambda _, m: skactiveml.batch_bald(m.copy(), batch_size=1)[0],
    ),
]


def class_major(proba: Any) -> Any:
    """Give the same numbers, lying in memory class by class."""
    turned = np.ascontiguousarray(np.moveaxis(proba, -1, 0))
    return np.moveaxis(turned, 0, -1)


def ours(name: str, proba: Any, members: Any) -> Any:
    """Score by one of our strategies."""
    rng = np.random.default_rng(0)
    view = View(np.zeros((ROWS, 1), np.float32), proba, members, None, None, rng)
    chosen = strategies.get(name)
    return chosen.score(view, params=chosen.settle({}))


@pytest.mark.parametrize("classes", [2, CLASSES])
@pytest.mark.parametrize(("name", "peer", "measure"), PEERS, ids=lambda part: str(part)[:24])
def test_a_measure_is_the_peers_to_the_ninth_decimal(
    name: str, peer: str, measure: Measure, classes: int
) -> None:
    proba, members = proba_and_committee(classes)
    expected = measure(proba, members)
    assert np.ptp(expected) > 0.1, f"{peer} tells nothing apart"
    assert np.allclose(ours(name, proba, members), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in PEERS}))
def test_a_measure_is_the_same_when_memory_lies_class_by_class(name: str) -> None:
    proba, members = proba_and_committee()
    turned = ours(name, class_major(proba), class_major(members))
    assert class_major(proba).T.flags.c_contiguous
    assert np.allclose(turned, ours(name, proba, members), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in PEERS}))
def test_in_float32_a_measure_stays_within_a_hundred_thousandth(name: str) -> None:
    proba, members = proba_and_committee()
    single = ours(name, proba.astype(np.float32), members.astype(np.float32))
    assert np.allclose(single, ours(name, proba, members), rtol=0, atol=1e-5)


class Fixed:
    """A linear model, as scikit-activeml's BADGE and ours both want one."""

    n_classes = CLASSES

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def predict_proba(self, X: Any) -> Any:
        odds = np.exp(X @ self.weights)
        return odds / odds.sum(axis=1, keepdims=True)


def gradients_and_model(rows: int = 300) -> tuple[Any, Any, Any]:
    """Give rows, a model, and scikit-activeml's gradient embeddings of the rows."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(rows, 4)).astype(np.float32)
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    model = Fixed(rng.normal(size=(4, CLASSES)).astype(np.float32))
    proba = model.predict_proba(X)
    residuals = proba - np.eye(CLASSES)[proba.argmax(axis=1)]
    # with a column of ones: the last layer has offsets as well
    wide = np.hstack([X, np.ones((rows, 1))])
    return X, model, (residuals[:, :, None] * wide[:, None, :]).reshape(rows, -1)


def chances_by_the_peer(embedded: Any, chosen: list[int]) -> list[float]:
    """Give scikit-activeml's chance of each row at its place, after those before it."""
    from skactiveml.pool._badge import _d_2

    squared, chances = _d_2(embedded, []), [1.0]
    assert chosen[0] == squared.argmax()
    squared = np.full(len(embedded), np.inf)
    for before, row in itertools.pairwise(chosen):
        squared = _d_2(embedded, [before], squared)
        chances.append(squared[row] / squared.sum())
    return chances


def test_badge_on_the_whole_pool_draws_with_the_chances_of_scikit_activeml() -> None:
    X, model, embedded = gradients_and_model()
    blocks = [Block(at, X[at : at + 70]) for at in range(0, len(X), 70)]
    pool = Pool(blocks, np.ones(len(X), np.bool_))
    rng = np.random.default_rng(1)
    picks = badge(pool, model=model, batch_size=20, rng=rng, standardise=False)
    expected = chances_by_the_peer(embedded, picks.seqs.tolist())
    assert np.allclose(picks.probabilities, expected, rtol=1e-4)


def test_badge_on_a_shortlist_draws_with_the_chances_of_scikit_activeml() -> None:
    X, model, embedded = gradients_and_model()
    rng = np.random.default_rng(1)
    spread = diversity.badge(X, model.predict_proba(X), batch_size=20, rng=rng)
    expected = chances_by_the_peer(embedded, spread.rows.tolist())
    assert np.allclose(spread.probabilities, expected, rtol=1e-4)
