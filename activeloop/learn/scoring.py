"""Score a pool chunk by chunk: what is computed on the way stays small at any pool size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from activeloop.errors import Invalid, Needs
from activeloop.learn.strategies import Strategy
from activeloop.learn.topk import rows_of
from activeloop.learn.types import Blocks, Bools, Features, Floats, Ints, Model, View

Eligible = Bools | Callable[[Ints], Bools]
Labelled = tuple[Features, Ints]
Progress = Callable[[int], None]

_CELLS = 1 << 20
_MEMBERS = 8


def chunks(
    blocks: Blocks,
    *,
    eligible: Eligible,
    width: int = 1,
    on_progress: Progress | None = None,
) -> Iterator[tuple[Ints, Features]]:
    """Go through the eligible rows of a pool.

    Args:
        blocks: the pool.
        eligible: mask by sequence number, or function from sequence numbers to booleans.
        width: how many numbers per row the caller will make of it.
        on_progress: told how many rows have been read so far.

    Yields:
        (n,) sequence numbers and (n, d) features, n at least 1.
    """
    read = 0
    for block in blocks:
        columns = 0 if sp.issparse(block.X) else block.X.shape[1]
        size = int(np.clip(_CELLS // max(64, width, columns), 64, 16_384))
        for first in range(0, block.rows, size):
            X = block.X[first : first + size]
            seqs = np.arange(X.shape[0], dtype=np.int64) + block.start + first
            read += len(seqs)
            good = eligible(seqs) if callable(eligible) else eligible[seqs]
            if good.all():
                yield seqs, X
            elif good.any():
                yield seqs[good], rows_of(X, good)
            if on_progress is not None:
                on_progress(read)


@dataclass(frozen=True)
class Scorer:
    """One strategy with its parameters, and all it may see.

    Raises:
        Needs: when the strategy lacks a model or labels.
    """

    strategy: Strategy
    params: Mapping[str, Any]
    model: Model | None
    labelled: Labelled | None
    seed: int

    def __post_init__(self) -> None:
        """Say so when something the strategy needs does not exist."""
        name, needs = self.strategy.name, set(self.strategy.needs)
        if self.model is None and needs & {"model", "committee"}:
            raise Needs(f"Strategy {name!r} needs a trained model, and there is none yet.")
        if "labelled" in needs and (self.labelled is None or not len(self.labelled[1])):
            raise Needs(f"Strategy {name!r} needs labelled samples, and there are none yet.")

    @property
    def width(self) -> int:
        """How many numbers scoring makes per row."""
        classes = self.model.n_classes if self.model is not None else 1
        return classes * (_MEMBERS if "committee" in self.strategy.needs else 1)

    def view(self, X: Features) -> View:
        """Make all that the strategy may see of these rows."""
        needs = self.strategy.needs
        known_X, known_y = self.labelled if self.labelled is not None else (None, None)
        model = self.model
        return View(
            X=X,
            proba=model.predict_proba(X) if model is not None and "model" in needs else None,
            committee=(
                model.committee_proba(X) if model is not None and "committee" in needs else None
            ),
            labelled_X=known_X,
            labelled_y=known_y,
            # the same at every chunk: a strategy may project at random, not score at random
            rng=np.random.default_rng(self.seed),
        )

    def score(self, X: Features) -> Floats:
        """Give (n,) scores.

        Raises:
            Invalid: when they are not one finite number per row.
        """
        scores = np.asarray(self.strategy.score(self.view(X), params=self.params))
        name = self.strategy.name
        if scores.shape != (X.shape[0],):
            raise Invalid(
                f"Strategy {name!r} gave scores of shape {scores.shape} for {X.shape[0]} rows; "
                "it must give one per row."
            )
        if scores.dtype.kind not in "fiub" or not np.isfinite(scores).all():
            raise Invalid(f"Strategy {name!r} gave scores that are not finite numbers.")
        return scores.astype(np.float64)
