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

    def add(self, seqs: Ints, scores: Floats) -> None:
        """Merge some scored rows.

        Args:
            seqs: (n,) their sequence numbers.
            scores: (n,) finite scores; one of zero or less keeps a chance next to none.
        """
        chances = self.beta * np.log(np.maximum(scores.astype(np.float64), _TINY))
        chances = np.clip(chances, -_MOST, _MOST)
        noise = -np.log(-np.log(uniforms(seqs, self.seed)))
        weights, keys = np.exp(chances), chances + noise
        self.total += exact_sum(weights)
        good = np.flatnonzero(keys >= self._threshold())
        if len(good):
            self._keep(seqs[good], scores[good], weights[good], keys[good])

    def merge(self, other: Draw) -> None:
        """Take over what was drawn from another part of the pool."""
        self.total += other.total
        self._keep(other.seqs, other.scores, other.weights, other.keys)

    def probabilities(self) -> Floats:
        """Give (n,) the chance of each at its place: weight / all weights then remaining."""
        remaining, found = self.total, np.ones(len(self.seqs))
        for place, weight in enumerate(self.weights):
            own = exact_sum(np.array([weight]))
            found[place] = own / remaining
            remaining -= own
        return found

    def _threshold(self) -> float:
        return float(self.keys[-1]) if len(self.keys) >= self.size > 0 else -np.inf

    def _keep(self, seqs: Ints, scores: Floats, weights: Floats, keys: Floats) -> None:
        all_keys, all_seqs = np.concatenate([self.keys, keys]), np.concatenate([self.seqs, seqs])
        order = np.lexsort((all_seqs, -all_keys))[: self.size]
        self.seqs, self.keys = all_seqs[order], all_keys[order]
        self.scores = np.concatenate([self.scores, scores])[order]
        self.weights = np.concatenate([self.weights, weights])[order]
