"""The laws of a model recipe that learns several labels per sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from activeloop.errors import CannotLearn, Invalid, Needs
from activeloop.learn import persist, recipes
from activeloop.learn.types import Bools, Features, Model, several
from activeloop.spec import Params
from activeloop.testing.broken import Broken

_ROWS, _COLUMNS, _CLASSES, _MEMBERS, _SEED = 120, 6, 5, 3, 5
_NEVER, _ALWAYS = 1, 3
"""The classes that no row and every row is of: nothing is learned of them but a rate."""
_LEAST_RIGHT = 0.9


@dataclass(frozen=True)
class _Case:
    made: type[recipes.Recipe]
    params: Params
    form: str
    X: Features
    marks: Bools

    @property
    def name(self) -> str:
        return f"{self.made.name} on {self.form} features, several labels"

    def fit(self, X: Features | None = None, marks: Bools | None = None, **given: Any) -> Model:
        rows, told = self.X if X is None else X, self.marks if marks is None else marks
        return self.made(self.params).fit(rows, told, _CLASSES, seed=_SEED, **given)


def check_marks(made: type[recipes.Recipe], params: Params) -> None:
    """Check a recipe that says it learns several labels, by marks of each class.

    Its model says so by `several`, and gives each class a probability by itself: near 0 or 1 where
    no labelled row, or every one, is of the class. Otherwise the laws are those of one label.

    Raises:
        Broken: naming the law and what was seen.
    """
    refused = [_refuses(case) for case in _cases(made, params)]
    if all(refused):
        raise Broken(f"{made.__name__} refuses marks with dense and CSR features alike.")


def _cases(made: type[recipes.Recipe], params: Params) -> list[_Case]:
    rng = np.random.default_rng(31)
    marks = rng.random((_ROWS, _CLASSES)) < 0.4
    marks[:, _NEVER], marks[:, _ALWAYS] = False, True
    X = rng.gamma(1.0, 0.3, size=(_ROWS, _COLUMNS)).astype(np.float32)
    X[:, :_CLASSES] += 4 * marks
    return [
        _Case(made, params, "dense", X, marks),
        _Case(made, params, "CSR", csr_matrix(X * (X > 0.2)), marks),
    ]


def _refuses(case: _Case) -> bool:
    before = case.marks.copy()
    try:
        model = case.fit()
    except Invalid as error:
        if error.message:
            return True
        raise Broken(f"{case.name}: a refusal must say why.") from error
    except Exception as error:
        raise Broken(
            f"{case.name}: wanted a model, got {type(error).__name__}: {error}."
        ) from error
    if not np.array_equal(before, case.marks):
        raise Broken(f"{case.name}: fitting changed the marks it was given; work on a copy.")
    if not several(model):
        raise Broken(f"{case.name}: the model must say `several = True`.")
    _check_told(case, model)
    _check_stored(case, model, "predict_proba")
    _check_committee(case)
    _check_cannot_learn(case)
    if case.made.incremental:
        _check_incremental(case)
    return False


def _check_told(case: _Case, model: Model) -> None:
    proba = model.predict_proba(case.X)
    _check_rows(case, proba, (_ROWS, _CLASSES))
    right = float(((proba >= 0.5) == case.marks).mean())
    if right < _LEAST_RIGHT:
        raise Broken(
            f"{case.name}: only {right:.0%} of the marks it has seen are told right; it does not "
            "learn, or its columns are not the classes."
        )
    if proba[:, _NEVER].max() > 0.2 or proba[:, _ALWAYS].min() < 0.8:
        raise Broken(
            f"{case.name}: a class that none of {_ROWS} rows is of must be unlikely, and one that "
            "all are of likely; give each its rate."
        )
    if not np.array_equal(proba, case.fit().predict_proba(case.X)):
        raise Broken(f"{case.name}: the same seed gave another model; draw from `seed` alone.")
    halves = [case.X[: _ROWS // 2], case.X[_ROWS // 2 :]]
    apart = np.concatenate([model.predict_proba(half) for half in halves])
    if not np.allclose(apart, proba, rtol=1e-4, atol=1e-6):
        raise Broken(f"{case.name}: a row's probabilities depend on the rows beside it.")


def _check_rows(case: _Case, proba: Any, shape: tuple[int, ...]) -> None:
    if getattr(proba, "shape", None) != shape:
        raise Broken(
            f"{case.name}: wanted probabilities of shape {shape}, a column for every class; "
            f"got {getattr(proba, 'shape', type(proba).__name__)}."
        )
    sound = proba.dtype.kind == "f" and np.isfinite(proba).all()
    if not (sound and (proba >= 0).all() and (proba <= 1).all()):
        raise Broken(f"{case.name}: probabilities must be finite numbers from 0 to 1.")


def _check_stored(case: _Case, model: Model, asked: str) -> None:
    again = persist.load(persist.dump(model))
    if not np.array_equal(getattr(model, asked)(case.X), getattr(again, asked)(case.X)):
        raise Broken(f"{case.name}: after dump and load, {asked} is not identical.")
    if not several(again):
        raise Broken(f"{case.name}: after dump and load it no longer says `several`.")


def _check_committee(case: _Case) -> None:
    model = case.fit(committee=_MEMBERS)
    try:
        proba = model.committee_proba(case.X)
    except Needs as error:
        if error.message:
            return
        raise Broken(f"{case.name}: a refusal of a committee must say why.") from error
    if proba.ndim != 3 or len(proba) < 2:
        raise Broken(f"{case.name}: a committee has two members or more, got {proba.shape}.")
    _check_rows(case, proba, (len(proba), _ROWS, _CLASSES))
    _check_stored(case, model, "committee_proba")


def _check_cannot_learn(case: _Case) -> None:
    alike = np.repeat(case.marks[:1], _ROWS, axis=0)
    _refused(case, "the same labels on every row", lambda: case.fit(marks=alike))
    _refused(case, "no labels", lambda: case.fit(case.X[:0], case.marks[:0]))


def _refused(case: _Case, given: str, work: Callable[[], Model]) -> None:
    try:
        work()
    except CannotLearn as error:
        if error.message:
            return
        raise Broken(f"{case.name} with {given}: CannotLearn must say why.") from error
    raise Broken(f"{case.name} with {given}: wanted errors.CannotLearn, got a model.")


def _check_incremental(case: _Case) -> None:
    new = np.arange(_ROWS) >= _ROWS // 3
    parent = case.fit(case.X[~new], case.marks[~new])
    before = persist.dump(parent)
    child = case.fit(parent=parent, new=new)
    again = case.fit(parent=persist.load(before), new=new)
    if persist.dump(parent) != before:
        raise Broken(f"{case.name}: going on from a parent changed the parent; copy its state.")
    _check_rows(case, child.predict_proba(case.X), (_ROWS, _CLASSES))
    if not np.array_equal(child.predict_proba(case.X), again.predict_proba(case.X)):
        raise Broken(f"{case.name}: a restored parent leads to another model than the parent did.")
    if np.array_equal(child.predict_proba(case.X), case.fit(new=new).predict_proba(case.X)):
        raise Broken(f"{case.name} says that it is incremental but ignores its parent.")
