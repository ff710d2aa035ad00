"""The figure on labels that were asked for, with the choice weighted out (LURE).

Active learning asks what a model finds hard, so the mean over its questions says too little of the
model. Where every remaining sample had a known chance to be asked, weights put that right.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from activeloop.errors import Invalid
from activeloop.learn.types import Estimate, Floats

FEWEST: Final = 10
"""Fewer draws give no estimate of how much they vary."""


def weights(probabilities: Floats, pool: int) -> NDArray[np.float64]:
    """Give (M,) the weight of each draw; their mean is near 1.

    v_m = 1 + (N - M) / (N - m) * (1 / ((N - m + 1) q_m) - 1).

    Args:
        probabilities: (M,) q_m, with which the m-th was drawn from those that remained then; every
            one of them must have had a chance.
        pool: N, how many there were before the first draw.

    Raises:
        Invalid: when more were drawn than there were, or a probability is not in (0, 1].

    Source:
        Farquhar, Gal & Rainforth (2021), On Statistical Bias In Active Learning.

    Example:
        >>> weights(np.array([1 / 4, 1 / 3]), 4).tolist()
        [1.0, 1.0]
    """
    q = np.asarray(probabilities, np.float64)
    M = len(q)
    if pool < M:
        raise Invalid(f"{M} samples cannot be drawn from {pool}.")
    if M and not (0 < float(q.min()) <= float(q.max()) <= 1):
        raise Invalid("Each draw wants a probability above 0 and at most 1.")
    m = np.arange(1, M + 1)
    left = np.maximum(pool - m, 1)  # at m = N nothing remains, and N - M is 0
    found: NDArray[np.float64] = 1 + (pool - M) / left * (1 / ((pool - m + 1) * q) - 1)
    return found


def corrected(right: Floats, probabilities: Floats, pool: int) -> Estimate | None:
    """Give the mean over the pool from drawn samples, with a 95 % interval.

    The interval is normal, from how much the weighted values vary; it is of the mean over the pool,
    so it shrinks to nothing as all of it is drawn.

    Args:
        right: (M,) the figure of each draw, 0 to 1, in the order of the draws.
        probabilities: (M,) see `weights`.
        pool: N.

    Returns:
        The estimate, held in 0 to 1; None with fewer than 10 draws.
    """
    M = len(right)
    if M < FEWEST:
        return None
    # losses are weighted, not hits: they are few, so the weights add less noise
    losses = weights(probabilities, pool) * (1 - np.asarray(right, np.float64))
    value = float(1 - losses.mean())
    spread = float(losses.std(ddof=1)) * np.sqrt(max(0.0, 1 - M / pool))
    # without a single error nothing varies, which is not certainty: one half error more is near
    spread = max(spread, np.sqrt(0.5) / np.sqrt(M) if not losses.any() else 0.0)
    half = float(norm.ppf(0.975)) * spread / np.sqrt(M)
    return Estimate(_held(value), _held(value - half), _held(value + half), M)


def mixed(
    chosen: Floats, remaining: Floats, share: float, *, at_random: Floats
) -> NDArray[np.float64]:
    """Give the probability of draws, a share of which is made at random from all that remain.

    A sample that the strategy chose could have come from the random share as well; one drawn at
    random is taken not to have been the strategy's choice at that place, which it seldom was.

    Args:
        chosen: (M,) the probability kept with the offer, by the way it was drawn.
        remaining: (M,) how many samples remained.
        share: of the draws that are made at random, 0..1.
        at_random: (M,) 1 where the draw was one of them.

    Example:
        >>> mixed(np.array([1.0]), np.array([100]), 0.1, at_random=np.array([0.0])).tolist()
        [0.901]
    """
    lot = share / np.maximum(1, np.asarray(remaining, np.float64))
    by_strategy = (1 - share) * np.asarray(chosen, np.float64) + lot
    return np.where(np.asarray(at_random) > 0, lot, np.minimum(1.0, by_strategy))


def _held(value: float) -> float:
    return min(1.0, max(0.0, value))
