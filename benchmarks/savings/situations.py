"""What every picker is given, and dense rows for the geometry of peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from activeloop.learn.types import Features, Float32s, Ints, Model

DIMENSIONS = 64


@dataclass(frozen=True, eq=False)
class Situation:
    """A pool at one moment of a run.

    Attributes:
        X: (n, d) features of the whole pool.
        dense: (n, at most 64) the same rows projected, for peers whose geometry needs it.
        labelled: (m,) rows that have a label, in the order in which they were asked.
        y: (m,) their class indices.
        classes: how many classes there are.
        model: fitted to the labelled rows, or None while there is none.
        seed: of this choice; another one in every round.
    """

    X: Features
    dense: Float32s
    labelled: Ints
    y: Ints
    classes: int
    model: Model | None
    seed: int

    @property
    def rows(self) -> int:
        """How many rows the pool has."""
        return int(self.X.shape[0])

    @property
    def unlabelled(self) -> Ints:
        """(n - m,) rows without a label, in pool order."""
        return np.setdiff1d(np.arange(self.rows), self.labelled)


def project(X: Features, *, seed: int) -> Float32s:
    """Make rows dense and few-dimensional as a peer's user would.

    Sparse rows: inverse document frequency, latent semantic analysis to 64 dimensions, unit
    length. Dense rows wider than 64: principal components. Narrower ones stay as they are.

    Returns:
        (n, at most 64) float32.
    """
    from sklearn.decomposition import PCA, TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.preprocessing import normalize

    if isinstance(X, np.ndarray):
        if X.shape[1] <= DIMENSIONS:
            return X
        reduced = PCA(DIMENSIONS, svd_solver="randomized", random_state=seed).fit_transform(X)
        return np.asarray(reduced, np.float32)
    weighted = TfidfTransformer().fit_transform(X)
    found = TruncatedSVD(DIMENSIONS, random_state=seed).fit_transform(weighted)
    return np.asarray(normalize(found), np.float32)
