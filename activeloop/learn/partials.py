"""What one pass over a part of the pool leaves behind, and how parts become the whole."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Corrupt
from activeloop.learn import archive
from activeloop.learn.draw import Draw
from activeloop.learn.pool import Piece
from activeloop.learn.topk import Top
from activeloop.learn.types import Floats


@dataclass
class Partial:
    """The best of a part of the pool. Parts merged in any order are the whole, exactly.

    Attributes:
        best: as many as the ranking is long, by score.
        short: the shortlist, distinct; None for a strategy that draws or looks at everything.
        draw: the draw, for a strategy that does.
        scored: how many candidates were looked at.
    """

    best: Top
    short: Top | None = None
    draw: Draw | None = None
    scored: int = 0
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    def add(self, piece: Piece, scores: Floats) -> None:
        """Take in a piece's scores; several threads may do so at the same time.

        Args:
            piece: the piece.
            scores: (n,) finite scores of all its rows, eligible or not.
        """
        if self.draw is not None:
            self._draw(self.draw, piece, scores)
            return
        floor = min(top.threshold for top in (self.best, self.short) if top is not None)
        worth = np.flatnonzero(scores >= floor)
        worth = worth[piece.good[worth]]
        with self._lock:
            self.scored += int(np.count_nonzero(piece.good))
            if len(worth) == 0:
                return
            for top in (self.best, self.short):
                if top is not None:
                    top.add(piece.seqs, scores, piece.X, worth)

    def settle(self) -> Partial:
        """Bring the best in order; to be called after the last `add`."""
        self.best.settle()
        if self.short is not None:
            self.short.settle()
        if self.draw is not None:
            self.draw.settle()
        return self

    def merge(self, others: Sequence[Partial]) -> Partial:
        """Take over what was found in other parts of the pool, and give this one back."""
        for other in others:
            self.scored += other.scored
            self.best.merge(other.best)
            if self.short is not None and other.short is not None:
                self.short.merge(other.short)
            if self.draw is not None and other.draw is not None:
                self.draw.merge(other.draw)
        return self

    def _draw(self, draw: Draw, piece: Piece, scores: Floats) -> None:
        lot = draw.weighed(piece.seqs[piece.good], scores[piece.good])
        with self._lock:
            self.scored += int(np.count_nonzero(piece.good))
            draw.take(lot)


def dump(partial: Partial) -> bytes:
    """Write a partial result as bytes."""
    state: dict[str, Any] = {"scored": partial.scored}
    arrays: dict[str, NDArray[Any]] = {}
    for name, top in (("best", partial.best), ("short", partial.short)):
        if top is not None:
            state[name] = {"size": top.size, "salt": top.salt, "distinct": top.distinct}
            arrays |= {f"{name}_seqs": top.seqs, f"{name}_scores": top.scores}
            arrays[f"{name}_content"] = top.content
    if partial.draw is not None:
        draw = partial.draw
        state["draw"] = {
            "size": draw.size, "seed": draw.seed, "beta": draw.beta, "total": hex(draw.total),
        }  # fmt: skip
        arrays |= {"draw_seqs": draw.seqs, "draw_scores": draw.scores}
        arrays |= {"draw_weights": draw.weights, "draw_keys": draw.keys}
    return archive.pack({"what": "partial", "state": state}, arrays)


def load(data: bytes) -> Partial:
    """Read a partial result.

    Raises:
        Corrupt: when the bytes are damaged or hold something else.
    """
    manifest, arrays = archive.unpack(data, "partial")
    try:
        state = manifest["state"]
        return Partial(
            best=_top(state["best"], "best", arrays),
            short=_top(state["short"], "short", arrays) if "short" in state else None,
            draw=_drawn(state["draw"], arrays) if "draw" in state else None,
            scored=int(state["scored"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"The stored partial ranking cannot be read: {error!r}") from error


def _top(state: dict[str, Any], name: str, arrays: dict[str, NDArray[Any]]) -> Top:
    found = (arrays[f"{name}_seqs"], arrays[f"{name}_scores"], arrays[f"{name}_content"])
    return Top(int(state["size"]), int(state["salt"]), bool(state["distinct"]), *found)


def _drawn(state: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Draw:
    return Draw(
        int(state["size"]),
        int(state["seed"]),
        float(state["beta"]),
        arrays["draw_seqs"],
        arrays["draw_scores"],
        arrays["draw_weights"],
        arrays["draw_keys"],
        int(state["total"], 16),
    )
