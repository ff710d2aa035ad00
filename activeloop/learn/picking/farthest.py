"""Greedy choice from a whole pool by worth that only falls: exact, in few passes.

What a row is worth falls with every pick that comes near it. So an old worth bounds the new one
from above: the rows with the largest bounds are held in memory and the picks are made among them,
as long as the best of them is worth at least every bound outside. Only when it is not is the pool
read again. Memory: one float32 per candidate, and the rows held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from activeloop.learn.keys import keys
from activeloop.learn.picking.distances import WIDTH, Centres, Nearest, origin, place_of
from activeloop.learn.pool import Piece, Pool
from activeloop.learn.types import Features, Float32s, Floats, Ints, Picks

_HELD_CELLS = 1 << 18
_MOST_HELD = 16_384
_SEEN = 1_000

Look = Callable[[slice, Piece], None]


class Worth(Protocol):
    """What a candidate is worth, given its squared distance to the nearest centre."""

    def now(self, squared: Floats, rows: Ints, place: int) -> Floats:
        """Give (n,) the worth of some candidates as the pick at a place."""
        ...

    def at_most(self, bounds: Float32s, place: int) -> Floats:
        """Give (candidates,) what each is worth at most, at this place and all later ones."""
        ...


@dataclass
class _State:
    """What has been picked, and how far every candidate is at most from the nearest centre.

    Attributes:
        bounds: (candidates,) upper bounds of the squared distances.
        zero: where distances are measured from.
        picked: the candidates picked.
        scores: what each was worth.
    """

    pool: Pool
    bounds: Float32s
    zero: Float32s | None
    picked: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def rows(self, first: int = 0) -> Features:
        """Give the features of the picks from a place on."""
        return self.pool.gather(self.seqs(first))

    def seqs(self, first: int = 0) -> Ints:
        """Give their sequence numbers."""
        return self.pool.candidates[np.array(self.picked[first:], np.int64)]

    def lower(self, centres: Features, look: Look | None = None) -> None:
        """Read the pool once and lower the bounds by some centres."""
        prepared = Centres.of(centres, self.zero)

        def visit(piece: Piece) -> None:
            part = place_of(self.pool, piece)
            if look is not None:
                look(part, piece)
            # the few rows that may not be asked are measured too: to leave them out costs a copy
            found = prepared.bounds(piece.X)[piece.good]
            np.minimum(self.bounds[part], found, out=self.bounds[part])

        self.pool.scan(visit, width=WIDTH)


def pick(
    pool: Pool,
    centres: Features,
    worth: Worth,
    *,
    batch_size: int,
    salt: int,
    look: Look | None = None,
) -> Picks:
    """Pick the candidate that is worth most, again and again; each pick is a centre for the next.

    Args:
        pool: the candidates.
        centres: (m, d) the first centres, m at least 1.
        worth: must fall with the distance, and `at_most` must hold for all later places.
        batch_size: how many picks.
        salt: orders candidates that are worth the same.
        look: called with each piece in the first pass, before its distances are computed.

    Returns:
        min(batch_size, candidates) picks. They are those of the plain algorithm in float64. One
        exception: should more rows than are held lie within float32 rounding of the best, the
        best of those held is taken.
    """
    n = len(pool.candidates)
    zero = origin(pool.gather(pool.candidates[:: max(1, n // _SEEN)][:_SEEN]))
    state, first = _State(pool, np.full(n, np.inf, np.float32), zero), Nearest.of(centres, zero)
    state.lower(centres, look)
    while True:
        before = len(state.picked)
        _among_held(state, first, worth, batch_size=batch_size, salt=salt)
        if len(state.picked) >= min(batch_size, n):
            return Picks(state.seqs(), np.array(state.scores), np.ones(len(state.picked)), n)
        state.lower(state.rows(before))


def _among_held(state: _State, first: Nearest, worth: Worth, *, batch_size: int, salt: int) -> None:
    """Pick among the rows of the largest bounds while they are certain, and one in any case."""
    candidates, before = state.pool.candidates, len(state.picked)
    at_most = worth.at_most(state.bounds, before)
    at_most[np.array(state.picked, np.int64)] = -np.inf
    held, outside = _largest(at_most, _size(first.X.shape[1], batch_size))
    near = Nearest.of(state.pool.gather(candidates[held]), state.zero)
    near.meet(first)
    near.meet(Nearest.of(state.rows(), state.zero))
    order, open_ = keys(candidates[held], salt), np.isfinite(at_most[held])
    while len(state.picked) < batch_size and open_.any():
        place = len(state.picked)
        values = np.where(open_, worth.now(near.squared, held, place), -np.inf)
        best = values.max()
        if best < outside and place > before:
            break
        row = _first_of(values == best, order)
        near.meet_own(row)
        open_[row] = False
        state.picked.append(int(held[row]))
        state.scores.append(float(best))


def _first_of(tied: np.ndarray, order: np.ndarray) -> int:
    rows = np.flatnonzero(tied)
    return int(rows[order[rows].argmin()])


def _size(width: int, batch_size: int) -> int:
    return max(4 * batch_size, min(_MOST_HELD, _HELD_CELLS // width))


def _largest(values: Floats, size: int) -> tuple[Ints, float]:
    """Give the places of the largest values, and what no other value exceeds."""
    if size >= len(values):
        return np.arange(len(values)), -np.inf
    least = np.partition(values, len(values) - size)[-size]
    above = np.flatnonzero(values > least)
    tied = np.flatnonzero(values == least)[: size - len(above)]
    return np.sort(np.concatenate([above, tied])), float(least)
