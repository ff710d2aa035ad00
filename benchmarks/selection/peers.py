"""A task done by modAL, by scikit-activeml, or by scikit-learn's predict_proba alone.

Their models are scikit-learn's logistic regressions with the very weights of ours, as scikit-learn
trains them: float64. modAL has no mutual information; it gets one written as its own measures
are. Its own disagreement measures are slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression

from activeloop.learn.types import Float32s
from benchmarks.selection.cells import BEST, CLASSES, MEMBERS, Cell
from benchmarks.selection.pools import Pool

Run = Callable[[Cell, Pool], Any]


def single(pool: Pool) -> Any:
    """Give the model as a scikit-learn classifier."""
    return _classifier(*pool.heads())


def committee(pool: Pool) -> list[Any]:
    """Give the committee as scikit-learn classifiers."""
    weights, offsets = pool.members()
    parts = [slice(at, at + CLASSES) for at in range(0, MEMBERS * CLASSES, CLASSES)]
    return [_classifier(weights[:, part], offsets[part]) for part in parts]


def _classifier(weights: Float32s, offsets: Float32s) -> Any:
    made: Any = LogisticRegression()
    made.classes_ = np.arange(CLASSES)
    made.coef_, made.intercept_ = weights.T.astype(np.float64), offsets.astype(np.float64)
    made.n_features_in_ = len(weights)
    return made


def naive(cell: Cell, pool: Pool) -> Any:
    """Score the way one writes it down first: predict_proba of the whole pool, then NumPy."""
    if cell.task == "mutual-information":
        members = np.stack([member.predict_proba(pool.X) for member in committee(pool)])
        scores = _entropies(members.mean(axis=0)) - _entropies(members).mean(axis=0)
    else:
        proba = single(pool).predict_proba(pool.X)
        ordered = np.partition(proba, -2, axis=1)
        gap = ordered[:, -1] - ordered[:, -2]
        scores = _entropies(proba) if cell.task == "entropy" else 1 - gap
    return np.argpartition(-scores, BEST)[:BEST]


def _entropies(proba: Any) -> Any:
    return -(proba * np.log(proba)).sum(axis=-1)


def modal(cell: Cell, pool: Pool) -> Any:
    """Query by modAL."""
    from modAL.batch import uncertainty_batch_sampling
    from modAL.models import ActiveLearner, Committee
    from modAL.uncertainty import entropy_sampling, margin_sampling

    if cell.task == "mutual-information":
        learners = [ActiveLearner(estimator=member) for member in committee(pool)]
        asked = Committee(learner_list=learners, query_strategy=_bald)
    else:
        strategies = {"entropy": entropy_sampling, "margin": margin_sampling}
        chosen = strategies.get(cell.task, uncertainty_batch_sampling)
        asked = ActiveLearner(estimator=single(pool), query_strategy=chosen)
        asked.X_training, asked.y_training = pool.known, pool.y
    return asked.query(pool.X, n_instances=BEST)[0]


def _bald(learner: Any, X: Any, n_instances: int = 1) -> Any:
    votes = learner.vote_proba(X)
    inner = entropy(votes, axis=2).mean(axis=1)
    scores = entropy(votes.mean(axis=1), axis=1) - inner
    rows = np.argpartition(-scores, n_instances)[:n_instances]
    return rows, scores[rows]


def skactiveml(cell: Cell, pool: Pool) -> Any:
    """Query by scikit-activeml."""
    from skactiveml import pool as strategies

    given = {"X": pool.known, "y": pool.y, "candidates": pool.X, "batch_size": BEST}
    if cell.task == "mutual-information":
        members = [_wrapped(member, pool) for member in committee(pool)]
        asked = strategies.QueryByCommittee(method="KL_divergence", random_state=0)
        return asked.query(ensemble=members, fit_ensemble=False, **given)
    if cell.task == "core-set":
        return strategies.CoreSet(random_state=0).query(**given)
    if cell.task == "typiclust":  # takes labelled and unlabelled rows in one array only
        y = np.append(pool.y.astype(np.float64), np.full(len(pool.X), np.nan))
        rows = strategies.TypiClust(random_state=0).query(pool.whole, y, batch_size=BEST)
        return np.asarray(rows) - len(pool.y)
    if cell.task == "badge":
        asked = strategies.Badge(random_state=0)
    else:
        method = {"entropy": "entropy", "margin": "margin_sampling"}[cell.task]
        asked = strategies.UncertaintySampling(method=method, random_state=0)
    return asked.query(clf=_wrapped(single(pool), pool), fit_clf=False, **given)


def _wrapped(classifier: Any, pool: Pool) -> Any:
    """Wrap a fitted classifier; fitting the wrapper would train it anew, so it is put in place."""
    from skactiveml.classifier import SklearnClassifier

    made: Any = SklearnClassifier(LogisticRegression(), classes=list(range(CLASSES)))
    made.fit(pool.known, pool.y)
    made.estimator_ = classifier
    return made


RUNS: dict[str, Run] = {"predict_proba": naive, "modAL": modal, "scikit-activeml": skactiveml}
