"""What modAL's functions are given for a learner or a committee, and our model as an estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from activeloop.learn.types import Features, Floats, Ints, Model

Predict = Callable[[Any], Floats]
Fit = Callable[[Features, Ints], Model]


class Learner:
    """As much of a modAL ActiveLearner as a query function may use: it predicts, and cannot learn.

    Attributes:
        classes_: (C,) class indices.
        X_training: features of what is labelled, or None.
        y_training: their class indices, or None.
        estimator: itself: query functions reach through it for the same methods.
    """

    on_transformed = False
    force_all_finite = True

    def __init__(
        self,
        predict: Predict,
        n_classes: int,
        X_training: Features | None = None,
        y_training: Ints | None = None,
    ) -> None:
        """Keep how to predict and what is labelled."""
        self._predict = predict
        self.classes_ = np.arange(n_classes)
        self.X_training = X_training
        self.y_training = y_training

    @property
    def estimator(self) -> Learner:
        """Give the estimator, which is the learner itself."""
        return self

    def predict_proba(self, X: Features) -> Floats:
        """Give (n, C) probabilities, float64 as modAL expects of scikit-learn."""
        return np.asarray(self._predict(X), np.float64)

    def predict(self, X: Features) -> Ints:
        """Give the (n,) likeliest classes."""
        return np.asarray(self.predict_proba(X).argmax(axis=1), np.int64)

    def transform_without_estimating(self, X: Features) -> Features:
        """Give the features as they are: ours are made before the model sees them."""
        return X


class Committee(Learner):
    """As much of a modAL Committee as a query function may use.

    Unlike modAL's own, it knows what is labelled.
    """

    def __init__(
        self,
        predict: Predict,
        n_classes: int,
        members: int,
        X_training: Features | None = None,
        y_training: Ints | None = None,
    ) -> None:
        """Keep how the members predict, (k, n, C), and how many they are."""
        super().__init__(predict, n_classes, X_training, y_training)
        self.n_classes_ = n_classes
        self.learner_list = [
            Learner(partial(self._member, place), n_classes) for place in range(members)
        ]

    def __len__(self) -> int:
        """Give the number of members."""
        return len(self.learner_list)

    def __iter__(self) -> Iterator[Learner]:
        """Go through the members."""
        return iter(self.learner_list)

    def _member(self, place: int, X: Features) -> Floats:
        return np.asarray(self._predict(X)[place])

    def vote_proba(self, X: Features) -> Floats:
        """Give (n, k, C) probabilities of the members."""
        return np.asarray(self._predict(X), np.float64).transpose(1, 0, 2)

    def vote(self, X: Features) -> Ints:
        """Give the (n, k) classes that the members vote for."""
        return np.asarray(self.vote_proba(X).argmax(axis=2), np.int64)

    def predict_proba(self, X: Features) -> Floats:
        """Give the (n, C) mean of the members."""
        return np.asarray(self.vote_proba(X).mean(axis=1))


class Estimator(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One of our models as a fitted scikit-learn classifier that can be fitted again.

    Attributes:
        model: the model that predicts; `fit` puts another in its place.
        classes_: (C,) what the classes are called.
    """

    def __init__(self, model: Model, fit_model: Fit, classes: Sequence[Any] | None = None) -> None:
        """Take a fitted model, how to fit another, and the classes' names (else indices)."""
        self.model = model
        self.fit_model = fit_model
        self.classes = classes

    @property
    def classes_(self) -> np.ndarray:
        """Give the classes' names, or their indices."""
        return np.asarray(self.classes if self.classes is not None else range(self.model.n_classes))

    def fit(self, X: Features, y: Any) -> Estimator:
        """Fit a new model to everything given.

        Raises:
            ValueError: for a label that is none of the classes.
        """
        names = self.classes_.tolist()
        index = {name: place for place, name in enumerate(names)}
        unknown = sorted({str(label) for label in np.asarray(y).tolist() if label not in index})
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not among the classes {names}")
        indices = np.array([index[label] for label in np.asarray(y).tolist()], np.int64)
        self.model = self.fit_model(X.astype(np.float32), indices)
        return self

    def predict_proba(self, X: Features) -> Floats:
        """Give (n, C) probabilities in the order of `classes_`."""
        return self.model.predict_proba(X.astype(np.float32))

    def predict(self, X: Features) -> np.ndarray:
        """Give the (n,) likeliest classes by name."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])
