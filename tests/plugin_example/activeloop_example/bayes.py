"""A model recipe: scikit-learn's Gaussian naive Bayes, stored as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.naive_bayes import GaussianNB

from activeloop.errors import Invalid, Needs
from activeloop.learn.recipes.contract import check_training


@dataclass(frozen=True)
class BayesModel:
    """A fitted classifier, and which of the project's classes its columns stand for."""

    n_classes: int
    present: Any
    fitted: GaussianNB
    recipe: str = "example-bayes"

    def predict_proba(self, X: Any) -> Any:
        """Give (n, n_classes) probabilities; 0 for a class without a label."""
        proba = np.zeros((len(X), self.n_classes), np.float32)
        proba[:, self.present] = self.fitted.predict_proba(X)
        return proba

    def committee_proba(self, X: Any) -> Any:
        """Say that there is no committee."""
        raise Needs("The recipe 'example-bayes' trains no committee; choose 'linear' for one.")

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give all that `restore` needs: a JSON-able manifest, and arrays."""
        arrays = {"present": self.present, "means": self.fitted.theta_}
        arrays |= {"variances": self.fitted.var_, "priors": self.fitted.class_prior_}
        return {"n_classes": self.n_classes}, arrays


class BayesRecipe:
    """Gaussian naive Bayes on dense features."""

    name = "example-bayes"
    incremental = False

    def __init__(self, params: Mapping[str, Any]) -> None:
        """Take `smoothing`, the share of the largest variance that is added to all."""
        if unknown := set(params) - {"smoothing"}:
            raise Invalid(f"Recipe 'example-bayes' has no parameter {', '.join(unknown)}.")
        self.smoothing = float(params.get("smoothing", 1e-2))

    def fit(
        self, X: Any, y: Any, n_classes: int, *, seed: int, committee: int = 0,
        parent: Any = None, new: Any = None,
    ) -> BayesModel:  # fmt: skip
        """Learn from all labelled rows."""
        present = check_training(X, y, n_classes)  # CannotLearn with fewer than two classes
        if not isinstance(X, np.ndarray):
            raise Invalid("Recipe 'example-bayes' takes dense features only, not texts.")
        return BayesModel(n_classes, present, GaussianNB(var_smoothing=self.smoothing).fit(X, y))

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, Any]) -> BayesModel:
        """Rebuild the model; its predictions are identical."""
        fitted = GaussianNB()
        fitted.classes_ = arrays["present"]
        fitted.theta_, fitted.var_ = arrays["means"], arrays["variances"]
        fitted.class_prior_ = arrays["priors"]
        return BayesModel(manifest["n_classes"], arrays["present"], fitted)
