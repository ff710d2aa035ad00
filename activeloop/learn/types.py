"""The words of learning: arrays, blocks, models, and what a strategy may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.floating[Any]]
Float32s = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Features: TypeAlias = Float32s | csr_matrix
"""(n, d) float32: dense, or sparse in CSR form."""


@dataclass(frozen=True)
class Block:
    """A contiguous part of the pool: row i of `X` is the sample with sequence `start + i`."""

    start: int
    X: Features

    @property
    def rows(self) -> int:
        """How many samples the block holds."""
        return int(self.X.shape[0])


@runtime_checkable
class Model(Protocol):
    """A fitted model: probabilities out, and its whole state as JSON and arrays."""

    recipe: str
    n_classes: int

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) calibrated probabilities; each row sums to 1."""
        ...

    def committee_proba(self, X: Features) -> Float32s:
        """Give (k, n, n_classes) probabilities of the committee's members.

        Raises:
            Needs: when the model was trained without a committee.
        """
        ...

    def state(self) -> tuple[dict[str, Any], Mapping[str, NDArray[Any]]]:
        """Give the JSON-able manifest and the arrays from which the model is restored."""
        ...


@dataclass(frozen=True)
class View:
    """All that a query strategy may see of the candidates it scores.

    Attributes:
        X: (n, d) features of the candidates.
        proba: (n, C) the model's probabilities, or None before a model exists.
        committee: (k, n, C) the members' probabilities, or None without a committee.
        labelled_X: (m, d) features of the samples already labelled, or None.
        labelled_y: (m,) their class indices, or None.
        rng: the only source of randomness allowed.
    """

    X: Features
    proba: Floats | None
    committee: Floats | None
    labelled_X: Features | None
    labelled_y: Ints | None
    rng: np.random.Generator


@dataclass(frozen=True)
class Picks:
    """An ordered choice from the pool, best first.

    Attributes:
        seqs: (n,) sequence numbers of the chosen samples.
        scores: (n,) the strategy's score; higher is more worth asking.
        probabilities: (n,) with which probability each was drawn at its place from the
            candidates then remaining; 1 for a deterministic choice.
        scored: how many candidates were looked at.
    """

    seqs: Ints
    scores: Floats
    probabilities: Floats
    scored: int


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval and the number of labels behind it."""

    value: float
    low: float
    high: float
    n: int


Blocks = Iterable[Block]
