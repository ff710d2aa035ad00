"""The ensemble: a random forest, trained by scikit-learn, kept and walked as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.features.contract import checked_params
from activeloop.learn.recipes.contract import Arrays, check_marks, check_training, recipe
from activeloop.learn.recipes.logistic import base_rates
from activeloop.learn.recipes.trees import Trees, flatten, restore_trees
from activeloop.learn.types import Features, Float32s, Model, Targets
from activeloop.spec import Answer, Params

DEFAULTS: Final = {"trees": 160, "columns": 2000}
MEMBERS: Final = 8
DENSIFIED: Final = 2048


@dataclass(frozen=True, eq=False)
class ForestModel:
    """A forest; its trees, in eight groups, are its committee. A class unseen gets 0.

    Attributes:
        base: (n_classes,) the rate of each class that could not be learned, NaN for the others;
            None for a model of one label.
    """

    n_classes: int
    width: int
    columns: NDArray[np.int32] | None
    trees: Trees
    base: NDArray[np.float32] | None = None
    recipe: str = "forest"

    @property
    def several(self) -> bool:
        """Whether each class has a probability by itself."""
        return self.base is not None

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) probabilities: the leaves' shares, averaged over the trees."""
        return np.asarray(self._proba(X, 1)[0])

    def committee_proba(self, X: Features) -> Float32s:
        """Give (k, n, n_classes) probabilities of groups of trees; always there."""
        return self._proba(X, min(MEMBERS, len(self.trees.roots)))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give manifest and arrays; `ForestRecipe.restore` takes them back."""
        arrays = self.trees.arrays()
        if self.columns is not None:
            arrays["columns"] = self.columns
        manifest = {"n_classes": self.n_classes, "width": self.width}
        if self.base is None:
            return manifest, arrays
        return manifest | {"several": True}, arrays | {"base": self.base}

    def _proba(self, X: Features, groups: int) -> Float32s:
        if X.shape[1] != self.width:
            raise Invalid(f"The model wants rows of {self.width} columns, got {X.shape[1]}.")
        if not X.shape[0]:
            return np.empty((groups, 0, self.n_classes), np.float32)
        # In parts: the chosen columns of a sparse block would be gigabytes when dense.
        parts = [
            self.trees.mean_proba(_dense(X[at : at + DENSIFIED], self.columns), groups)
            for at in range(0, X.shape[0], DENSIFIED)
        ]
        proba = np.concatenate(parts, axis=1)
        if self.base is not None:
            unlearned = ~np.isnan(self.base)
            proba[..., unlearned] = self.base[unlearned]
        return proba


@recipe("forest")
class ForestRecipe:
    """A random forest. Of sparse rows it sees only the commonest columns (2,000 by default).

    Several labels are learned by the same trees: a leaf holds a share for each class.

    Source:
        Breiman (2001), "Random forests".
    """

    name = "forest"
    incremental = False
    answers: tuple[Answer, ...] = ("one", "several")

    def __init__(self, params: Params) -> None:
        """Take `trees` and `columns` (the most sparse columns it looks at).

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
    ) -> ForestModel:
        """Learn from all labelled rows; see `Recipe.fit`. The committee comes with the trees."""
        from sklearn.ensemble import RandomForestClassifier

        marks = y.astype(np.bool_, copy=False) if y.ndim == 2 else None
        if marks is None:
            present = check_training(X, y, n_classes)
            aims = np.searchsorted(present, y)
        else:
            present = check_marks(X, marks, n_classes)
            aims = marks[:, present].astype(np.int64)
        columns = None if isinstance(X, np.ndarray) else _commonest(X, int(self.params["columns"]))
        forest = RandomForestClassifier(
            n_estimators=int(self.params["trees"]), random_state=seed % 2**32, n_jobs=1
        )
        forest.fit(_dense(X, columns), aims.ravel() if aims.shape[1:] == (1,) else aims)
        trees = flatten(forest.estimators_, present, n_classes, several=marks is not None)
        if marks is None:
            return ForestModel(n_classes, X.shape[1], columns, trees)
        base = base_rates(marks)
        base[present] = np.nan
        return ForestModel(n_classes, X.shape[1], columns, trees, base)

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Arrays) -> ForestModel:
        """Rebuild a model from its state; its predictions are identical."""
        columns, classes = arrays.get("columns"), int(manifest["n_classes"])
        seen = int(manifest["width"]) if columns is None else len(columns)
        trees = restore_trees(arrays, seen, classes)
        base = arrays["base"] if manifest.get("several") else None
        if base is not None and base.shape != (classes,):
            raise ValueError(f"base rates of shape {base.shape} do not fit")
        return ForestModel(classes, int(manifest["width"]), columns, trees, base)


def _commonest(X: Any, most: int) -> NDArray[np.int32]:
    frequency = np.bincount(X.indices, minlength=X.shape[1])
    order = np.argsort(-frequency, kind="stable")[:most]
    return np.sort(order[frequency[order] > 0]).astype(np.int32)


def _dense(X: Features, columns: NDArray[np.int32] | None) -> Float32s:
    if isinstance(X, np.ndarray):
        return np.asarray(X if columns is None else X[:, columns], np.float32)
    return np.asarray((X if columns is None else X[:, columns]).toarray(), np.float32)
