"""What the answers would tell: BatchBALD about the model, EPIG about the model's predictions."""

from __future__ import annotations

import numpy as np

from activeloop.learn.classes import entropies
from activeloop.learn.diversity import Spread
from activeloop.learn.types import Floats

_CELLS = 1 << 20
_EPIG_CELLS = 1 << 28
_MOST_ANSWERS = 4096
_FEWEST_ANSWERS = 64


def epig(committee: Floats, targets: Floats) -> Floats:
    """Give what each candidate's class would tell about the classes of the targets, on average.

    mean_t I(y; y_t) = H(y) + mean_t (H(y_t) - H(y, y_t)), in nats, with the joint probability
    mean_k p_k(y) p_k(y_t). Never more than the mutual information of y and the model.

    Args:
        committee: (k, n, C) probabilities of the candidates.
        targets: (k, t, C) those of the targets.

    Returns:
        (n,) in [0, log min(k, C)]. Of very many targets and classes, evenly spaced targets are
        used, so that n t C^2 stays below 2^28.

    Source:
        Bickford Smith et al. (2023), Prediction-oriented Bayesian active learning.

    Example:
        >>> import numpy as np
        >>> told = np.array([[[1., 0.], [.5, .5]], [[0., 1.], [.5, .5]]])
        >>> epig(told, told[:, :1]).round(4).tolist()
        [0.6931, 0.0]
    """
    k, n, classes = committee.shape
    most = max(1, _EPIG_CELLS // max(1, n * classes * classes))
    step = -(-targets.shape[1] // most)
    aim = targets[:, ::step]
    theirs = np.ascontiguousarray(aim).reshape(k, -1)
    told = entropies(committee.mean(axis=0)) + entropies(aim.mean(axis=0)).mean()
    rows = max(1, _CELLS // (classes * theirs.shape[1]))
    for first in range(0, n, rows):
        part = slice(first, first + rows)
        own = np.ascontiguousarray(committee[:, part].transpose(1, 2, 0)).reshape(-1, k)
        joint = (own @ theirs) / committee.dtype.type(k)
        told[part] -= entropies(joint.reshape(len(told[part]), -1)) / aim.shape[1]
    found: Floats = np.maximum(told, 0)
    return found


def batch_bald(committee: Floats, *, batch_size: int, rng: np.random.Generator) -> Spread:
    """Pick the rows whose answers together tell most about the model, one after the other.

    The gain of a row is I(y; model | answers so far) = sum_m q_m H(sum_k w_mk p_k(y)) -
    mean_k H(p_k(y)): for each possible series m of answers to the rows picked, its probability
    q_m and how likely each member is after it, w_mk. All series are kept as long as they are
    few, at most 2^20 / (n C) and at most 4,096; then a systematic sample of them, of equal weight.

    A committee of k members can tell no more than log k in all. After that every gain is zero and
    rows are taken in the order given.

    Args:
        committee: (k, n, C) probabilities, the best row first.
        batch_size: how many to pick.
        rng: samples the series.

    Returns:
        min(batch_size, n) rows; `scores` are the gains at the last place.

    Source:
        Kirsch, van Amersfoort & Gal (2019), BatchBALD: efficient and diverse batch acquisition
        for deep Bayesian active learning.

    Example:
        >>> import numpy as np
        >>> # the first two rows tell the same; the third tells less, but something else
        >>> one, other = [[.99, .01]] * 2, [[.01, .99]] * 2
        >>> committee = np.array([one + [[.9, .1]], one + [[.1, .9]], other + [[.5, .5]]])
        >>> batch_bald(committee, batch_size=2, rng=np.random.default_rng(0)).rows.tolist()
        [0, 2]
    """
    k, n, classes = committee.shape
    proba = np.ascontiguousarray(committee, np.float64)
    flat, known = proba.reshape(k, -1), entropies(proba).mean(axis=0)
    most = int(np.clip(_CELLS // (n * classes), _FEWEST_ANSWERS, _MOST_ANSWERS))
    chance: Floats = np.ones(1)
    weights: Floats = np.full((1, k), 1 / k)
    rows: list[int] = []
    gains: Floats = np.zeros(n)
    open_ = np.ones(n, np.bool_)
    for _ in range(min(batch_size, n)):
        gains = _expected_entropies(chance, weights, flat, classes) - known
        gains[gains < 1e-9] = 0  # rounding; the order given decides
        rows.append(int(np.where(open_, gains, -1).argmax()))
        open_[rows[-1]] = False
        chance, weights = _answered(chance, weights, proba[:, rows[-1]], most, rng)
    return Spread(np.array(rows, np.int64), np.ones(len(rows)), gains)


def _expected_entropies(chance: Floats, weights: Floats, flat: Floats, classes: int) -> Floats:
    """Give (n,) sum_m q_m H(sum_k w_mk p_k), a few series at a time."""
    n = flat.shape[1] // classes
    found, together = np.zeros(n), max(1, _CELLS // flat.shape[1])
    for first in range(0, len(chance), together):
        part = slice(first, first + together)
        mixed = (weights[part] @ flat).reshape(-1, n, classes)
        found += chance[part] @ entropies(mixed)
    return found


def _answered(
    chance: Floats, weights: Floats, proba: Floats, most: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Continue every series with every answer to one more row, (k, C); at most `most` stay."""
    joint = weights[:, None, :] * proba.T  # (m, C, k)
    likely = joint.sum(axis=2)
    chances = (chance[:, None] * likely).ravel()
    after = joint.reshape(-1, joint.shape[2])
    kept = np.flatnonzero(chances > 0)
    if len(kept) > most:
        steps = (np.arange(most) + rng.random()) / most
        upper = np.cumsum(chances)
        kept = np.searchsorted(upper, steps * upper[-1], side="right")
        kept = np.minimum(kept, len(chances) - 1)
        chances = np.full(len(chances), 1 / most)
    after = after[kept]
    return chances[kept], after / after.sum(axis=1, keepdims=True)
