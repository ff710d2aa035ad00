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

    The interval is Wilson's for as many draws of equal weight as these are worth (Kish), with the
    correction for a pool that is drawn up. One from how much the weighted values vary would be
    far too short where errors are rare: ten random draws often hold none.

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
    v = weights(probabilities, pool)
    # losses are weighted, not hits: they are few, so the weights add less noise
    value = _held(float(1 - (v * (1 - np.asarray(right, np.float64))).mean()))
    if pool == M:
        return Estimate(value, value, value, M)
    # a few heavy draws carry the estimate: it is as sure as so many draws of equal weight
    alike = float(v.sum() ** 2 / (v**2).sum()) / (1 - M / pool)
    low, high = _score(value, alike)
    return Estimate(value, low, high, M)


def _score(share: float, n: float) -> tuple[float, float]:
    """Give Wilson's interval of a share of n draws, which need not be a whole number."""
    z = float(norm.ppf(0.975))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return min(share, _held(float(middle - half))), max(share, _held(float(middle + half)))


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
