"""modAL by name: its measures, its query functions, its learner, and its defects kept out."""

# ruff: noqa: ARG001, ARG005 - query functions have the signature modAL calls

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest
from modAL import disagreement as modal_disagreement
from modAL import uncertainty as modal_uncertainty
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression

from activeloop.errors import Invalid, Needs
from activeloop.learn import modal, select, strategies
from activeloop.learn.types import Block, Picks, View
from activeloop.testing import check_strategy

X_ALL, Y_ALL = load_digits(return_X_y=True)
X_ALL = (X_ALL / 16).astype(np.float32)
Y_ALL = Y_ALL.astype(np.int64)


class Ensemble:
    """Logistic regressions on bootstraps."""

    recipe = "ensemble"
    n_classes = 10

    def __init__(self, X: Any, y: Any) -> None:
        # one sample per class in each bag would need stratifying: a fixed pick keeps all classes
        self.bags = BaggingClassifier(
            LogisticRegression(max_iter=300), 4, max_samples=0.9, bootstrap=False, random_state=0
        ).fit(X, y)

    def predict_proba(self, X: Any) -> Any:
        return self.committee_proba(X).mean(axis=0, dtype=np.float64)

    def committee_proba(self, X: Any) -> Any:
        return np.stack([bag.predict_proba(X) for bag in self.bags.estimators_])

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {}


@pytest.fixture(scope="module")
def model() -> Ensemble:
    return Ensemble(X_ALL[:200], Y_ALL[:200])


POOL = X_ALL[200:600]


def rank(model: Any, strategy: str, *, length: int = 30, batch_size: int = 10) -> Picks:
    return select.rank(
        [Block(0, POOL)], model, strategy=strategy, params={}, eligible=np.ones(400, bool),
        labelled=(X_ALL[:200], Y_ALL[:200]), batch_size=batch_size, length=length,
        rng=np.random.default_rng(0),
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(modal.MEASURES))
def test_every_measure_of_modal_keeps_the_laws(name: str) -> None:
    check_strategy(f"modal:{name}")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("least-confidence", "classifier_uncertainty"),
        ("margin", "classifier_margin"),
        ("entropy", "classifier_entropy"),
        ("vote-entropy", "vote_entropy"),
        ("consensus-entropy", "consensus_entropy"),
    ],
)
def test_our_measures_agree_with_those_of_modal(ours: str, theirs: str) -> None:
    rng = np.random.default_rng(0)
    committee = rng.dirichlet(np.ones(5), (3, 300))
    view = View(np.zeros((300, 1), np.float32), committee[0], committee, None, None, rng)
    one = strategies.get(ours).score(view, params={})
    other = strategies.get(f"modal:{theirs}").score(view, params={})
    assert np.allclose(one, other, rtol=0, atol=1e-9)


def test_the_measures_are_what_modal_itself_gives_a_learner_and_a_committee(
    model: Ensemble,
) -> None:
    from modAL.models import ActiveLearner, Committee

    bags = [ActiveLearner(bag) for bag in model.bags.estimators_]
    committee = Committee(bags)
    view = View(
        POOL, model.predict_proba(POOL), model.committee_proba(POOL), None, None,
        np.random.default_rng(0),
    )  # fmt: skip

    def ours(name: str) -> Any:
        return strategies.get(f"modal:{name}").score(view, params={})

    expected = modal_disagreement.KL_max_disagreement(committee, POOL)
    assert np.allclose(ours("max_disagreement"), expected, rtol=0, atol=1e-9)
    expected = modal_disagreement.vote_entropy(committee, POOL)
    assert np.allclose(ours("vote_entropy"), expected, rtol=0, atol=1e-9)
    expected = modal_uncertainty.classifier_entropy(committee, POOL)
    assert np.allclose(ours("classifier_entropy"), expected, rtol=0, atol=1e-9)


def test_margin_sampling_by_its_modal_name_picks_what_modal_picks(model: Ensemble) -> None:
    chosen, _ = modal_uncertainty.margin_sampling(model, POOL, n_instances=30)
    assert set(rank(model, "modal:margin_sampling").seqs.tolist()) == set(chosen.tolist())


def test_a_modal_query_function_by_import_path_chooses_the_batch(model: Ensemble) -> None:
    chosen, _ = modal_uncertainty.entropy_sampling(model, POOL, n_instances=10)
    picks = rank(model, "modal:modAL.uncertainty:entropy_sampling")
    assert set(picks.seqs[:10].tolist()) == set(chosen.tolist())
    assert len(set(picks.seqs.tolist())) == 30


def test_ranked_batch_sees_what_is_labelled(model: Ensemble) -> None:
    from modAL.batch import uncertainty_batch_sampling
    from modAL.models import ActiveLearner

    learner = ActiveLearner(model)
    learner.X_training = X_ALL[:200]
    expected, _ = uncertainty_batch_sampling(learner, POOL, n_instances=10)
    picks = rank(model, "modal:modAL.batch:uncertainty_batch_sampling")
    assert set(picks.seqs[:10].tolist()) == set(expected.tolist())


@pytest.mark.parametrize(
    "name", ["vote_entropy_sampling", "consensus_entropy_sampling", "max_disagreement_sampling"]
)
def test_query_functions_for_committees_are_given_one(model: Ensemble, name: str) -> None:
    picks = rank(model, f"modal:modAL.disagreement:{name}")
    by_measure = rank(model, f"modal:{name}")
    view = View(POOL, None, model.committee_proba(POOL), None, None, np.random.default_rng(0))
    scores = strategies.get(f"modal:{name}").score(view, params={})
    assert np.allclose(
        sorted(scores[picks.seqs[:10]]), sorted(scores[by_measure.seqs[:10]]), atol=1e-9
    )


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """An importable module with query functions as people write them."""
    module = types.ModuleType("house_queries")
    monkeypatch.setitem(sys.modules, "house_queries", module)
    return module


def test_two_bare_rows_are_two_picks_and_the_function_runs_once(
    model: Ensemble, plugin: types.ModuleType
) -> None:
    calls = []

    def last(learner: Any, X: Any, n_instances: int = 1) -> Any:
        calls.append(len(X))
        return np.arange(len(X))[-n_instances:]

    plugin.last = last  # type: ignore[attr-defined]
    picks = rank(model, "modal:house_queries:last", batch_size=2)
    assert len(calls) == 1
    # the shortlist holds the whole pool, best margin first: its last two are the surest
    surest = rank(model, "margin", length=400).seqs[-2:]
    assert picks.seqs[:2].tolist() == surest.tolist()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ([0.5, 1.5], "must return row numbers"),
        ([3, 3], "repeat"),
        ([100_000], "outside"),
        (None, "must return row numbers"),
    ],
)
def test_an_answer_that_is_no_choice_of_rows_is_refused(
    model: Ensemble, plugin: types.ModuleType, answer: Any, complaint: str
) -> None:
    plugin.odd = lambda learner, X, n_instances: answer  # type: ignore[attr-defined]
    with pytest.raises(Invalid, match=complaint):
        rank(model, "modal:house_queries:odd")


def test_a_query_function_that_fails_is_named_and_runs_once(
    model: Ensemble, plugin: types.ModuleType
) -> None:
    calls = []

    def failing(learner: Any, X: Any, n_instances: int = 1) -> Any:
        calls.append(1)
        raise KeyError("no column")

    plugin.failing = failing  # type: ignore[attr-defined]
    with pytest.raises(Invalid, match=r"house_queries:failing' failed: KeyError: 'no column'"):
        rank(model, "modal:house_queries:failing")
    assert calls == [1]


def global_state() -> list[int]:
    state: Any = np.random.get_state()  # noqa: NPY002 - what must stay as it is
    return list(state[1])


def test_ties_that_modal_breaks_with_the_global_state_follow_our_seed_and_leave_it_alone(
    model: Ensemble, plugin: types.ModuleType
) -> None:
    def tied(learner: Any, X: Any, n_instances: int = 1) -> Any:
        from modAL.utils.selection import shuffled_argmax

        return shuffled_argmax(np.zeros(len(X)), n_instances)

    plugin.tied = tied  # type: ignore[attr-defined]
    before = global_state()
    first, again = (rank(model, "modal:house_queries:tied") for _ in range(2))
    assert first.seqs.tolist() == again.seqs.tolist()
    assert global_state() == before


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("modal:no_such_measure", "no measure 'no_such_measure'.*classifier_entropy"),
        ("modal:no.such.module:f", "cannot be imported"),
        ("modal:modAL.expected_error:expected_error_reduction", "cannot be imported"),
        ("modal:modAL.uncertainty:nothing", "cannot be imported"),
        ("modal:os:system", "standard library"),
        ("modal:modAL.models:ActiveLearner", "no modAL query function"),
        ("modal:modAL.uncertainty:_proba_margin", "no modAL query function"),
    ],
)
def test_what_is_no_query_function_is_refused_with_the_reason(name: str, complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        strategies.get(name)


@pytest.mark.parametrize(
    "name", ["modal:margin_sampling", "modal:modAL.uncertainty:margin_sampling"]
)
def test_without_a_model_modal_is_not_asked(name: str) -> None:
    with pytest.raises(Needs, match="needs a trained model"):
        rank(None, name)


def test_a_version_handed_out_as_active_learner_queries_and_is_taught(model: Ensemble) -> None:
    learner = modal.as_active_learner(model, X_ALL[:200], Y_ALL[:200], fit=Ensemble)
    assert learner.estimator.model is model  # handing out trains nothing
    before = learner.score(X_ALL[600:], Y_ALL[600:])
    for _ in range(3):
        rows, _ = learner.query(POOL, n_instances=40)
        learner.teach(POOL[rows], Y_ALL[200:600][rows])
    assert learner.X_training.shape == (320, 64)
    assert learner.estimator.model is not model
    assert learner.score(X_ALL[600:], Y_ALL[600:]) > before


def test_a_handed_out_learner_speaks_in_the_names_of_the_classes(model: Ensemble) -> None:
    names = [f"digit {c}" for c in range(10)]
    labels = np.array(names)[Y_ALL[:200]]
    learner = modal.as_active_learner(model, X_ALL[:200], labels, classes=names, fit=Ensemble)
    assert (learner.predict(X_ALL[:200]) == labels).mean() > 0.95
    learner.teach(X_ALL[200:210], np.array(names)[Y_ALL[200:210]])
    with pytest.raises(ValueError, match="eleven: not among the classes"):
        learner.teach(X_ALL[:1], np.array(["eleven"]))


def test_teaching_a_handed_out_version_fits_its_own_recipe_again() -> None:
    from activeloop.learn import recipes

    version = recipes.get("linear").fit(X_ALL[:100], Y_ALL[:100], 10, seed=3)
    learner = modal.as_active_learner(version, X_ALL[:100], Y_ALL[:100], seed=3)
    assert np.array_equal(learner.predict_proba(POOL), version.predict_proba(POOL))
    learner.teach(X_ALL[100:200], Y_ALL[100:200])
    expected = recipes.get("linear").fit(X_ALL[:200], Y_ALL[:200], 10, seed=3)
    assert np.array_equal(learner.predict_proba(POOL), expected.predict_proba(POOL))
