"""Core-Set: the candidate farthest from everything labelled or picked, again and again."""

from __future__ import annotations

import numpy as np

from activeloop.learn.picking import farthest
from activeloop.learn.pool import Pool
from activeloop.learn.types import Features, Float32s, Floats, Ints, Picks


class _Distance:
    """Worth as much as it is far."""

    def now(self, squared: Floats, rows: Ints, place: int) -> Floats:  # noqa: ARG002 - as in Worth
        """Give the distances."""
        found: Floats = np.sqrt(squared)
        return found

    def at_most(self, bounds: Float32s, place: int) -> Floats:  # noqa: ARG002 - as in Worth
        """Give the distances' bounds, for a distance only falls."""
        found: Floats = np.sqrt(bounds)
        return found


def core_set(
    pool: Pool, *, labelled: Features | None, batch_size: int, rng: np.random.Generator
) -> Picks:
    """Pick argmax_x min_c |x - c| over the labelled and picked c: greedy k-centre.

    The largest distance of any candidate to its nearest centre is at most twice the least that
    so many centres could reach.

    Args:
        pool: the candidates.
        labelled: (m, d) what is labelled; without any, the first pick is drawn uniformly.
        batch_size: how many picks.
        rng: draws the first pick, and orders ties.

    Returns:
        The picks; scores are distances to the nearest centre at that time, and never rise.

    Source:
        Sener & Savarese (2018), Active learning for convolutional neural networks: a core-set
        approach; Gonzalez (1985), Clustering to minimize the maximum intercluster distance.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import Block
        >>> X = np.array([[0.], [1.], [5.], [9.]], np.float32)
        >>> pool = Pool((Block(0, X),), np.ones(4, bool))
        >>> picks = core_set(pool, labelled=X[:1], batch_size=2, rng=np.random.default_rng(0))
        >>> picks.seqs.tolist(), picks.scores.tolist()
        ([3, 2], [9.0, 4.0])
    """
    salt, n = int(rng.integers(2**62)), len(pool.candidates)
    if labelled is not None and labelled.shape[0]:
        return farthest.pick(pool, labelled, _Distance(), batch_size=batch_size, salt=salt)
    first = pool.candidates[[int(rng.integers(n))]]
    centre = pool.gather(first)
    rest = farthest.pick(pool, centre, _Distance(), batch_size=batch_size, salt=salt)
    # the first is at distance 0 of itself, so it comes last among the others, if at all
    others = rest.seqs != first[0]
    seqs = np.concatenate([first, rest.seqs[others]])[:batch_size]
    scores = np.concatenate([rest.scores[:1], rest.scores[others]])[:batch_size]
    chances = np.ones(len(seqs))
    chances[0] = 1 / n
    return Picks(seqs, scores, chances, n)
