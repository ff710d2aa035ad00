"""Draw from a stream without replacement, in proportion to weights, knowing each chance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from activeloop.learn.exact import exact_sum
from activeloop.learn.keys import uniforms
from activeloop.learn.types import Floats, Ints

_TINY = 1e-12
_MOST = 700.0
"""exp of more than this is no float64; a weight beyond counts as this one."""


def _no_floats() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True)
class Lot:
    """Weighed rows that may come in, and the exact sum of all the weights there were."""

    total: int
    seqs: Ints
    scores: Floats
    weights: Floats
    keys: Floats


@dataclass
class Draw:
    """`size` rows drawn one after the other with probability proportional to score ** beta.

    The `size` largest of beta log(score) + Gumbel noise are exactly such a draw (Gumbel top-k),
    so one pass and `size` rows of memory do. The noise is made of seed and sequence number, and
    the weights are added up exactly: draws from parts of a pool, merged in any order, are the
    draw from the whole, to the last digit of every probability.

    Source:
        Kool, van Hoof & Welling (2019), Stochastic beams and where to find them;
        Kirsch et al. (2023), arXiv 2106.12059, for its use in batches.
    """

    size: int
    seed: int
    beta: float
    seqs: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    scores: Floats = field(default_factory=_no_floats)
    weights: Floats = field(default_factory=_no_floats)
    keys: Floats = field(default_factory=_no_floats)
    total: int = 0
    _waiting: list[Lot] = field(default_factory=list, repr=False)
    _count: int = 0

    def add(self, seqs: Ints, scores: Floats) -> None:
        """Take in some scored rows.

        Args:
            seqs: (n,) their sequence numbers.
            scores: (n,) finite scores; one of zero or less keeps a chance next to none.
        """
        self.take(self.weighed(seqs, scores))

    def weighed(self, seqs: Ints, scores: Floats) -> Lot:
        """Give rows their weights and keys; changes nothing, so several threads may."""
        chances = self.beta * np.log(np.maximum(scores.astype(np.float64), _TINY))
        chances = np.clip(chances, -_MOST, _MOST)
        weights = np.exp(chances)
        keys = chances - np.log(-np.log(uniforms(seqs, self.seed)))
        good = np.flatnonzero(keys >= self._threshold())
        return Lot(exact_sum(weights), seqs[good], scores[good], weights[good], keys[good])

    def take(self, lot: Lot) -> None:
        """Take in weighed rows; they are sorted when enough have come."""
        self.total += lot.total
        self._waiting.append(lot)
        self._count += len(lot.seqs)
        if self._count >= self.size:
            self.settle()

    def merge(self, other: Draw) -> None:
        """Take over what was drawn from another part of the pool."""
        other.settle()
        self.take(Lot(other.total, other.seqs, other.scores, other.weights, other.keys))
        self.settle()

    def settle(self) -> None:
        """Bring what came in order; to be called before the rows are looked at."""
        lots = [Lot(0, self.seqs, self.scores, self.weights, self.keys), *self._waiting]
        self._waiting, self._count = [], 0
        keys: Floats = np.concatenate([each.keys for each in lots])
        seqs: Ints = np.concatenate([each.seqs for each in lots])
        order = np.lexsort((seqs, -keys))[: self.size]
        self.seqs, self.keys = seqs[order], keys[order]
        self.scores = np.concatenate([each.scores for each in lots])[order]
        self.weights = np.concatenate([each.weights for each in lots])[order]

    def probabilities(self) -> Floats:
        """Give (n,) the chance of each at its place: weight / all weights then remaining."""
        self.settle()
        remaining, found = self.total, np.ones(len(self.seqs))
        for place, weight in enumerate(self.weights):
            own = exact_sum(np.array([weight]))
            found[place] = own / remaining
            remaining -= own
        return found

    def _threshold(self) -> float:
        return float(self.keys[-1]) if len(self.keys) >= self.size > 0 else -np.inf
