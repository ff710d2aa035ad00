"""The laws every model recipe keeps, ours and plug-ins' alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.errors import CannotLearn, Invalid, Needs
from activeloop.learn import persist, recipes
from activeloop.learn.recipes.contract import learns, lent, of_name
from activeloop.learn.types import Features, Ints, Model
from activeloop.spec import Params
from activeloop.testing.broken import Broken

_ROWS, _COLUMNS, _CLASSES, _MEMBERS, _SEED = 90, 6, 4, 3, 5
_UNLABELLED = 1
"""The class that has no label; one in the middle, so that columns out of place are noticed."""
_LEAST_RIGHT = 0.7
_THIN = 0.2


@dataclass(frozen=True)
class _Case:
    """One recipe class on one form of features."""

    made: type[recipes.Recipe]
    params: Params
    form: str
    X: Features
    y: Ints

    @property
    def name(self) -> str:
        return f"{getattr(self.made, 'name', self.made.__name__)} on {self.form} features"

    def fit(self, X: Features | None = None, y: Ints | None = None, **given: Any) -> Model:
        """Fit a recipe made anew; what is not given is the case's own."""
        recipe = self.made(self.params)
        rows, labels = self.X if X is None else X, self.y if y is None else y
        return recipe.fit(rows, labels, _CLASSES, seed=_SEED, **given)


def check_recipe(recipe: str | type[recipes.Recipe], *, params: Params | None = None) -> None:
    """Check that a model recipe keeps the laws that training and ranking rely on.

    It learns from the arrays it is given without changing them, and the same from the same
    seed; gives every class a probability, also one without a label, and each row a sum of 1,
    whatever rows stand beside it; is the same model after `dump` and `load`; has a committee
    when asked for one or says that it has none; takes dense and CSR features or refuses one of
    them with `Invalid`; says `CannotLearn` when fewer than two classes have a label; refuses
    parameters it does not know; and, when it says `incremental`, goes on from its parent. A recipe
    whose `answers` name "several" keeps the like laws when it is given marks.

    Args:
        recipe: a name, or a recipe class, registered or not.
        params: the parameters to make it with.

    Raises:
        Broken: naming the law and what was seen.
        Invalid: when there is no recipe of this name, or for the parameters.

    Example:
        >>> check_recipe("linear")
    """
    made = of_name(recipe) if isinstance(recipe, str) else recipe
    _check_parts(made)
    with lent(made):
        _check_parameters(made)
        refused = [_refuses(case) for case in _cases(made, params or {})]
        if all(refused):
            raise Broken(f"{made.__name__} refuses dense and CSR features alike; take one of them.")
        if "several" in learns(made):
            from activeloop.testing.check_marks import check_marks

            check_marks(made, params or {})


def _cases(made: type[recipes.Recipe], params: Params) -> Iterator[_Case]:
    rng = np.random.default_rng(30)
    seen = [label for label in range(_CLASSES) if label != _UNLABELLED]
    y = np.asarray(rng.permutation(np.resize(seen, _ROWS)), np.int64)
    # groups far apart, none of the columns negative: every kind of model can tell them apart
    X = rng.gamma(1.0, 0.3, size=(_ROWS, _COLUMNS)).astype(np.float32)
    X[np.arange(_ROWS), y] += 3
    yield _Case(made, params, "dense", X, y)
    thinned = X * (X > _THIN)
    yield _Case(made, params, "CSR", csr_matrix(thinned), y)


def _refuses(case: _Case) -> bool:
    """Check one form of features; True when the recipe says that it does not take it."""
    try:
        model = _check_untouched(case)
    except Invalid as error:
        if error.message:
            return True
        raise Broken(f"{case.name}: a refusal must say why.") from error
    except Exception as error:
        raise Broken(
            f"{case.name}: wanted a model, or errors.Invalid with a sentence when it does not "
            f"take such features; got {type(error).__name__}: {error}."
        ) from error
    _check_model(case, model)
    _check_probabilities(case, model)
    _check_same_seed(case, model)
    _check_blocks(case, model)
    _check_stored(case, model, "predict_proba")
    _check_committee(case)
    _check_cannot_learn(case)
    if case.made.incremental:
        _check_incremental(case)
    return False


def _check_parts(made: type[recipes.Recipe]) -> None:
    name, incremental = getattr(made, "name", None), getattr(made, "incremental", None)
    if not (isinstance(name, str) and name and isinstance(incremental, bool)):
        raise Broken(
            f"{made.__name__} must say its `name`, a word, and whether it is `incremental`; "
            f"it says {name!r} and {incremental!r}."
        )


def _check_parameters(made: type[recipes.Recipe]) -> None:
    try:
        made({"no such parameter": 1})
    except Invalid:
        return
    except Exception as error:
        raise Broken(
            f"{made.__name__} with an unknown parameter: wanted errors.Invalid, "
            f"got {type(error).__name__}: {error}."
        ) from error
    raise Broken(f"{made.__name__} takes an unknown parameter in silence; raise errors.Invalid.")


def _check_untouched(case: _Case) -> Model:
    before = [*_parts(case.X), case.y.copy()]
    model = case.fit()
    if not _same(before, [*_parts(case.X), case.y]):
        raise Broken(f"{case.name}: fitting changed the arrays it was given; work on a copy.")
    return model


def _parts(X: Features) -> list[NDArray[Any]]:
    arrays = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    return [array.copy() for array in arrays]


def _same(before: list[NDArray[Any]], after: list[NDArray[Any]]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def _check_model(case: _Case, model: Model) -> None:
    wanted = (case.made.name, _CLASSES)
    found = (getattr(model, "recipe", None), getattr(model, "n_classes", None))
    if found != wanted:
        raise Broken(
            f"{case.name}: the model must name its recipe and the number of classes, "
            f"{wanted}; it says {found}."
        )


def _check_probabilities(case: _Case, model: Model) -> None:
    before = _parts(case.X)
    proba = model.predict_proba(case.X)
    if not _same(before, _parts(case.X)):
        raise Broken(f"{case.name}: predicting changed the features; work on a copy.")
    _check_rows(case, proba, (case.X.shape[0], _CLASSES))
    right = float((proba.argmax(axis=1) == case.y).mean())
    if right < _LEAST_RIGHT:
        raise Broken(
            f"{case.name}: only {right:.0%} of rows it has seen, in groups far apart, are told "
            f"right; it does not learn, or its columns are not the classes 0..{_CLASSES - 1}."
        )


def _check_rows(case: _Case, proba: Any, shape: tuple[int, ...]) -> None:
    if getattr(proba, "shape", None) != shape:
        raise Broken(
            f"{case.name}: wanted probabilities of shape {shape}, a column for every class also "
            f"when it has no label; got {getattr(proba, 'shape', type(proba).__name__)}."
        )
    if proba.dtype.kind != "f" or not np.isfinite(proba).all() or (proba < 0).any():
        raise Broken(f"{case.name}: probabilities must be finite and not negative.")
    sums = proba.sum(axis=-1)
    if not np.allclose(sums, 1, atol=1e-4):
        raise Broken(
            f"{case.name}: each row of probabilities must sum to 1; one sums to "
            f"{sums.ravel()[np.abs(sums - 1).argmax()]:.4f}."
        )


def _check_same_seed(case: _Case, model: Model) -> None:
    if not np.array_equal(model.predict_proba(case.X), case.fit().predict_proba(case.X)):
        raise Broken(f"{case.name}: the same seed gave another model; draw from `seed` alone.")


def _check_blocks(case: _Case, model: Model) -> None:
    halves = [case.X[: _ROWS // 2], case.X[_ROWS // 2 :]]
    apart = np.concatenate([model.predict_proba(half) for half in halves])
    if not np.allclose(apart, model.predict_proba(case.X), rtol=1e-4, atol=1e-6):
        raise Broken(
            f"{case.name}: a row's probabilities depend on the rows beside it, so a pool "
            "predicted in blocks would be another than as a whole."
        )


def _check_stored(case: _Case, model: Model, asked: str) -> None:
    try:
        again = persist.load(persist.dump(model))
    except Exception as error:
        raise Broken(
            f"{case.name}: its state cannot be stored and restored: {type(error).__name__}: "
            f"{error}. A state is a JSON-able manifest and plain arrays."
        ) from error
    if not np.array_equal(getattr(model, asked)(case.X), getattr(again, asked)(case.X)):
        raise Broken(f"{case.name}: after dump and load, {asked} is not identical.")


def _check_committee(case: _Case) -> None:
    for members in (0, _MEMBERS):
        model = case.fit(committee=members)
        try:
            proba = model.committee_proba(case.X)
        except Needs as error:
            if error.message:
                continue
            raise Broken(f"{case.name}: a refusal of a committee must say why.") from error
        except Exception as error:
            raise Broken(
                f"{case.name}, {members} members asked for: wanted a committee, or errors.Needs "
                f"with a sentence when there is none; got {type(error).__name__}: {error}."
            ) from error
        k = proba.shape[0] if getattr(proba, "ndim", 0) == 3 else 0
        if k < 2:
            raise Broken(
                f"{case.name}: a committee's probabilities have the shape (members, rows, "
                f"classes), two members or more; got {getattr(proba, 'shape', None)}."
            )
        _check_rows(case, proba, (k, case.X.shape[0], _CLASSES))
        _check_stored(case, model, "committee_proba")


def _check_cannot_learn(case: _Case) -> None:
    alike = np.full(_ROWS, 2, np.int64)
    _refused(case, "labels of a single class", lambda: case.fit(y=alike))
    _refused(case, "no labels", lambda: case.fit(case.X[:0], case.y[:0]))


def _refused(case: _Case, given: str, work: Callable[[], Model]) -> None:
    try:
        work()
    except CannotLearn as error:
        if error.message:
            return
        raise Broken(f"{case.name} with {given}: CannotLearn must say why.") from error
    except Exception as error:
        raise Broken(
            f"{case.name} with {given}: wanted errors.CannotLearn, "
            f"got {type(error).__name__}: {error}."
        ) from error
    raise Broken(f"{case.name} with {given}: wanted errors.CannotLearn, got a model.")


def _check_incremental(case: _Case) -> None:
    new = np.arange(_ROWS) >= _ROWS // 3
    parent = case.fit(case.X[~new], case.y[~new])
    before = persist.dump(parent)
    try:
        child = case.fit(parent=parent, new=new)
        again = case.fit(parent=persist.load(before), new=new)
    except Exception as error:
        raise Broken(
            f"{case.name} is incremental but cannot go on from a parent: "
            f"{type(error).__name__}: {error}."
        ) from error
    if persist.dump(parent) != before:
        raise Broken(f"{case.name}: going on from a parent changed the parent; copy its state.")
    _check_rows(case, child.predict_proba(case.X), (_ROWS, _CLASSES))
    if not np.array_equal(child.predict_proba(case.X), again.predict_proba(case.X)):
        raise Broken(f"{case.name}: a restored parent leads to another model than the parent did.")
    if np.array_equal(child.predict_proba(case.X), case.fit(new=new).predict_proba(case.X)):
        raise Broken(f"{case.name} says that it is incremental but ignores its parent.")
