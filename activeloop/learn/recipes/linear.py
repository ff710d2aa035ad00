"""The default: logistic regression, calibrated; a committee when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid, Needs
from activeloop.learn.features.contract import checked_params
from activeloop.learn.recipes.contract import Arrays, check_training, recipe
from activeloop.learn.recipes.design import Design, prepare
from activeloop.learn.recipes.heads import Heads, heads_from, softmax, spread
from activeloop.learn.recipes.marks import LinearMarks, fit_marks, restored
from activeloop.learn.recipes.softmax import Fitted, calibrate, fit_softmax
from activeloop.learn.recipes.starting import before as taken
from activeloop.learn.recipes.starting import begin, check_known, members_near, stay_near
from activeloop.learn.types import Features, Float32s, Ints, Model, Targets
from activeloop.spec import Answer, Mode, Params

DEFAULTS: Final = {"C": 30.0, "idf": True, "class_weight": "none"}
WEIGHTS: Final = ("none", "balanced")


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Weights with centring, scaling, inverse document frequency and temperature folded in."""

    n_classes: int
    present: NDArray[np.int64]
    heads: Heads
    members: Heads | None
    facts: Mapping[str, Any]
    recipe: str = "linear"

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) calibrated probabilities; each row sums to 1."""
        return spread(softmax(self.heads.scores(X)), self.present, self.n_classes)

    def committee_proba(self, X: Features) -> Float32s:
        """Give (k, n, n_classes) probabilities of the members, by one matrix product.

        Raises:
            Needs: when the model was trained without a committee.
        """
        if self.members is None:
            raise Needs("This model was trained without a committee; train one with members.")
        scores = self.members.scores(X).reshape(self.members.count, -1, X.shape[0])
        return spread(softmax(scores), self.present, self.n_classes)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give manifest and arrays; `LinearRecipe.restore` takes them back."""
        count = self.members.count if self.members else 0
        manifest = {
            "n_classes": self.n_classes,
            "width": self.heads.width,
            "members": count,
            "facts": dict(self.facts),
        }
        arrays = {"present": self.present, **self.heads.arrays()}
        if self.members:
            arrays |= self.members.arrays("member_")
            arrays.pop("member_columns", None)
        return manifest, arrays


@recipe("linear")
class LinearRecipe:
    """Multinomial logistic regression (L-BFGS) with one temperature from held-out scores.

    Several labels are learned by one binary regression per class (`recipes.marks`). With a parent
    it begins where that ended ("warm"): the optimum does not depend on where it starts. With a
    parent and a pull it learns from the new rows only, and stays near the parent ("fine-tune").
    """

    name = "linear"
    incremental = False
    modes: tuple[Mode, ...] = ("full", "warm", "fine-tune")
    answers: tuple[Answer, ...] = ("one", "several")

    def __init__(self, params: Params) -> None:
        """Take `C` (inverse penalty), `idf` (weight sparse columns by rarity) and `class_weight`.

        By `balanced` all classes weigh the same in the fit; only of one label per sample.

        Raises:
            Invalid: naming the parameter at fault.
        """
        self.params = checked_params(self.name, params, DEFAULTS)
        if self.params["class_weight"] not in WEIGHTS:
            found, known = self.params["class_weight"], ", ".join(WEIGHTS)
            raise Invalid.field("params.class_weight", f"is {found!r}.", f"Known: {known}.")
        if self._balanced:
            self.answers = ("one",)

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
        pull: float | None = None,
    ) -> LinearModel | LinearMarks:
        """Learn from all labelled rows, or with a `pull` from the new ones; see `Recipe.fit`."""
        if y.ndim == 2:
            marks = y.astype(np.bool_, copy=False)
            return fit_marks(
                X,
                marks,
                n_classes,
                params=self.params,
                seed=seed,
                k=committee,
                parent=parent,
                new=new,
                pull=pull,
            )
        if parent is not None and pull is not None:
            return self._near(X, y, n_classes, parent, new=new, pull=pull, k=committee, seed=seed)
        present = check_training(X, y, n_classes)
        places = np.searchsorted(present, y).astype(np.int64)
        strength, rng = float(self.params["C"]), np.random.default_rng(seed)
        design = prepare(X, idf=bool(self.params["idf"]))
        balanced = self._balanced
        found = calibrate(design.Z, places, strength=strength, rng=rng, balanced=balanced)
        start = None
        if parent is not None:
            start = begin(design, taken(parent, X, n_classes, several=False), present)
        fitted = fit_softmax(design.Z, places, strength=strength, start=start, balanced=balanced)
        facts = {
            "temperature": found.temperature,
            "calibration": found.because,
            "converged": fitted.converged,
            "labels": len(y),
        }
        heads = _stack(design, [fitted], X.shape[1], found.temperature)
        members = None
        if committee:
            drawn = _bootstrap(
                design, places, fitted, strength=strength, k=committee, rng=rng, balanced=balanced
            )
            members = _stack(design, drawn, X.shape[1], found.temperature)
        return LinearModel(n_classes, present, heads, members, facts)

    @property
    def _balanced(self) -> bool:
        return bool(self.params["class_weight"] == "balanced")

    def _near(
        self,
        X: Features,
        y: Targets,
        n_classes: int,
        parent: Model,
        *,
        new: NDArray[Any] | slice | None,
        pull: float,
        k: int,
        seed: int,
    ) -> LinearModel:
        """Learn the new rows near the parent; each member learns some of them, drawn again."""
        present = check_training(X, y, n_classes)
        before = taken(parent, X, n_classes, several=False)
        check_known(before, present)
        design = prepare(X, idf=bool(self.params["idf"]))
        places = np.searchsorted(before.present, y).astype(np.int64)
        rows = np.zeros(len(y), np.bool_)
        rows[slice(None) if new is None else new] = True
        heads = stay_near(design, rows, X, places, before, pull=pull)
        facts = {
            "temperature": 1.0,
            "calibration": "that of the parent, whose calibrated scores it starts from",
            "converged": True,
            "labels": int(rows.sum()),
            "pull": pull,
        }
        members = members_near(
            design,
            rows,
            X,
            places,
            before,
            pull=pull,
            k=k,
            rng=np.random.default_rng(seed),
            members=getattr(parent, "members", None),
        )
        return LinearModel(n_classes, before.present, heads, members, facts)

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Arrays) -> LinearModel | LinearMarks:
        """Rebuild a model from its state; its predictions are identical."""
        if manifest.get("several"):
            return restored(manifest, arrays)
        count = int(manifest["members"])
        return LinearModel(
            int(manifest["n_classes"]),
            arrays["present"],
            heads_from(manifest, arrays, prefix="", count=1),
            heads_from(manifest, arrays, prefix="member_", count=count) if count else None,
            dict(manifest["facts"]),
        )


def _bootstrap(
    design: Design,
    y: Ints,
    start: Fitted,
    *,
    strength: float,
    k: int,
    rng: np.random.Generator,
    balanced: bool,
) -> list[Fitted]:
    """Fit k members on randomly weighted rows; no member ever loses a class.

    Source:
        Rubin (1981), "The Bayesian bootstrap".
    """
    weights = rng.exponential(size=(k, len(y))).astype(np.float32)
    return [
        fit_softmax(design.Z, y, strength=strength, weights=w, start=start, balanced=balanced)
        for w in weights
    ]


def _stack(design: Design, fitted: list[Fitted], width: int, temperature: float) -> Heads:
    coef = np.hstack([one.coef for one in fitted])
    offsets = np.concatenate([one.offsets for one in fitted])
    weights, shifted = design.unfold(coef / temperature, offsets / temperature)
    return Heads(width, design.columns, weights, shifted, len(fitted))
