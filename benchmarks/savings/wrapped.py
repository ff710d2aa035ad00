"""One of our models as a scikit-activeml classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skactiveml.base import SkactivemlClassifier

if TYPE_CHECKING:
    from activeloop.learn.types import Float32s, Floats
    from benchmarks.savings.situations import Situation


class Wrapped(SkactivemlClassifier):  # type: ignore[misc]
    """A fitted model that is asked by row numbers, so that rows may be of any kind.

    It gives probabilities and an embedding, as scikit-activeml's BADGE asks of a classifier.
    """

    def __init__(self, now: Situation) -> None:
        """Keep the pool and its model."""
        super().__init__(classes=np.arange(now.classes), random_state=0)
        self.now = now

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Wrapped:  # noqa: ARG002
        """Stay as it is: it was fitted before."""
        return self

    def predict_proba(self, X: Any) -> tuple[Floats, Float32s]:
        """Give (k, C) probabilities and (k, e) dense rows for (k, 1) row numbers.

        Raises:
            ValueError: when there is no model.
        """
        rows = np.asarray(X)[:, 0].astype(np.int64)
        if self.now.model is None:
            raise ValueError("There is no fitted model to ask.")
        return self.now.model.predict_proba(self.now.X[rows]), self.now.dense[rows]
