"""The words of learning: arrays, blocks, models, and what a strategy may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
Targets: TypeAlias = Ints | Bools
"""What is to be learned of n samples: (n,) class indices when an answer is one class; (n, C) marks,
true where a sample is of a class, when an answer may be several."""


@dataclass
class Buffer:
    """Memory that is used again for each piece of a pool; one per thread."""

    held: Float32s = field(default_factory=lambda: np.empty(0, np.float32))

    def rows(self, n: int, width: int) -> Float32s:
        """Give room for n x width numbers; what was there before is overwritten."""
        if self.held.size < n * width:
            self.held = np.empty(n * width, np.float32)
        return self.held[: n * width].reshape(n, width)


class Source(Protocol):
    """A contiguous part of the pool, in memory or on disk, read piece by piece.

    Attributes:
        start: the sequence number of the first sample.
        rows: how many samples there are.
        width: how many columns a row has.
        sparse: whether rows come in CSR form.
    """

    @property
    def start(self) -> int:
        """The sequence number of the first sample."""
        ...

    @property
    def rows(self) -> int:
        """How many samples there are."""
        ...

    @property
    def width(self) -> int:
        """How many columns a row has."""
        ...

    @property
    def sparse(self) -> bool:
        """Whether rows come in CSR form."""
        ...

    def read(self, first: int, stop: int, buffer: Buffer) -> Features:
        """Give the rows [first, stop); valid until the next reading with the same buffer."""
        ...

    def take(self, rows: Ints) -> Features:
        """Copy some rows, in the order given."""
        ...


@dataclass(frozen=True)
class Block:
    """A Source in memory: row i of `X` is the sample with sequence `start + i`."""

    start: int
    X: Features

    @property
    def rows(self) -> int:
        """How many samples the block holds."""
        return int(self.X.shape[0])

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return int(self.X.shape[1])

    @property
    def sparse(self) -> bool:
        """Whether the rows are in CSR form."""
        return not isinstance(self.X, np.ndarray)

    def read(self, first: int, stop: int, buffer: Buffer) -> Features:
        """Give the rows [first, stop): a view of dense rows, in float32; a copy of sparse ones."""
        X = self.X[first:stop]
        if not isinstance(X, np.ndarray) or X.dtype == np.float32:
            return X
        room = buffer.rows(*X.shape)
        room[:] = X
        return room

    def take(self, rows: Ints) -> Features:
        """Copy some rows, in the order given."""
        taken = self.X[rows]
        return np.asarray(taken, np.float32) if isinstance(taken, np.ndarray) else taken


@runtime_checkable
class Model(Protocol):
    """A fitted model: probabilities out, and its whole state as JSON and arrays.

    A model that learned from marks has an attribute `several`, and it is true (`several` asks
    for it). Its probabilities are of each class by itself: a row need not sum to 1.
    """

    recipe: str
    n_classes: int

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) calibrated probabilities; each row sums to 1, unless `several`."""
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


def several(model: Model) -> bool:
    """Tell whether a model gives each class a probability by itself."""
    return bool(getattr(model, "several", False))


@dataclass(frozen=True)
class View:
    """All that a query strategy may see of the candidates it scores.

    Attributes:
        X: (n, d) features of the candidates.
        proba: (n, C) the model's probabilities, or None before a model exists.
        committee: (k, n, C) the members' probabilities, or None without a committee.
        labelled_X: (m, d) features of the samples already labelled, or None.
        labelled_y: (m,) their class indices, or their (m, C) marks, or None.
        rng: the only source of randomness allowed.
        targets: (t, d) features of a uniform sample of what may be asked, the same for every
            candidate, or None for a strategy that does not need it.
        target_proba: (t, C) the model's probabilities there, or None.
        target_committee: (k, t, C) the members' probabilities there, or None.

    The probabilities may lie in memory class by class: `proba.T` is then contiguous. Elementwise
    operations and sums over the last axis are fast on both layouts.
    """

    X: Features
    proba: Floats | None
    committee: Floats | None
    labelled_X: Features | None
    labelled_y: Targets | None
    rng: np.random.Generator
    targets: Features | None = None
    target_proba: Floats | None = None
    target_committee: Floats | None = None


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
