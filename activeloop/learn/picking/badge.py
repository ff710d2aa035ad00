"""BADGE on the whole pool: k-means++ on gradient embeddings, drawn by rejection."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from activeloop.learn.apart import Yardstick
from activeloop.learn.keys import keys
from activeloop.learn.picking.distances import WIDTH, place_of
from activeloop.learn.picking.gradients import Gradients, Room
from activeloop.learn.pool import Piece, Pool
from activeloop.learn.types import Float32s, Floats, Ints, Model, Picks

_MEASURED = 4_000
_PROPOSED = 64
_LOOKED_AT = 20_000
"""How many rows of a pass cost as much as 64 proposals."""
_SAME = 1e-5
_TOGETHER = 64


@dataclass
class _Draw:
    """What has been drawn, and how far every candidate was from it when the pool was last read.

    Attributes:
        lengths: (candidates,) the gradients' squared lengths.
        weights: (candidates,) squared distances to the nearest of the drawn rows that were met.
        rows: the candidates drawn.
        shares: squared distance of each at its place, the numerator of its chance.
        totals: the sum over all candidates at each place, the denominator; one more than `met`.
        met: how many of the rows the weights know of; inf as long as it is 0.
    """

    pool: Pool
    model: Model
    yardstick: Yardstick
    lengths: Float32s
    weights: Float32s
    rows: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    totals: list[float] = field(default_factory=lambda: [1.0])
    met: int = 0

    def gradients(self, rows: Ints) -> Gradients:
        """Compute those of some candidates."""
        X = self.pool.gather(self.pool.candidates[rows])
        return Gradients.of(X, self.model, self.yardstick)

    @property
    def shortest(self) -> float:
        """The squared length of the shortest gradient drawn."""
        return float(self.lengths[self.rows].min())

    @property
    def pending(self) -> Ints:
        """(p,) the rows drawn since the pool was last read."""
        return np.array(self.rows[self.met :], np.int64)


def badge(
    pool: Pool, *, model: Model, batch_size: int, rng: np.random.Generator, standardise: bool = True
) -> Picks:
    """Draw a batch with probability proportional to the squared distance to what is drawn.

    The first pick is the largest gradient. Each next one is proposed from old weights, which
    are upper bounds because distances to the nearest centre only fall, and accepted with
    probability new / old; that is exactly the draw from the new weights, but only the proposed
    row has to be looked at. When few proposals are accepted, one pass over the pool brings the
    weights up to date. The same pass adds up what every pick's chance was.

    Cost: two passes over the pool and a few more where batches are large, with one product of
    n x d x batch; one float32 per candidate, and pieces.

    Args:
        pool: the candidates.
        model: gives p.
        batch_size: how many to draw.
        rng: draws.
        standardise: scale dense columns first by mean and deviation of 4,000 candidates.

    Returns:
        The picks; scores are the gradients' squared lengths. What is left when only copies of
        drawn rows remain (to within float32 rounding) is taken by score, with probability 1.

    Source:
        Ash et al. (2020), Deep batch active learning by diverse, uncertain gradient lower bounds;
        Cohen-Addad et al. (2020), Fast and accurate k-means++ via rejection sampling.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import Block
        >>> class Unsure:
        ...     n_classes = 2
        ...     def predict_proba(self, X):
        ...         return np.tile(np.float32([.6, .4]), (len(X), 1))
        >>> X = np.array([[0.], [0.], [5.]], np.float32)
        >>> picks = badge(Pool((Block(0, X),), np.ones(3, bool)), model=Unsure(), batch_size=2,
        ...               rng=np.random.default_rng(0), standardise=False)
        >>> int(picks.seqs[0]), picks.probabilities.round(4).tolist()
        (2, [1.0, 0.5])
    """
    n, salt = len(pool.candidates), int(rng.integers(2**62))
    yardstick = Yardstick()
    if standardise:
        yardstick = Yardstick.of(pool.gather(pool.sample(_MEASURED, salt)))
    lengths = _lengths(pool, model, yardstick)
    order = np.flatnonzero(lengths == lengths.max())
    first = int(order[keys(pool.candidates[order], salt).argmin()])
    weights = np.full(n, np.inf, np.float32)
    draw = _Draw(pool, model, yardstick, lengths, weights, [first], [1.0])
    wanted = min(batch_size, n)
    while len(draw.rows) < wanted:
        fresh = len(draw.pending) == 0
        if not _propose(draw, wanted, rng) and fresh:
            break  # fresh weights are nearly always accepted: what is left of them is rounding
        _refresh(draw)
    rows = np.array(draw.rows, np.int64)
    chances = np.minimum(np.array(draw.shares) / np.array(draw.totals[: len(rows)]), 1.0)
    if len(rows) < wanted:
        order = np.lexsort((keys(pool.candidates, salt), -lengths))
        rest = order[~np.isin(order, rows)][: wanted - len(rows)]
        rows, chances = np.concatenate([rows, rest]), np.concatenate([chances, np.ones(len(rest))])
    return Picks(pool.candidates[rows], lengths[rows].astype(np.float64), chances, n)


def _lengths(pool: Pool, model: Model, yardstick: Yardstick) -> Float32s:
    found, room = np.empty(len(pool.candidates), np.float32), Room()

    def visit(piece: Piece) -> None:
        squares = Gradients.of(piece.X, model, yardstick, room).squares
        found[place_of(pool, piece)] = squares[piece.good]

    pool.scan(visit, width=WIDTH + model.n_classes)
    return found


def _propose(draw: _Draw, wanted: int, rng: np.random.Generator) -> bool:
    """Draw rows from upper bounds, until too few are accepted; tell if any was."""
    before, shortest = len(draw.rows), np.inf
    patience = max(1.0, len(draw.weights) / _LOOKED_AT)
    while draw.shortest < shortest and len(draw.rows) < wanted:
        shortest = draw.shortest
        bounds = _bounds(draw)
        upper = np.cumsum(bounds, dtype=np.float64)
        if not upper[-1] > 0:
            break
        left = accepted = wanted - len(draw.rows)
        # another pass is the cheaper way on when the rest would take more proposals than it costs
        while 0 < left <= accepted * patience:
            drawn = np.searchsorted(upper, rng.random(_PROPOSED) * upper[-1], side="right")
            rows = np.minimum(drawn, len(upper) - 1)
            accepted = _accept(draw, rows, rng.random(_PROPOSED) * bounds[rows], wanted)
            left -= accepted
    return len(draw.rows) > before


def _bounds(draw: _Draw) -> Float32s:
    """Give (candidates,) what no weight can exceed by now.

    By the triangle inequality a row is no farther from the shortest drawn gradient than the sum
    of both lengths. That costs no pass, and among many dimensions it is hardly too much.
    """
    bounds = np.sqrt(draw.lengths)
    bounds += np.float32(np.sqrt(draw.shortest))
    bounds *= bounds
    bounds *= np.float32(1 + _SAME)  # rounding must not make it too small
    np.minimum(bounds, draw.weights, out=bounds)
    return bounds


def _accept(draw: _Draw, rows: Ints, thresholds: Floats, wanted: int) -> int:
    """Accept each proposal whose weight by now is above its threshold; give how many were."""
    found, before = draw.gradients(rows).wide(), len(draw.rows)
    now = draw.weights[rows].astype(np.float64)
    if len(draw.pending):
        now = np.minimum(now, found.distances(draw.gradients(draw.pending).wide()).min(axis=0))
    for i, row in enumerate(rows.tolist()):
        if len(draw.rows) >= wanted:
            break
        if thresholds[i] < now[i] and row not in draw.rows:
            draw.rows.append(row)
            draw.shares.append(float(now[i]))
            now = np.minimum(now, found.distances(found[[i]])[0])
    return len(draw.rows) - before


def _refresh(draw: _Draw) -> None:
    """Read the pool once: lower the weights by what was drawn, and add them up at each place."""
    centres, room = draw.gradients(draw.pending), Room()
    m = len(centres.squares)

    def visit(piece: Piece) -> Floats:
        part, sums = place_of(draw.pool, piece), np.zeros(m)
        # rows that may not be asked weigh nothing; to leave them out would cost a copy
        near, ones = np.zeros((2, len(piece.seqs)), np.float32)
        near[piece.good], ones[:] = draw.weights[part], 1
        rows = Gradients.of(piece.X, draw.model, draw.yardstick, room)
        for first in range(0, m, _TOGETHER):
            met = rows.distances(centres[first : first + _TOGETHER], room)
            for j, squared in enumerate(met, start=first):
                np.minimum(near, squared, out=near)
                sums[j] = near @ ones
        weights = near[piece.good]
        weights[weights <= _SAME * draw.lengths[part]] = 0  # copies, but for rounding
        draw.weights[part] = weights
        return sums

    found = draw.pool.scan(visit, width=WIDTH + draw.model.n_classes)
    draw.totals.extend(np.sum(found, axis=0).tolist())
    draw.met += m
