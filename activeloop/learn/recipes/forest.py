"""The ensemble: a random forest, trained by scikit-learn, kept and walked as plain arrays.

The share of the leaves that say a class is far from the chance that it is right: on handwritten
digits it is .3 too low. It is brought to that chance by one temperature, found on what the trees
that have not seen a row say of it (out of bag), which costs no held-out labels.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.features.contract import checked_params
from activeloop.learn.recipes import temperature
from activeloop.learn.recipes.contract import Arrays, check_marks, check_training, recipe
from activeloop.learn.recipes.logistic import base_rates
from activeloop.learn.recipes.temperature import Calibration
from activeloop.learn.recipes.trees import Trees, flatten, restore_trees
from activeloop.learn.types import Features, Float32s, Floats, Model, Targets
from activeloop.spec import Answer, Params

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

DEFAULTS: Final = {"trees": 160, "columns": 2000}
MEMBERS: Final = 8
FLOOR: Final = 1e-3
"""A share below this counts as this: no number of trees is a proof."""
DENSIFIED: Final = 2048


@dataclass(frozen=True, eq=False)
class ForestModel:
    """A forest; its trees, in eight groups, are its committee. A class unseen gets 0.

    Attributes:
        facts: `temperature` of the shares, and how it was found.
        base: (n_classes,) the rate of each class that could not be learned, NaN for the others;
            None for a model of one label.
    """

    n_classes: int
    width: int
    columns: NDArray[np.int32] | None
    trees: Trees
    facts: Mapping[str, Any]
    base: NDArray[np.float32] | None = None
    recipe: str = "forest"

    @property
    def several(self) -> bool:
        """Whether each class has a probability by itself."""
        return self.base is not None

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) probabilities: the trees' mean share, at the temperature."""
        return self._based(self._tempered(self._shares(X, 1)[0]))

    def committee_proba(self, X: Features) -> Float32s:
        """Give (k, n, n_classes) shares of groups of trees, as they are; always there.

        The temperature is that of all trees together; what tells in a committee is where its
        members differ.
        """
        return self._based(self._shares(X, min(MEMBERS, len(self.trees.roots))))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give manifest and arrays; `ForestRecipe.restore` takes them back."""
        arrays = self.trees.arrays()
        if self.columns is not None:
            arrays["columns"] = self.columns
        manifest = {"n_classes": self.n_classes, "width": self.width, "facts": dict(self.facts)}
        if self.base is None:
            return manifest, arrays
        return manifest | {"several": True}, arrays | {"base": self.base}

    def _shares(self, X: Features, groups: int) -> Float32s:
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

    def _tempered(self, shares: Float32s) -> Float32s:
        from scipy.special import expit, softmax

        spread = float(self.facts.get("temperature", 1.0))
        if spread == 1.0:
            return shares
        if self.several:
            return np.asarray(expit(_odds(shares) / spread), np.float32)
        scores = np.full(shares.shape, -np.inf)
        said = np.unique(self.trees.values.indices)
        scores[:, said] = _scores(shares[:, said]) / spread
        return np.asarray(softmax(scores, axis=1), np.float32)

    def _based(self, proba: Float32s) -> Float32s:
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
        marks = y.astype(np.bool_, copy=False) if y.ndim == 2 else None
        if marks is None:
            present = check_training(X, y, n_classes)
            aims = np.searchsorted(present, y)
        else:
            present = check_marks(X, marks, n_classes)
            aims = marks[:, present].astype(np.int64)
        columns = None if isinstance(X, np.ndarray) else _commonest(X, int(self.params["columns"]))
        aims = aims.ravel() if aims.shape[1:] == (1,) else aims
        forest = self._grown(_dense(X, columns), aims, seed)
        trees = flatten(forest.estimators_, present, n_classes, several=marks is not None)
        found = _calibration(forest.oob_decision_function_, aims, several=marks is not None)
        facts = {"temperature": found.temperature, "calibration": found.because}
        if marks is None:
            return ForestModel(n_classes, X.shape[1], columns, trees, facts)
        base = base_rates(marks)
        base[present] = np.nan
        return ForestModel(n_classes, X.shape[1], columns, trees, facts, base)

    def _grown(self, X: Float32s, aims: NDArray[np.int64], seed: int) -> RandomForestClassifier:
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(
            n_estimators=int(self.params["trees"]),
            random_state=seed % 2**32,
            n_jobs=1,
            oob_score=True,
        )
        with warnings.catch_warnings():
            # With a few trees some rows are in every bag; they are left out of the calibration.
            warnings.filterwarnings("ignore", message="Some inputs do not have OOB scores")
            # Early in a project nearly every label is of another class; that is no regression.
            warnings.filterwarnings("ignore", message="The number of unique classes")
            return forest.fit(X, aims)

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Arrays) -> ForestModel:
        """Rebuild a model from its state; its predictions are identical."""
        columns, classes = arrays.get("columns"), int(manifest["n_classes"])
        seen = int(manifest["width"]) if columns is None else len(columns)
        trees = restore_trees(arrays, seen, classes)
        base = arrays["base"] if manifest.get("several") else None
        if base is not None and base.shape != (classes,):
            raise ValueError(f"base rates of shape {base.shape} do not fit")
        facts = dict(manifest.get("facts") or {})
        return ForestModel(classes, int(manifest["width"]), columns, trees, facts, base)


def _calibration(
    shares: NDArray[np.float64], aims: NDArray[np.int64], *, several: bool
) -> Calibration:
    """Find the temperature on the shares of the trees that have not seen a row.

    Args:
        shares: (n, c) of each class that was learned; of several labels (n, 2, c) for and
            against, or (n, 2) where there is only one class to tell.
        aims: (n,) places of the classes, or (n, c) or (n,) whether each is there.
        several: whether each class is told by itself.
    """
    known = shares.reshape(len(shares), -1).sum(axis=1) > 0
    shares, aims = shares[known], aims[known]
    if not several:
        return temperature.found(_scores(shares), aims, rows=len(aims))
    told = shares[:, 1].reshape(len(aims), -1)
    return temperature.found(
        _odds(told).ravel(), aims.reshape(len(aims), -1).ravel() > 0, rows=len(aims)
    )


def _scores(shares: Floats) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(shares, FLOOR)), np.float64)


def _odds(shares: Floats) -> NDArray[np.float64]:
    from scipy.special import logit

    return np.asarray(logit(np.clip(np.asarray(shares, np.float64), FLOOR, 1 - FLOOR)))


def _commonest(X: Any, most: int) -> NDArray[np.int32]:
    frequency = np.bincount(X.indices, minlength=X.shape[1])
    order = np.argsort(-frequency, kind="stable")[:most]
    return np.sort(order[frequency[order] > 0]).astype(np.int32)


def _dense(X: Features, columns: NDArray[np.int32] | None) -> Float32s:
    if isinstance(X, np.ndarray):
        return np.asarray(X if columns is None else X[:, columns], np.float32)
    return np.asarray((X if columns is None else X[:, columns]).toarray(), np.float32)
