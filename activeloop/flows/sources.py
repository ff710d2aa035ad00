"""The features of a pool as the engine reads them: stored blocks, up to a given sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from activeloop.flows import featurising
from activeloop.learn.types import Bools, Buffer, Features, Ints, Source
from activeloop.store.db import Session
from activeloop.wiring import Services


@dataclass(frozen=True)
class Cut:
    """The first rows of a source; the last block may have grown since a sweep began."""

    whole: Source
    rows: int

    @property
    def start(self) -> int:
        """The sequence number of the first sample."""
        return self.whole.start

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return self.whole.width

    @property
    def sparse(self) -> bool:
        """Whether rows come in CSR form."""
        return self.whole.sparse

    def read(self, first: int, stop: int, buffer: Buffer) -> Features:
        """Give the rows [first, stop)."""
        return self.whole.read(first, stop, buffer)

    def take(self, rows: Ints) -> Features:
        """Copy some rows, in the order given."""
        return self.whole.take(rows)


def opened(services: Services, session: Session, featurizer_id: int, samples: int) -> list[Source]:
    """Open the blocks that hold the first `samples` samples of a pool, in their order."""
    found: list[Source] = []
    for stored in featurising.open_blocks(services, session, featurizer_id):
        if stored.start >= samples:
            break
        block: Source = stored
        more = stored.start + stored.rows > samples
        found.append(Cut(block, samples - stored.start) if more else block)
    return found


def mask(samples: int, unavailable: Iterable[Sequence[int]]) -> Bools:
    """Give (samples,) booleans: what may be asked.

    Args:
        samples: how many there are.
        unavailable: the sequence numbers that are left out, in lots.
    """
    eligible = np.ones(samples, dtype=bool)
    for lot in unavailable:
        left_out = np.asarray(lot, dtype=np.int64)
        eligible[left_out[left_out < samples]] = False
    return eligible
