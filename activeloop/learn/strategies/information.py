"""Strategies that ask for what a committee would learn most from, the batch seen together."""

from __future__ import annotations

import numpy as np

from activeloop.learn.diversity import Spread
from activeloop.learn.picking import information as picking
from activeloop.learn.strategies.disagreement import mutual_information
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import members, target_members
from activeloop.learn.types import Floats, Model, View


def _most_told(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    told = picking.epig(members(view), target_members(view))
    rows = np.argsort(-told, kind="stable")[:batch_size]
    return Spread(rows, np.ones(len(rows)), told)


@strategy("epig", needs=("committee", "targets"), picks="shortlist", choose=_most_told)
def epig(view: View, *, params: Params) -> Floats:
    """Score by the mutual information; of the best, take what tells most about other samples.

    Knowing a candidate's class never tells more about others' classes than about the model, so
    the mutual information bounds EPIG and makes the shortlist; the batch is the best of it by
    EPIG over a uniform sample of the pool (`activeloop.learn.picking.information`).

    Returns:
        (n,) in [0, log min(k, C)], as `mutual_information`.

    Source:
        Bickford Smith et al. (2023), Prediction-oriented Bayesian active learning.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> told = np.array([[[1., 0.], [.5, .5]], [[0., 1.], [.5, .5]]])
        >>> view = View(np.zeros((2, 1), np.float32), None, told, None, None,
        ...             np.random.default_rng(0), target_committee=told)
        >>> epig(view, params={}).round(4).tolist()
        [0.6931, 0.0]
    """
    target_members(view)
    return mutual_information(view, params=params)


def _most_told_together(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    return picking.batch_bald(members(view), batch_size=batch_size, rng=view.rng)


@strategy("batch-bald", needs=("committee",), picks="shortlist", choose=_most_told_together)
def batch_bald(view: View, *, params: Params) -> Floats:
    """Score by the mutual information; of the best, take those that tell most together.

    The batch is picked greedily by what each adds to the answers before it
    (`activeloop.learn.picking.information`). A committee of k members has log k to tell in all:
    meant for small batches.

    Returns:
        (n,) in [0, log min(k, C)], as `mutual_information`.

    Source:
        Kirsch, van Amersfoort & Gal (2019), BatchBALD.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> told = np.array([[[1., 0.], [.5, .5]], [[0., 1.], [.5, .5]]])
        >>> view = View(np.zeros((2, 1), np.float32), None, told, None, None,
        ...             np.random.default_rng(0))
        >>> batch_bald(view, params={}).round(4).tolist()
        [0.6931, 0.0]
    """
    return mutual_information(view, params=params)
