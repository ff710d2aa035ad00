"""A task done by activeloop, through the function that ranks a project's queue."""

from __future__ import annotations

import numpy as np

from activeloop.learn import select
from activeloop.learn.types import Ints
from benchmarks.selection.cells import BEST, THREADS, Cell
from benchmarks.selection.pools import Pool


def run(cell: Cell, pool: Pool) -> Ints:
    """Give the rows that would be asked first."""
    return select.rank(
        pool.sources,
        pool.model,
        strategy=cell.task,
        params={},
        eligible=pool.eligible,
        labelled=(pool.known, pool.y),
        batch_size=BEST,
        length=BEST,
        rng=np.random.default_rng(0),
        threads=THREADS,
    ).seqs
