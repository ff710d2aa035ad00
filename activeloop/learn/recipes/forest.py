"""The ensemble: a random forest, trained by scikit-learn, kept and walked as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.features.contract import checked_params
from activeloop.learn.recipes.contract import Arrays, check_training, recipe
from activeloop.learn.recipes.trees import Trees, flatten, restore_trees
from activeloop.learn.types import Features, Float32s, Ints, Model
from activeloop.spec import Params

DEFAULTS: Final = {"trees": 160, "columns": 2000}
MEMBERS: Final = 8
DENSIFIED: Final = 2048


@dataclass(frozen=True, eq=False)
class ForestModel:
    """A forest; its trees, in eight groups, are its committee. A class unseen gets 0."""

    n_classes: int
    width: int
    columns: NDArray[np.int32] | None
    trees: Trees
    recipe: str = "forest"

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
        return {"n_classes": self.n_classes, "width": self.width}, arrays

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
        return np.concatenate(parts, axis=1)


@recipe("forest")
class ForestRecipe:
    """A random forest. Of sparse rows it sees only the commonest columns (2,000 by default).

    Source:
        Breiman (2001), "Random forests".
    """

    name = "forest"
    incremental = False

    def __init__(self, params: Params) -> None:
        """Take `trees` and `columns` (the most sparse columns it looks at).

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
    ) -> ForestModel:
        """Learn from all labelled rows; see `Recipe.fit`. The committee comes with the trees."""
        from sklearn.ensemble import RandomForestClassifier

        present = check_training(X, y, n_classes)
        columns = None if isinstance(X, np.ndarray) else _commonest(X, int(self.params["columns"]))
        forest = RandomForestClassifier(
            n_estimators=int(self.params["trees"]), random_state=seed % 2**32, n_jobs=1
        )
        forest.fit(_dense(X, columns), np.searchsorted(present, y))
        trees = flatten(forest.estimators_, present, n_classes)
        return ForestModel(n_classes, X.shape[1], columns, trees)

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Arrays) -> ForestModel:
        """Rebuild a model from its state; its predictions are identical."""
        columns, classes = arrays.get("columns"), int(manifest["n_classes"])
        seen = int(manifest["width"]) if columns is None else len(columns)
        trees = restore_trees(arrays, seen, classes)
        return ForestModel(classes, int(manifest["width"]), columns, trees)


def _commonest(X: Any, most: int) -> NDArray[np.int32]:
    frequency = np.bincount(X.indices, minlength=X.shape[1])
    order = np.argsort(-frequency, kind="stable")[:most]
    return np.sort(order[frequency[order] > 0]).astype(np.int32)


def _dense(X: Features, columns: NDArray[np.int32] | None) -> Float32s:
    if isinstance(X, np.ndarray):
        return np.asarray(X if columns is None else X[:, columns], np.float32)
    return np.asarray((X if columns is None else X[:, columns]).toarray(), np.float32)
