"""Draw from a stream without replacement, in proportion to weights, knowing each chance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from activeloop.learn.topk import uniforms
from activeloop.learn.types import Floats, Ints

_TINY = 1e-12


def _no_floats() -> Floats:
    return np.zeros(0)


@dataclass
class Draw:
    """`size` rows drawn one after the other with probability proportional to score ** beta.

    The `size` largest of beta log(score) + Gumbel noise are exactly such a draw (Gumbel top-k),
    so one pass and `size` rows of memory do. The noise is made of seed and sequence number.

    Source:
        Kool, van Hoof & Welling (2019), Stochastic beams and where to find them;
        Kirsch et al. (2023), arXiv 2106.12059, for its use in batches.
    """

    size: int
    seed: int
    beta: float
    seqs: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    scores: Floats = field(default_factory=_no_floats)
    _weights: Floats = field(default_factory=_no_floats)
    _keys: Floats = field(default_factory=_no_floats)
    _left_out: float = -np.inf

    def add(self, seqs: Ints, scores: Floats) -> None:
        """Merge some scored rows.

        Args:
            seqs: (n,) their sequence numbers.
            scores: (n,) finite scores; one of zero or less keeps a chance next to none.
        """
        weights = self.beta * np.log(np.maximum(scores, _TINY))
        noise = -np.log(-np.log(uniforms(seqs, self.seed)))
        seqs = np.concatenate([self.seqs, seqs])
        scores = np.concatenate([self.scores, scores])
        weights = np.concatenate([self._weights, weights])
        order_by = np.concatenate([self._keys, weights[len(self._weights) :] + noise])
        order = np.argsort(-order_by, kind="stable")
        kept, dropped = order[: self.size], order[self.size :]
        if len(dropped):
            gone = np.logaddexp.reduce(weights[dropped])
            self._left_out = float(np.logaddexp(self._left_out, gone))
        self.seqs, self.scores = seqs[kept], scores[kept]
        self._weights, self._keys = weights[kept], order_by[kept]

    def probabilities(self) -> Floats:
        """Give (n,) the chance of each at its place: weight / all weights then remaining."""
        # summed from the end: subtracting from a total would leave nothing but rounding
        ahead = np.concatenate([self._weights, [self._left_out]])[::-1]
        remaining = np.logaddexp.accumulate(ahead)[::-1][:-1]
        return np.minimum(np.exp(self._weights - remaining), 1.0)
