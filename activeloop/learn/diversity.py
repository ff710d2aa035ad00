"""Spread a batch over the best candidates: BADGE's k-means++ on gradient embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from activeloop.learn.projection import standardised
from activeloop.learn.types import Features, Floats, Ints

_SAME = 1e-9


@dataclass(frozen=True)
class Spread:
    """A diverse choice.

    Attributes:
        rows: (b,) the chosen rows, in the order in which they were drawn.
        probabilities: (b,) with which probability each was drawn from the rows remaining.
        scores: (n,) what each of all rows is worth, when the choice found that out itself.
    """

    rows: Ints
    probabilities: Floats
    scores: Floats | None = None

    @classmethod
    def none(cls) -> Spread:
        """Choose nothing: the order by score stays as it is."""
        return cls(np.zeros(0, np.int64), np.zeros(0))


def badge(X: Features, proba: Floats, *, batch_size: int, rng: np.random.Generator) -> Spread:
    """Draw a batch by k-means++ on the gradient embeddings (p - e_yhat) (x) [x, 1].

    The first is the largest gradient; each next one is drawn with probability proportional to
    its squared distance to the nearest already drawn, so two equal rows are not both drawn
    while there is another. A distance factors as
    |r_i|^2 |x_i|^2 + |r_j|^2 |x_j|^2 - 2 (r_i . r_j)(x_i . x_j): the n x C x d embedding is
    never built.

    Args:
        X: (n, d) features of the shortlist, best first.
        proba: (n, C) the model's probabilities.
        batch_size: how many to draw; at most n are.
        rng: draws.

    Returns:
        min(batch_size, n) rows.

    Source:
        Ash et al. (2020), Deep batch active learning by diverse, uncertain gradient lower bounds.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.], [0.], [5.]], np.float32)
        >>> proba = np.array([[.5, .5], [.5, .5], [.6, .4]])
        >>> drawn = badge(X, proba, batch_size=2, rng=np.random.default_rng(0)).rows.tolist()
        >>> 2 in drawn
        True
    """
    residuals = np.array(proba, np.float64)
    residuals[np.arange(len(residuals)), residuals.argmax(axis=1)] -= 1
    return by_residuals(X, residuals, batch_size=batch_size, rng=rng)


def by_residuals(
    X: Features, residuals: Floats, *, batch_size: int, rng: np.random.Generator
) -> Spread:
    """Draw a batch by k-means++ on the gradient embeddings r (x) [x, 1].

    Args:
        X: (n, d) features of the shortlist, best first.
        residuals: (n, C) float64, what the loss's slope by the scores of the classes is.
        batch_size: how many to draw; at most n are.
        rng: draws.

    Returns:
        min(batch_size, n) rows.
    """
    gradients = _Gradients.of(X, residuals)
    n = len(gradients.norms)
    rows = np.empty(min(batch_size, n), np.int64)
    probabilities = np.ones(len(rows))
    nearest = np.full(n, np.inf)
    open_ = np.ones(n, bool)
    for place in range(len(rows)):
        rows[place], probabilities[place] = (
            _draw(nearest, open_, rng) if place else (int(gradients.norms.argmax()), 1.0)
        )
        open_[rows[place]] = False
        nearest = np.minimum(nearest, gradients.distances(int(rows[place])))
    return Spread(rows, probabilities)


def _draw(nearest: Floats, open_: np.ndarray, rng: np.random.Generator) -> tuple[int, float]:
    weights = np.where(open_, nearest, 0.0)
    total = weights.sum()
    if not total > 0:  # only copies of what was drawn are left: the best-scored goes next
        return int(open_.argmax()), 1.0
    shares = weights / total
    row = int(rng.choice(len(shares), p=shares))
    return row, float(shares[row])


@dataclass(frozen=True)
class _Gradients:
    residuals: Floats
    X: Floats | sp.csr_matrix
    norms: Floats

    @classmethod
    def of(cls, X: Features, residuals: Floats) -> _Gradients:
        if sp.issparse(X):
            rows = sp.csr_matrix(X, dtype=np.float64)
            squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
        else:
            rows = standardised(X).astype(np.float64)
            squares = np.einsum("ij,ij->i", rows, rows)
        norms = (residuals**2).sum(axis=1) * (squares + 1)
        return cls(residuals, rows, norms)

    def distances(self, j: int) -> Floats:
        """Squared distances of all rows to row j; exactly 0 where they are the same."""
        if sp.issparse(self.X):
            along = np.asarray((self.X @ self.X[j].T).todense()).ravel()
        else:
            along = self.X @ self.X[j]
        sums = self.norms + self.norms[j]
        squared: Floats = sums - 2 * (self.residuals @ self.residuals[j]) * (along + 1)
        squared[squared <= _SAME * sums] = 0  # what cancellation leaves between copies
        return squared
