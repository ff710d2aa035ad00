"""The same pool, labels and models for everyone: in memory, or as the block files of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from activeloop.flows.blockfiles import StoredBlock, dump
from activeloop.learn import recipes
from activeloop.learn.types import Block, Bools, Float32s, Ints, Model, Source
from benchmarks.selection.cells import CLASSES, LABELLED, MEMBERS, Cell

BLOCK = 65_536


@dataclass(frozen=True)
class Pool:
    """What a task is done with.

    Attributes:
        X: (n, d) the pool in memory; empty when it is on disk only.
        sources: the same in blocks.
        known: (m, d) labelled rows, which are not in the pool.
        y: (m,) their classes.
        model: a linear model of the labelled rows, with a committee.
        whole: the labelled rows and the pool under them, for whom wants one array.
    """

    X: Float32s
    sources: Sequence[Source]
    known: Float32s
    y: Ints
    model: Model
    whole: Float32s

    @property
    def rows(self) -> int:
        """How many candidates there are."""
        return sum(source.rows for source in self.sources)

    @cached_property
    def eligible(self) -> Bools:
        """Say of every candidate that it may be asked."""
        return np.ones(self.rows, np.bool_)

    def first(self, rows: int) -> Pool:
        """Give a small pool of the first rows, for warming up."""
        few = np.ascontiguousarray(self.sources[0].take(np.arange(rows)))
        whole = np.concatenate([self.known, few])
        return Pool(few, [Block(0, few)], self.known, self.y, self.model, whole)

    def heads(self) -> tuple[Float32s, Float32s]:
        """Give the model's (d, C) weights and (C,) offsets."""
        arrays: Any = self.model.state()[1]
        return arrays["weights"], arrays["offsets"]

    def members(self) -> tuple[Float32s, Float32s]:
        """Give the committee's (d, k * C) weights and (k * C,) offsets."""
        arrays: Any = self.model.state()[1]
        return arrays["member_weights"], arrays["member_offsets"]


def make(cell: Cell, work: Path) -> Pool:
    """Make the pool of a cell; one on disk is written once and kept in `work`."""
    rng = np.random.default_rng(1)
    truth = rng.standard_normal((cell.width, CLASSES))
    known = rng.standard_normal((LABELLED, cell.width), dtype=np.float32)
    y = (known @ truth).argmax(axis=1).astype(np.int64)
    model = recipes.get("linear").fit(known, y, CLASSES, seed=0, committee=MEMBERS)
    if cell.who == "activeloop from disk":
        return Pool(known[:0], _stored(cell, work), known, y, model, known)
    whole = np.empty((LABELLED + cell.rows, cell.width), np.float32)
    whole[:LABELLED], X = known, whole[LABELLED:]
    np.random.default_rng(2).standard_normal(dtype=np.float32, out=X)
    blocks = [Block(at, X[at : at + BLOCK]) for at in range(0, cell.rows, BLOCK)]
    return Pool(X, blocks, known, y, model, whole)


def _stored(cell: Cell, work: Path) -> list[Source]:
    folder, blocks = work / f"{cell.rows}x{cell.width}", list[Source]()
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(0, cell.rows, BLOCK):
        rows, path = min(BLOCK, cell.rows - at), folder / f"{at}.npy"
        if not path.exists():
            rng = np.random.default_rng([2, at])
            path.write_bytes(dump(rng.standard_normal((rows, cell.width), dtype=np.float32)))
        blocks.append(StoredBlock(at, rows, path))
    return blocks
