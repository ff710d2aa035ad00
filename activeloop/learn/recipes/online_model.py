"""What the online recipe learns: classifiers, one against the rest, over a frozen frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.errors import Invalid, Needs
from activeloop.learn.types import Features, Float32s


@dataclass(frozen=True, eq=False)
class Frame:
    """How features are brought to the learner; frozen at the first fit, so that weights last."""

    given: int
    width: int
    mean: NDArray[np.float32] | None
    scale: NDArray[np.float32]

    def rows(self, X: Features) -> Features:
        """Give (n, width) float32 rows: dense standardised, sparse with columns folded together.

        Raises:
            Invalid: when X has another width or form than at the first fit.
        """
        if X.shape[1] != self.given or isinstance(X, np.ndarray) != (self.mean is not None):
            raise Invalid(f"The model wants rows of {self.given} columns as trained.")
        if isinstance(X, np.ndarray):
            return np.asarray((X - np.asarray(self.mean)) * self.scale, np.float32)
        folded = csr_matrix((X.data, X.indices % self.width, X.indptr), (X.shape[0], self.width))
        folded.sum_duplicates()
        return folded


@dataclass(frozen=True, eq=False)
class OnlineModel:
    """k + 1 classifiers, one against the rest: the model first, then its committee.

    Attributes:
        coef: (k + 1, C, width) as the learner holds them.
        offsets: (k + 1, C).
        steps: (k + 1,) the learners' step counts, without which they could not go on; of several
            labels (k + 1, C).
        base: (C,) the rate of each class that could not be learned, NaN for the others; None for
            a model of one label.
    """

    n_classes: int
    frame: Frame
    coef: NDArray[Any]
    offsets: NDArray[Any]
    steps: NDArray[np.float64]
    base: NDArray[np.float32] | None = None
    recipe: str = "online"

    @property
    def several(self) -> bool:
        """Whether each class has a probability by itself."""
        return self.base is not None

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) probabilities; of one label they are brought to sum 1."""
        return np.asarray(self._proba(X, slice(0, 1))[0])

    def committee_proba(self, X: Features) -> Float32s:
        """Give (k, n, n_classes) probabilities of the members, by one matrix product.

        Raises:
            Needs: when the model was trained without a committee.
        """
        if len(self.coef) < 2:
            raise Needs("This model was trained without a committee; train one with members.")
        return self._proba(X, slice(1, None))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give manifest and arrays; `OnlineRecipe.restore` takes them back."""
        manifest = {
            "n_classes": self.n_classes,
            "given": self.frame.given,
            "width": self.frame.width,
        }
        arrays: dict[str, NDArray[Any]] = {
            "coef": self.coef,
            "offsets": self.offsets,
            "steps": self.steps,
            "scale": self.frame.scale,
        }
        if self.frame.mean is not None:
            arrays["mean"] = self.frame.mean
        if self.base is None:
            return manifest, arrays
        return manifest | {"several": True}, arrays | {"base": self.base}

    def _proba(self, X: Features, part: slice) -> Float32s:
        from scipy.special import expit

        chosen, shifts = self.coef[part], self.offsets[part]
        if self.n_classes == 2 and self.base is None:
            chosen = np.concatenate([-chosen, chosen], axis=1)
            shifts = np.concatenate([-shifts, shifts], axis=1)
        weights = np.asarray(chosen, np.float32).reshape(-1, chosen.shape[-1])
        offsets = np.asarray(shifts, np.float32).ravel()
        if isinstance(X, np.ndarray) and self.frame.mean is not None:
            # Standardising is folded into the weights: the pool is never copied.
            if X.shape[1] != self.frame.given:
                raise Invalid(f"The model wants rows of {self.frame.given} columns.")
            weights = weights * self.frame.scale
            offsets = offsets - weights @ self.frame.mean
            scores = np.asarray(X, np.float32) @ weights.T
        else:
            scores = self.frame.rows(X) @ weights.T
        scores = np.asarray(scores, np.float32) + offsets
        if self.base is not None:
            return self._by_class(expit(scores).reshape(X.shape[0], -1, self.n_classes), self.base)
        # Far out every class may be refused; the floor makes that "all alike", not 0 / 0.
        odds = np.maximum(expit(scores), np.float32(1e-12))
        odds = odds.reshape(X.shape[0], -1, self.n_classes)
        odds /= odds.sum(axis=-1, keepdims=True)
        return np.ascontiguousarray(odds.transpose(1, 0, 2))

    def _by_class(self, proba: Float32s, base: NDArray[np.float32]) -> Float32s:
        unlearned = ~np.isnan(base)
        proba[..., unlearned] = base[unlearned]
        return np.ascontiguousarray(proba.transpose(1, 0, 2))
