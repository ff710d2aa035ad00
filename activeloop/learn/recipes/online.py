"""One that goes on learning: stochastic gradient steps, exactly resumable from its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.errors import Invalid, Needs
from activeloop.learn.features.contract import checked_params
from activeloop.learn.recipes.contract import Arrays, check_training, recipe
from activeloop.learn.types import Features, Float32s, Ints, Model
from activeloop.spec import Params

if TYPE_CHECKING:
    from sklearn.linear_model import SGDClassifier

DEFAULTS: Final = {"epochs": 20, "replay": 4.0, "step": 3.0, "alpha": 1e-5, "width": 2**14}


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
        steps: (k + 1,) the learners' step counts, without which they could not go on.
    """

    n_classes: int
    frame: Frame
    coef: NDArray[Any]
    offsets: NDArray[Any]
    steps: NDArray[np.float64]
    recipe: str = "online"

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) probabilities: one-against-the-rest, brought to sum 1."""
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
        arrays = {
            "coef": self.coef,
            "offsets": self.offsets,
            "steps": self.steps,
            "scale": self.frame.scale,
        }
        mean = self.frame.mean
        return manifest, arrays if mean is None else {**arrays, "mean": mean}

    def _proba(self, X: Features, part: slice) -> Float32s:
        from scipy.special import expit

        chosen, shifts = self.coef[part], self.offsets[part]
        if self.n_classes == 2:
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
        # Far out every class may be refused; the floor makes that "all alike", not 0 / 0.
        odds = np.maximum(expit(scores), np.float32(1e-12))
        odds = odds.reshape(X.shape[0], -1, self.n_classes)
        odds /= odds.sum(axis=-1, keepdims=True)
        return np.ascontiguousarray(odds.transpose(1, 0, 2))


@recipe("online")
class OnlineRecipe:
    """Logistic regression by stochastic gradient steps (`partial_fit`).

    With a parent it takes steps on the new rows and a seeded sample of the old ones ("replay"),
    so that what it knew is not forgotten; without, it starts from nothing over all rows.
    """

    name = "online"
    incremental = True

    def __init__(self, params: Params) -> None:
        """Take `epochs`, `replay` (old rows per new one), `step`, `alpha` and `width`.

        Raises:
            Invalid: naming the parameter at fault.
        """
        self.params = checked_params(self.name, params, DEFAULTS)

    def fit(
        self,
        X: Features,
        y: Ints,
        n_classes: int,
        *,
        seed: int,
        committee: int = 0,
        parent: Model | None = None,
        new: NDArray[Any] | slice | None = None,
    ) -> OnlineModel:
        """Learn from all rows, or from the new ones on top of the parent; see `Recipe.fit`."""
        check_training(X, y, n_classes)
        rng = np.random.default_rng(seed)
        if parent is None:
            frame, rows = self._frame(X), np.arange(len(y))
        else:
            self._check_parent(parent, n_classes, committee)
            frame, rows = parent.frame, self._replayed(len(y), new, rng)  # type: ignore[attr-defined]
        Z, truth = frame.rows(X[rows]), y[rows]
        learned = [
            self._steps(
                Z,
                truth,
                self._learner(frame, n_classes, parent, head),
                n_classes,
                weighted=head > 0,
                rng=rng,
            )
            for head in range(committee + 1)
        ]
        return OnlineModel(
            n_classes,
            frame,
            np.stack([one.coef_ for one in learned]),
            np.stack([one.intercept_ for one in learned]),
            np.array([one.t_ for one in learned], np.float64),
        )

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Arrays) -> OnlineModel:
        """Rebuild a model from its state; it predicts, and goes on, identically."""
        frame = Frame(
            int(manifest["given"]), int(manifest["width"]), arrays.get("mean"), arrays["scale"]
        )
        classes, coef = int(manifest["n_classes"]), arrays["coef"]
        rows = 1 if classes == 2 else classes
        if coef.shape[1:] != (rows, frame.width):
            raise ValueError(f"weights of shape {coef.shape} do not fit")
        return OnlineModel(classes, frame, coef, arrays["offsets"], arrays["steps"])

    def _frame(self, X: Features) -> Frame:
        if not isinstance(X, np.ndarray):
            width = min(int(self.params["width"]), X.shape[1])
            return Frame(X.shape[1], width, None, np.ones(1, np.float32))
        spread = X.std(axis=0, dtype=np.float64)
        mean = X.mean(axis=0, dtype=np.float64)
        varies = spread > 1e-6 * np.maximum(1.0, np.abs(mean))
        # Rows of mean squared length 1, so that one step size suits every kind of feature.
        scale = np.where(varies, 1 / np.where(varies, spread, 1.0), 0) / np.sqrt(
            max(1, varies.sum())
        )
        return Frame(X.shape[1], X.shape[1], mean.astype(np.float32), scale.astype(np.float32))

    def _check_parent(self, parent: Model, n_classes: int, committee: int) -> None:
        if not isinstance(parent, OnlineModel):
            raise Invalid(f"Cannot go on from a {parent.recipe!r} model; train in full.")
        if parent.n_classes != n_classes:
            raise Invalid("The classes have changed since the parent; train in full.")
        if len(parent.coef) != committee + 1:
            raise Invalid("The parent's committee is of another size; train in full.")

    def _replayed(
        self, count: int, new: NDArray[Any] | slice | None, rng: np.random.Generator
    ) -> Ints:
        fresh = np.zeros(count, np.bool_)
        fresh[slice(None) if new is None else new] = True
        old, recent = np.flatnonzero(~fresh), np.flatnonzero(fresh)
        wanted = min(len(old), int(float(self.params["replay"]) * len(recent)))
        return np.concatenate([recent, rng.choice(old, wanted, replace=False)])

    def _learner(
        self, frame: Frame, n_classes: int, parent: Model | None, head: int
    ) -> SGDClassifier:
        from sklearn.linear_model import SGDClassifier

        learner = SGDClassifier(
            loss="log_loss",
            alpha=float(self.params["alpha"]),
            learning_rate="constant",
            eta0=float(self.params["step"]),
            shuffle=False,
        )
        if isinstance(parent, OnlineModel):
            learner.coef_ = parent.coef[head].copy()
            learner.intercept_ = parent.offsets[head].copy()
            learner.t_ = float(parent.steps[head])
            learner.classes_ = np.arange(n_classes)
            learner.n_features_in_ = frame.width
        return learner

    def _steps(
        self,
        Z: Features,
        y: Ints,
        learner: SGDClassifier,
        n_classes: int,
        *,
        weighted: bool,
        rng: np.random.Generator,
    ) -> SGDClassifier:
        known = np.arange(n_classes)
        weights = rng.exponential(size=len(y)) if weighted else None
        for epoch in range(int(self.params["epochs"])):
            # Shrinking over the epochs: the last few rows seen must not decide where it stops.
            learner.set_params(eta0=float(self.params["step"]) / (1 + epoch / 2))
            order = rng.permutation(len(y))
            some = None if weights is None else weights[order]
            learner.partial_fit(Z[order], y[order], classes=known, sample_weight=some)
        return learner
