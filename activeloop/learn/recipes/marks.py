"""Several labels by the linear recipe: one logistic regression per class over the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Needs
from activeloop.learn.recipes.contract import Arrays, check_marks
from activeloop.learn.recipes.design import Design, prepare
from activeloop.learn.recipes.heads import Heads, heads_from
from activeloop.learn.recipes.logistic import base_rates, calibrate, fit_logistic
from activeloop.learn.recipes.softmax import Fitted
from activeloop.learn.recipes.starting import before as taken
from activeloop.learn.recipes.starting import begin, check_known, members_near, stay_near
from activeloop.learn.types import Bools, Features, Float32s, Model


@dataclass(frozen=True, eq=False)
class LinearMarks:
    """Weights for the classes that could be learned, and a base rate for each of the others."""

    n_classes: int
    present: NDArray[np.int64]
    base: NDArray[np.float32]
    heads: Heads
    members: Heads | None
    facts: Mapping[str, Any]
    recipe: str = "linear"
    several: bool = True

    def predict_proba(self, X: Features) -> Float32s:
        """Give (n, n_classes) calibrated probabilities, each class's by itself."""
        return self._proba(self.heads.scores(X))

    def committee_proba(self, X: Features) -> Float32s:
        """Give (k, n, n_classes) probabilities of the members, by one matrix product.

        Raises:
            Needs: when the model was trained without a committee.
        """
        if self.members is None:
            raise Needs("This model was trained without a committee; train one with members.")
        return self._proba(self.members.scores(X).reshape(self.members.count, -1, X.shape[0]))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give manifest and arrays; `restored` takes them back."""
        manifest = {
            "several": True,
            "n_classes": self.n_classes,
            "width": self.heads.width,
            "members": self.members.count if self.members else 0,
            "facts": dict(self.facts),
        }
        arrays: dict[str, NDArray[Any]] = {"present": self.present, "base": self.base}
        arrays |= self.heads.arrays()
        if self.members:
            arrays |= self.members.arrays("member_")
            arrays.pop("member_columns", None)
        return manifest, arrays

    def _proba(self, scores: Float32s) -> Float32s:
        """Place (..., c, n) scores as probabilities among all classes, class by class in memory."""
        from scipy.special import expit

        expit(scores, out=scores)
        if len(self.present) == self.n_classes:
            return scores.swapaxes(-1, -2)
        full = np.empty((*scores.shape[:-2], self.n_classes, scores.shape[-1]), np.float32)
        full[:] = self.base[:, None]
        full[..., self.present, :] = scores
        return full.swapaxes(-1, -2)


def fit_marks(  # noqa: PLR0913 - what decides a model is in one call
    X: Features,
    marks: Bools,
    n_classes: int,
    *,
    params: Mapping[str, Any],
    seed: int,
    k: int,
    parent: Model | None = None,
    new: NDArray[Any] | slice | None = None,
    pull: float | None = None,
) -> LinearMarks:
    """Learn each class by itself; k members are drawn as for one label.

    Args:
        X: (n, d) rows.
        marks: (n, n_classes) which row is of which class.
        n_classes: how many classes the project has.
        params: the recipe's, settled.
        seed: the only source of randomness.
        k: members to train beside the model; 0 for none.
        parent: where to begin, or, with a pull, what to stay near.
        new: the rows the parent has not seen; only these are learned near it.
        pull: lambda of fine-tuning.
    """
    present = check_marks(X, marks, n_classes)
    if parent is not None and pull is not None:
        return _near(X, marks, parent, params=params, seed=seed, k=k, new=new, pull=pull)
    seen, strength, rng = marks[:, present], float(params["C"]), np.random.default_rng(seed)
    design = prepare(X, idf=bool(params["idf"]))
    found = calibrate(design.Z, seen, strength=strength, rng=rng)
    start = None
    if parent is not None:
        start = begin(design, taken(parent, X, n_classes, several=True), present)
    fitted = fit_logistic(design.Z, seen, strength=strength, start=start)
    facts = {
        "temperature": found.temperature,
        "calibration": found.because,
        "converged": fitted.converged,
        "labels": len(marks),
        "base_rates": sorted(set(range(n_classes)) - set(present.tolist())),
    }
    heads = _stack(design, [fitted], X.shape[1], found.temperature)
    members = None
    if k:
        drawn = _bootstrap(design, seen, fitted, strength=strength, k=k, rng=rng)
        members = _stack(design, drawn, X.shape[1], found.temperature)
    return LinearMarks(n_classes, present, base_rates(marks), heads, members, facts)


def _near(
    X: Features,
    marks: Bools,
    parent: Model,
    *,
    params: Mapping[str, Any],
    seed: int,
    k: int,
    new: NDArray[Any] | slice | None,
    pull: float,
) -> LinearMarks:
    """Learn the new rows near the parent; what it tells by a base rate stays so."""
    classes = marks.shape[1]
    before = taken(parent, X, classes, several=True)
    check_known(before, check_marks(X, marks, classes))
    design, aims = prepare(X, idf=bool(params["idf"])), marks[:, before.present]
    rows = np.zeros(len(marks), np.bool_)
    rows[slice(None) if new is None else new] = True
    facts = {
        "temperature": 1.0,
        "calibration": "that of the parent, whose calibrated scores it starts from",
        "converged": True,
        "labels": int(rows.sum()),
        "pull": pull,
        "base_rates": sorted(set(range(classes)) - set(before.present.tolist())),
    }
    heads = stay_near(design, rows, X, aims, before, pull=pull)
    members = members_near(
        design,
        rows,
        X,
        aims,
        before,
        pull=pull,
        k=k,
        rng=np.random.default_rng(seed),
        members=getattr(parent, "members", None),
    )
    base = np.asarray(getattr(parent, "base"), np.float32)  # noqa: B009 - a LinearMarks, checked
    return LinearMarks(classes, before.present, base, heads, members, facts)


def restored(manifest: Mapping[str, Any], arrays: Arrays) -> LinearMarks:
    """Rebuild a model from its state; its predictions are identical."""
    count, classes, base = int(manifest["members"]), int(manifest["n_classes"]), arrays["base"]
    if base.shape != (classes,):
        raise ValueError(f"base rates of shape {base.shape} do not fit")
    return LinearMarks(
        classes,
        arrays["present"],
        base,
        heads_from(manifest, arrays, prefix="", count=1),
        heads_from(manifest, arrays, prefix="member_", count=count) if count else None,
        dict(manifest["facts"]),
    )


def _bootstrap(
    design: Design,
    marks: Bools,
    start: Fitted,
    *,
    strength: float,
    k: int,
    rng: np.random.Generator,
) -> list[Fitted]:
    """Fit k members on randomly weighted rows; no member ever loses a class (Rubin, 1981)."""
    weights = rng.exponential(size=(k, len(marks))).astype(np.float32)
    return [
        fit_logistic(design.Z, marks, strength=strength, weights=each, start=start)
        for each in weights
    ]


def _stack(design: Design, fitted: list[Fitted], width: int, temperature: float) -> Heads:
    coef = np.hstack([one.coef for one in fitted])
    offsets = np.concatenate([one.offsets for one in fitted])
    weights, shifted = design.unfold(coef / temperature, offsets / temperature)
    return Heads(width, design.columns, weights, shifted, len(fitted))
