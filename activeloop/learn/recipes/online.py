"""One that goes on learning: stochastic gradient steps, exactly resumable from its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.features.contract import checked_params
from activeloop.learn.recipes.contract import (
    Arrays,
    check_marks,
    check_training,
    recipe,
    varied,
)
from activeloop.learn.recipes.logistic import base_rates
from activeloop.learn.recipes.online_model import Frame, OnlineModel
from activeloop.learn.types import Features, Ints, Model, Targets
from activeloop.spec import Answer, Params

if TYPE_CHECKING:
    from sklearn.linear_model import SGDClassifier

DEFAULTS: Final = {"epochs": 20, "replay": 4.0, "step": 3.0, "alpha": 1e-5, "width": 2**14}


@recipe("online")
class OnlineRecipe:
    """Logistic regression by stochastic gradient steps (`partial_fit`).

    With a parent it takes steps on the new rows and a seeded sample of the old ones ("replay"),
    so that what it knew is not forgotten; without, it starts from nothing over all rows. Several
    labels are learned by a classifier for each class.
    """

    name = "online"
    incremental = True
    answers: tuple[Answer, ...] = ("one", "several")

    def __init__(self, params: Params) -> None:
        """Take `epochs`, `replay` (old rows per new one), `step`, `alpha` and `width`.

        Raises:
            Invalid: naming the parameter at fault.
        """
        self.params = checked_params(self.name, params, DEFAULTS)

    def fit(
        self,
        X: Features,
        y: Targets,
        n_classes: int,
        *,
        seed: int,
        committee: int = 0,
        parent: Model | None = None,
        new: NDArray[Any] | slice | None = None,
    ) -> OnlineModel:
        """Learn from all rows, or from the new ones on top of the parent; see `Recipe.fit`."""
        several = y.ndim == 2
        if several:
            check_marks(X, y.astype(np.bool_, copy=False), n_classes)
        else:
            check_training(X, y, n_classes)
        rng = np.random.default_rng(seed)
        if parent is None:
            frame, rows = self._frame(X), np.arange(len(y))
        else:
            self._check_parent(parent, n_classes, committee, several=several)
            frame, rows = parent.frame, self._replayed(len(y), new, rng)  # type: ignore[attr-defined]
        Z, truth = frame.rows(X[rows]), y[rows]
        if several:
            # what can be learned is told by all rows, not by those at hand
            return self._of_several(Z, truth, y, frame, parent, committee=committee, rng=rng)
        return self._of_one(Z, truth, n_classes, frame, parent, committee=committee, rng=rng)

    def _of_several(
        self,
        Z: Features,
        marks: Targets,
        every: Targets,
        frame: Frame,
        parent: Model | None,
        *,
        committee: int,
        rng: np.random.Generator,
    ) -> OnlineModel:
        present = varied(every.astype(np.bool_))
        learned = [
            self._marked(Z, marks, present, frame, parent, head=head, rng=rng)
            for head in range(committee + 1)
        ]
        base = base_rates(every.astype(np.bool_))
        base[present] = np.nan
        coef, offsets, steps = (np.stack(parts) for parts in zip(*learned, strict=True))
        return OnlineModel(every.shape[1], frame, coef, offsets, steps, base)

    def _of_one(
        self,
        Z: Features,
        y: Targets,
        n_classes: int,
        frame: Frame,
        parent: Model | None,
        *,
        committee: int,
        rng: np.random.Generator,
    ) -> OnlineModel:
        learned = [
            self._steps(
                Z,
                y,
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
        base = arrays["base"] if manifest.get("several") else None
        rows = 1 if classes == 2 and base is None else classes
        if base is not None and base.shape != (classes,):
            raise ValueError(f"base rates of shape {base.shape} do not fit")
        if coef.shape[1:] != (rows, frame.width):
            raise ValueError(f"weights of shape {coef.shape} do not fit")
        return OnlineModel(classes, frame, coef, arrays["offsets"], arrays["steps"], base)

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

    def _check_parent(
        self, parent: Model, n_classes: int, committee: int, *, several: bool
    ) -> None:
        if not isinstance(parent, OnlineModel) or parent.several != several:
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
        learner = self._fresh()
        if isinstance(parent, OnlineModel):
            learner.coef_ = parent.coef[head].copy()
            learner.intercept_ = parent.offsets[head].copy()
            learner.t_ = float(parent.steps[head])
            learner.classes_ = np.arange(n_classes)
            learner.n_features_in_ = frame.width
        return learner

    def _fresh(self) -> SGDClassifier:
        from sklearn.linear_model import SGDClassifier

        return SGDClassifier(
            loss="log_loss",
            alpha=float(self.params["alpha"]),
            learning_rate="constant",
            eta0=float(self.params["step"]),
            shuffle=False,
        )

    def _marked(
        self,
        Z: Features,
        marks: Targets,
        present: Ints,
        frame: Frame,
        parent: Model | None,
        *,
        head: int,
        rng: np.random.Generator,
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Take the steps of one classifier per class; give their (C, width), (C,) and (C,) state.

        A class that cannot be learned keeps what the parent has, or zeros.
        """
        classes = marks.shape[1]
        coef, offsets = np.zeros((classes, frame.width), Z.dtype), np.zeros(classes, Z.dtype)
        steps = np.ones(classes)
        if isinstance(parent, OnlineModel):
            coef, offsets, steps = (
                each[head].copy() for each in (parent.coef, parent.offsets, parent.steps)
            )
        learners = [self._fresh() for _ in present]
        for learner, c in zip(learners, present.tolist(), strict=True):
            learner.coef_, learner.intercept_ = coef[c : c + 1].copy(), offsets[c : c + 1].copy()
            learner.t_, learner.classes_ = float(steps[c]), np.arange(2)
            learner.n_features_in_ = frame.width
        weights = rng.exponential(size=len(marks)) if head else None
        for epoch in range(int(self.params["epochs"])):
            order = rng.permutation(len(marks))
            rows, some = Z[order], None if weights is None else weights[order]
            for learner, c in zip(learners, present.tolist(), strict=True):
                learner.set_params(eta0=float(self.params["step"]) / (1 + epoch / 2))
                told = marks[order, c].astype(np.int64)
                learner.partial_fit(rows, told, classes=np.arange(2), sample_weight=some)
        for learner, c in zip(learners, present.tolist(), strict=True):
            coef[c], offsets[c], steps[c] = learner.coef_[0], learner.intercept_[0], learner.t_
        return coef, offsets, steps

    def _steps(
        self,
        Z: Features,
        y: Targets,
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
