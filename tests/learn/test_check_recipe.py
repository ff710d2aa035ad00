"""The public conformance check of recipes passes ours and finds each kind of broken one."""

# ruff: noqa: ARG002, ARG005 - every recipe has the same signature

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from activeloop.errors import CannotLearn, Invalid, Needs
from activeloop.learn import recipes
from activeloop.learn.recipes.contract import check_training
from activeloop.testing import Broken, check_recipe

SMALL: dict[str, dict[str, Any]] = {"forest": {"trees": 12}, "online": {"epochs": 5}}


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_keeps_the_laws(name: str) -> None:
    check_recipe(name, params=SMALL.get(name))


class Nearest:
    """The nearest class mean: a model small enough to be broken in one place at a time."""

    recipe = "nearest"

    def __init__(self, means: Any, present: Any, n_classes: int, seed: int) -> None:
        self.means, self.present, self.n_classes, self.seed = means, present, n_classes, seed

    def predict_proba(self, X: Any) -> Any:
        return self._proba(X, self.means)

    def committee_proba(self, X: Any) -> Any:
        raise Needs("The recipe 'nearest' trains no committee.")

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        arrays = {"means": self.means, "present": self.present}
        return {"n_classes": self.n_classes, "seed": self.seed}, arrays

    def _proba(self, X: Any, means: Any) -> Any:
        rows = X if isinstance(X, np.ndarray) else X.toarray()
        odds = np.exp(-((rows[:, None] - means) ** 2).sum(axis=2, dtype=np.float64)) + 1e-9
        proba = np.zeros((len(rows), self.n_classes))
        proba[:, self.present] = odds / odds.sum(axis=1, keepdims=True)
        return proba


class Sound:
    """Keeps every law; each class below breaks one."""

    name = "nearest"
    incremental = False
    model: type[Nearest] = Nearest

    def __init__(self, params: Mapping[str, Any]) -> None:
        if params:
            raise Invalid(f"The recipe 'nearest' has no parameter {', '.join(params)}.")

    def fit(
        self, X: Any, y: Any, n_classes: int, *, seed: int, committee: int = 0,
        parent: Any = None, new: Any = None,
    ) -> Any:  # fmt: skip
        present = check_training(X, y, n_classes)
        means = np.stack([np.asarray(X[y == c].mean(axis=0)).ravel() for c in present])
        return self.model(means, present, n_classes, seed)

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        return cls.model(arrays["means"], arrays["present"], manifest["n_classes"], 0)


def modelled(**parts: Any) -> type[Sound]:
    """Make the recipe with parts of its model replaced."""
    return type("Modelled", (Sound,), {"model": type("Odd", (Nearest,), parts)})


def predicting(odd: Any) -> type[Sound]:
    """Make the recipe whose probabilities are changed by `odd`."""
    return modelled(predict_proba=lambda self, X: odd(self._proba(X, self.means)))


def answering(committee: Any) -> type[Sound]:
    """Make the recipe whose committee is made by `committee` of the model's probabilities."""
    return modelled(committee_proba=lambda self, X: committee(self._proba(X, self.means)))


class ChangesItsRows(Sound):
    def fit(self, X: Any, y: Any, *rest: Any, **given: Any) -> Any:
        model = super().fit(X, y, *rest, **given)
        (X if isinstance(X, np.ndarray) else X.data)[:] *= 2
        return model


class ChangesItsLabels(Sound):
    def fit(self, X: Any, y: Any, *rest: Any, **given: Any) -> Any:
        model = super().fit(X, y, *rest, **given)
        y.sort()
        return model


class DrawsByItself(Sound):
    def fit(self, *args: Any, **given: Any) -> Any:
        model = super().fit(*args, **given)
        model.means += np.random.default_rng().normal(scale=0.01, size=model.means.shape)
        return model


class LearnsNothing(Sound):
    def fit(self, *args: Any, **given: Any) -> Any:
        model = super().fit(*args, **given)
        model.means[:] = model.means.mean(axis=0)
        return model


class RefusesEverything(Sound):
    def fit(self, X: Any, *rest: Any, **given: Any) -> Any:
        raise Invalid("No such features.")


class FailsOnSparse(Sound):
    def fit(self, X: Any, *rest: Any, **given: Any) -> Any:
        return super().fit(np.array(X, np.float32), *rest, **given)


class LearnsFromOneClass(Sound):
    def fit(self, X: Any, y: Any, n_classes: int, **given: Any) -> Any:
        present = np.unique(y)
        means = np.stack([np.asarray(X[y == c].mean(axis=0)).ravel() for c in present])
        return self.model(means, present, n_classes, 0)


class FailsOnOneClass(Sound):
    def fit(self, *args: Any, **given: Any) -> Any:
        try:
            return super().fit(*args, **given)
        except CannotLearn:
            raise ZeroDivisionError from None


class TakesAnyParameter(Sound):
    def __init__(self, params: Mapping[str, Any]) -> None:
        pass


class ForgetsAMean(Sound):
    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        return cls.model(arrays["means"] * 0.99, arrays["present"], manifest["n_classes"], 0)


class Members(Nearest):
    """Has members, which its state leaves out."""

    scale = 1.0

    def committee_proba(self, X: Any) -> Any:
        return np.stack([self._proba(X, self.means * part) for part in (1, self.scale)])


class ForgetsItsCommittee(Sound):
    model = Members

    def fit(self, *args: Any, **given: Any) -> Any:
        model = super().fit(*args, **given)
        model.scale = 1.1
        return model


class IgnoresItsParent(Sound):
    incremental = True


class CannotGoOn(Sound):
    incremental = True

    def fit(self, *args: Any, parent: Any = None, **given: Any) -> Any:
        if parent is not None:
            raise KeyError("means")
        return super().fit(*args, **given)


class GoesOn(Sound):
    """Sound, and incremental: half of the parent's means and half of the new rows'."""

    incremental = True

    def fit(self, X: Any, y: Any, n_classes: int, *, parent: Any = None, **given: Any) -> Any:
        model = super().fit(X, y, n_classes, **given)
        if parent is not None:
            model.means = (model.means + parent.means) / 2
        return model


class ChangesItsParent(Sound):
    incremental = True

    def fit(self, X: Any, y: Any, n_classes: int, *, parent: Any = None, **given: Any) -> Any:
        model = super().fit(X, y, n_classes, **given)
        if parent is not None:
            parent.means += model.means
            model.means = parent.means / 2
        return model


class ForgetsWhatItWentOnWith(GoesOn):
    """A counter that the next fit needs is not in the state."""

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        model = super().restore(manifest, arrays)
        model.lost = True
        return model

    def fit(self, *args: Any, parent: Any = None, **given: Any) -> Any:
        model = super().fit(*args, parent=parent, **given)
        if getattr(parent, "lost", False):
            model.means = model.means * 0.99
        return model


class Nameless(Sound):
    name = ""


def test_a_recipe_that_keeps_the_laws_passes_without_being_registered() -> None:
    check_recipe(Sound)
    check_recipe(GoesOn)
    check_recipe(answering(lambda proba: np.stack([proba, proba])))
    assert "nearest" not in recipes.names()


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (Nameless, "must say its `name`"),
        (TakesAnyParameter, "unknown parameter in silence"),
        (ChangesItsRows, "changed the arrays it was given"),
        (ChangesItsLabels, "changed the arrays it was given"),
        (RefusesEverything, "refuses dense and CSR features alike"),
        (FailsOnSparse, r"on CSR features: wanted a model, or errors.Invalid.*got \w+Error"),
        (modelled(recipe="other"), "must name its recipe"),
        (modelled(n_classes=property(lambda _: 3, lambda *_: None)), "number of classes"),
        (predicting(lambda proba: proba[:, [0, 2, 3]]), "a column for every class"),
        (predicting(lambda proba: proba / 2), "must sum to 1; one sums to 0.5000"),
        (predicting(lambda proba: proba * np.nan), "finite"),
        (predicting(lambda proba: 2 * proba - 1 / 4), "not negative"),
        (predicting(lambda proba: proba[:, [0, 2, 3, 1]]), "are told right"),
        (predicting(lambda proba: (proba + proba.mean(axis=0)) / 2), "rows beside it"),
        (LearnsNothing, "it does not learn"),
        (DrawsByItself, "same seed gave another model"),
        (ForgetsAMean, "after dump and load, predict_proba is not identical"),
        (modelled(state=lambda self: ({"n": 4}, {})), "cannot be stored and restored: Corrupt"),
        (modelled(state=lambda self: ({"me": self}, {})), "cannot be stored and restored: Type"),
        (answering(lambda proba: proba), "two members or more"),
        (answering(lambda proba: np.stack([proba] * 3)[:, 1:]), "wanted probabilities of shape"),
        (answering(lambda proba: np.stack([proba] * 3) / 2), "must sum to 1"),
        (ForgetsItsCommittee, "after dump and load, committee_proba is not identical"),
        (answering(lambda proba: 1 / 0), "errors.Needs with a sentence"),
        (LearnsFromOneClass, "labels of a single class: wanted errors.CannotLearn, got a model"),
        (FailsOnOneClass, "wanted errors.CannotLearn, got ZeroDivisionError"),
        (IgnoresItsParent, "ignores its parent"),
        (CannotGoOn, "cannot go on from a parent: KeyError"),
        (ChangesItsParent, "changed the parent"),
        (ForgetsWhatItWentOnWith, "restored parent leads to another model"),
    ],
)
def test_a_broken_recipe_is_told_which_law_it_breaks(broken: type[Sound], law: str) -> None:
    with pytest.raises(Broken, match=law):
        check_recipe(broken)


def test_features_changed_while_predicting_are_noticed() -> None:
    def greedy(self: Any, X: Any) -> Any:
        (X if isinstance(X, np.ndarray) else X.data)[:] -= np.float32(0.001)
        return self._proba(X, self.means)

    with pytest.raises(Broken, match="predicting changed the features"):
        check_recipe(modelled(predict_proba=greedy))


def test_a_recipe_that_does_not_exist_is_said_with_those_that_do() -> None:
    with pytest.raises(Invalid, match=r"no recipe 'nothing'.*linear"):
        check_recipe("nothing")
