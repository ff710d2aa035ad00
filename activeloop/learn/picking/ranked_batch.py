"""Ranked batch: doubtful and unlike what is labelled or picked, in a balance set by the counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.learn.picking import farthest
from activeloop.learn.pool import Piece, Pool
from activeloop.learn.types import Features, Float32s, Floats, Ints, Model, Picks


@dataclass(frozen=True)
class _Balance:
    """a (1 - similarity) + (1 - a) uncertainty, the weight a falling from pick to pick.

    At a fixed similarity that is linear in a, so its largest value between two weights is at one
    of them; and the similarity only rises.
    """

    uncertainty: Float32s
    candidates: int
    labelled: int
    last: int

    def now(self, squared: Floats, rows: Ints, place: int) -> Floats:
        """Give the scores at a place."""
        return _score(squared, self.uncertainty[rows], self._weight(place))

    def at_most(self, bounds: Float32s, place: int) -> Floats:
        """Give the larger of the scores at this place and at the last."""
        here = _score(bounds, self.uncertainty, self._weight(place))
        there = _score(bounds, self.uncertainty, self._weight(self.last))
        found: Floats = np.maximum(here, there, out=here)
        # float32 rounds a score by less than this; the picks are compared in float64
        found += np.float32(1e-6)
        return found

    def _weight(self, place: int) -> float:
        return (self.candidates - place) / (self.candidates + self.labelled)


def _score(squared: Floats, uncertainty: Float32s, weight: float) -> Floats:
    far = np.sqrt(squared)
    far /= 1 + far  # 1 - 1 / (1 + distance)
    far *= weight
    far += (1 - weight) * uncertainty
    return far


def ranked_batch(
    pool: Pool, *, model: Model, labelled: Features, batch_size: int, rng: np.random.Generator
) -> Picks:
    """Pick argmax_x a (1 - s(x)) + (1 - a) u(x), again and again.

    u = 1 - p1; s = 1 / (1 + distance to the nearest labelled or picked row); a = |U| / (|U| + |L|)
    with the counts of what is not and what is labelled or picked. In a pool of many candidates and
    few labels a is nearly 1, and doubt counts for nearly nothing: that is the method.

    Args:
        pool: the candidates.
        model: gives p1.
        labelled: (m, d) what is labelled, m at least 1.
        batch_size: how many picks.
        rng: orders ties.

    Returns:
        The picks, the same as `modAL.batch.uncertainty_batch_sampling` makes; scores in [0, 1].

    Source:
        Cardoso et al. (2017), Ranked batch-mode active learning.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import Block
        >>> class Sure:
        ...     def predict_proba(self, X):
        ...         return np.tile(np.float32([.9, .1]), (len(X), 1))
        >>> X = np.array([[0.], [1.], [9.]], np.float32)
        >>> picks = ranked_batch(Pool((Block(0, X),), np.ones(3, bool)), model=Sure(),
        ...                      labelled=X[:1], batch_size=1, rng=np.random.default_rng(0))
        >>> picks.seqs.tolist(), picks.scores.round(3).tolist()
        ([2], [0.7])
    """
    n, m = len(pool.candidates), labelled.shape[0]
    uncertainty = np.empty(n, np.float32)

    def look(part: slice, piece: Piece) -> None:
        uncertainty[part] = 1 - model.predict_proba(piece.X).max(axis=1)[piece.good]

    # modAL counts a pick as taken before it weighs the next, so the k-th sees n - k candidates
    worth = _Balance(uncertainty, n, m, last=max(min(batch_size, n) - 1, 0))
    return farthest.pick(
        pool, labelled, worth, batch_size=batch_size, salt=int(rng.integers(2**62)), look=look
    )
