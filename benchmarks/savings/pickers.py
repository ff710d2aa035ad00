"""Who picks: our default, modAL's and scikit-activeml's strategies by their public names, chance.

Each picker gives rows of the pool to ask next. A peer that needs a fitted model asks at random
while there is none, as its own examples do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from activeloop.learn import select
from activeloop.learn.modal_learner import Learner
from activeloop.learn.types import Block
from activeloop.spec import StrategySpec
from benchmarks.savings.situations import Situation

if TYPE_CHECKING:
    from activeloop.learn.types import Ints

Picker = Callable[[Situation, int], "Ints"]


def random(now: Situation, count: int) -> Ints:
    """Ask uniformly at random."""
    return np.random.default_rng(now.seed).permutation(now.unlabelled)[:count]


def default(now: Situation, count: int) -> Ints:
    """Ask as a project with nothing configured does: cold start, then the strategy."""
    return ours(now, count, StrategySpec())


def ours(now: Situation, count: int, spec: StrategySpec) -> Ints:
    """Ask by the project spec's strategy, through the engine's own entry."""
    eligible = np.ones(now.rows, bool)
    eligible[now.labelled] = False
    cold = now.model is None
    return select.rank(
        [Block(0, now.X)],
        now.model,
        strategy=spec.cold_start if cold else spec.name,
        params={} if cold else spec.params,
        eligible=eligible,
        labelled=(now.X[now.labelled], now.y) if len(now.labelled) else None,
        batch_size=count,
        length=count,
        rng=np.random.default_rng(now.seed),
    ).seqs[:count]


def modal_margin(now: Situation, count: int) -> Ints:
    """Ask by modAL.uncertainty.margin_sampling."""
    from modAL.uncertainty import margin_sampling

    return _by_modal(margin_sampling, now, count)


def modal_ranked_batch(now: Situation, count: int) -> Ints:
    """Ask by modAL.batch.uncertainty_batch_sampling (ranked batch)."""
    from modAL.batch import uncertainty_batch_sampling

    return _by_modal(uncertainty_batch_sampling, now, count)


def badge(now: Situation, count: int) -> Ints:
    """Ask by skactiveml.pool.Badge; the classifier hands it dense rows as its embedding."""
    from skactiveml.pool import Badge

    from benchmarks.savings.wrapped import Wrapped

    if now.model is None:
        return random(now, count)
    numbers = np.arange(now.rows, dtype=np.float64)[:, None]
    asked = Badge(random_state=now.seed).query(
        numbers, _partly(now), Wrapped(now), fit_clf=False, batch_size=count
    )
    return np.asarray(asked, np.int64)


def typiclust(now: Situation, count: int) -> Ints:
    """Ask by skactiveml.pool.TypiClust, which looks at no model.

    When the clusters without a label run out it may name a row twice; chance fills the gap.
    """
    from skactiveml.pool import TypiClust

    strategy = TypiClust(random_state=now.seed)
    found = np.asarray(strategy.query(now.dense, _partly(now), batch_size=count), np.int64)
    asked = found[np.sort(np.unique(found, return_index=True)[1])]
    spare = np.setdiff1d(random(now, now.rows), asked)
    chosen = np.random.default_rng(now.seed).permutation(spare)[: count - len(asked)]
    return np.concatenate([asked, chosen])


def _by_modal(query: Callable[..., Any], now: Situation, count: int) -> Ints:
    """Call a query function with a learner that predicts for the rows it is given."""
    if now.model is None:
        return random(now, count)
    rows = now.unlabelled
    proba = now.model.predict_proba(now.X[rows])
    known = now.dense[now.labelled]
    learner = Learner(lambda _: proba, now.classes, known, now.y)
    state = np.random.get_state()  # noqa: NPY002 - modAL breaks ties with it
    np.random.seed(now.seed % 2**32)  # noqa: NPY002, TID251 - likewise
    try:
        answer = query(learner, now.dense[rows], n_instances=count)
    finally:
        np.random.set_state(state)  # noqa: NPY002 - likewise
    chosen = answer[0] if isinstance(answer, tuple) else answer
    return rows[np.asarray(chosen, np.int64).ravel()]


def _partly(now: Situation) -> Any:
    """Give (n,) labels as scikit-activeml wants them: NaN where there is none."""
    y = np.full(now.rows, np.nan)
    y[now.labelled] = now.y
    return y


PICKERS: dict[str, Picker] = {
    "activeloop default": default,
    "modAL margin": modal_margin,
    "modAL ranked batch": modal_ranked_batch,
    "scikit-activeml BADGE": badge,
    "scikit-activeml TypiClust": typiclust,
    "random": random,
}
