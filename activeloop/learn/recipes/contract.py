"""What a model recipe is, and the register in which recipes are found by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import CannotLearn, Corrupt, Invalid
from activeloop.learn.types import Bools, Features, Ints, Model, Targets
from activeloop.spec import Answer, Mode, Params

ENTRY_POINTS: Final = "activeloop.recipes"
Arrays = Mapping[str, NDArray[Any]]


@runtime_checkable
class Recipe(Protocol):
    """A way of learning; made from parameters, holds no data.

    Its class may say by `answers` which kinds of answer it can learn, as in
    `answers = ("one", "several")`; one that says nothing learns one label per sample.
    """

    name: str
    incremental: bool

    def __init__(self, params: Params) -> None:
        """Take the parameters.

        Raises:
            Invalid: naming a parameter that is unknown or out of range.
        """
        ...

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
    ) -> Model:
        """Learn from all labelled rows, or from the new ones on top of the parent.

        Args:
            X: (n, d) float32 features of every labelled sample.
            y: (n,) class indices in [0, n_classes); or, for a recipe that learns several labels,
                (n, n_classes) marks. Of these it makes a model whose `several` is true.
            n_classes: how many classes the project has; some may have no label yet.
            seed: the only source of randomness.
            committee: how many members to train beside the model; 0 for none.
            parent: the model to go on from; only recipes that say `incremental` use it.
            new: which rows of X the parent has not seen (a mask, indices or a slice).

        Raises:
            CannotLearn: when fewer than two classes have a label; of marks, when every row has
                the same.
        """
        ...

    @classmethod
    def restore(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Model:
        """Rebuild a model from its state; its predictions are identical."""
        ...


_PARTS: Final = ("name", "incremental", "fit", "restore")
_REGISTER: dict[str, type[Recipe]] = {}
R = TypeVar("R", bound=type)


def recipe(name: str) -> Callable[[R], R]:
    """Register a recipe class under a name.

    Raises:
        Invalid: when the name is taken.
    """

    def register(made: R) -> R:
        if name in _REGISTER:
            raise Invalid(f"A recipe named {name!r} is registered already; choose another name.")
        _REGISTER[name] = made
        return made

    return register


def names() -> list[str]:
    """List the recipes known, plug-ins included, in order."""
    return sorted({*_REGISTER, *(found.name for found in entry_points(group=ENTRY_POINTS))})


def get(name: str, params: Params | None = None) -> Recipe:
    """Make the recipe of this name.

    Raises:
        Invalid: when there is none, listing those there are, or when a parameter is wrong.
    """
    return of_name(name)(params or {})


def restore(name: str, manifest: Mapping[str, Any], arrays: Arrays) -> Model:
    """Rebuild a model that the recipe of this name made.

    Raises:
        Invalid: when there is no such recipe (a plug-in that is not installed).
        Corrupt: when the state is not one the recipe gave.
    """
    found = of_name(name)
    try:
        return found.restore(manifest, arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Corrupt(f"The stored {name!r} model cannot be read: {error!r}") from error


def of_name(name: str) -> type[Recipe]:
    """Find the recipe class of this name, loading its plug-in when it is one.

    Raises:
        Invalid: when there is none, or when its plug-in cannot be loaded or gives no recipe.
    """
    if name not in _REGISTER:
        for found in entry_points(group=ENTRY_POINTS, name=name):
            # Loaded when asked for, never on import: a broken plug-in must not stop the rest.
            _REGISTER.setdefault(name, _loaded(found))
    if name not in _REGISTER:
        known = ", ".join(names())
        raise Invalid.field("model.recipe", f"there is no recipe {name!r}.", f"Known: {known}.")
    return _REGISTER[name]


def _loaded(point: EntryPoint) -> type[Recipe]:
    try:
        made = point.load()
    except Exception as error:  # foreign code may raise anything; it is named, not hidden
        raise Invalid(
            f"The plug-in of recipe {point.name!r} ({point.value}) cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not (isinstance(made, type) and all(hasattr(made, part) for part in _PARTS)):
        raise Invalid(
            f"The plug-in of recipe {point.name!r} ({point.value}) is no recipe: "
            f"wanted a class with {', '.join(_PARTS)}."
        )
    return made


def learns(made: Recipe | type[Recipe]) -> tuple[Answer, ...]:
    """Say which kinds of answer a recipe can learn.

    Example:
        >>> learns(of_name("linear"))
        ('one', 'several')
    """
    return tuple(getattr(made, "answers", ("one",)))


def modes(made: Recipe | type[Recipe]) -> tuple[Mode, ...]:
    """Say in which modes a recipe can be trained; "full" is always among them.

    A recipe may say by `modes` that it can begin at its parent ("warm") or stay near it
    ("fine-tune"). Its `fit` then takes a parent, and for "fine-tune" also `pull`.

    Example:
        >>> modes(of_name("linear")), modes(of_name("online")), modes(of_name("forest"))
        (('full', 'warm', 'fine-tune'), ('full', 'incremental'), ('full',))
    """
    by_itself: tuple[Mode, ...] = ("full", "incremental") if made.incremental else ("full",)
    return tuple(dict.fromkeys((*by_itself, *getattr(made, "modes", ()))))


def check_mode(made: Recipe, mode: Mode) -> None:
    """Refuse a mode that a recipe cannot be trained in.

    Raises:
        Invalid: saying which it can.
    """
    can = ("auto", *modes(made))
    if mode not in can:
        raise Invalid.field(
            "retrain.mode",
            f"the recipe {made.name!r} cannot be trained in the mode {mode!r}.",
            f"It can: {', '.join(can)}.",
        )


def learners(answer: Answer) -> list[str]:
    """List the recipes that can learn a kind of answer, of those that are loaded, in order."""
    return sorted(name for name, made in _REGISTER.items() if answer in learns(made))


@contextmanager
def lent(made: type[Recipe]) -> Iterator[None]:
    """Let a class be found by its name for a while, which checking one not registered needs."""
    before = _REGISTER.get(made.name)
    _REGISTER[made.name] = made
    try:
        yield
    finally:
        if before is None:
            del _REGISTER[made.name]
        else:
            _REGISTER[made.name] = before


def check_training(X: Features, y: Targets, n_classes: int) -> Ints:
    """Check that rows and labels belong together and give the classes that have labels.

    Returns:
        Sorted class indices, two or more.

    Raises:
        Invalid: when lengths differ, a label is out of range, or a feature is not finite.
        CannotLearn: when fewer than two classes have a label.
    """
    _check_rows(X, len(y))
    if y.ndim != 1:
        raise Invalid(f"One class index per row is wanted, got labels of shape {y.shape}.")
    if len(y) and not (int(y.min()) >= 0 and int(y.max()) < n_classes):
        raise Invalid(f"Labels must be in 0..{n_classes - 1}, found {y.min()}..{y.max()}.")
    _check_finite(X)
    present = np.unique(y).astype(np.int64)
    if len(present) == 0:
        raise CannotLearn("Nothing is labelled yet; labels of two classes are needed.")
    if len(present) == 1:
        raise CannotLearn(
            f"All {len(y)} labels are of class {int(present[0])}; "
            "at least one label of another class is needed.",
        )
    return present


def check_marks(X: Features, marks: Bools, n_classes: int) -> Ints:
    """Check that rows and marks belong together and give the classes that can be learned.

    Returns:
        Sorted indices of the classes that some rows are of and others are not, one or more.

    Raises:
        Invalid: when the shapes differ, the marks are no booleans, or a feature is not finite.
        CannotLearn: when there is no such class.
    """
    _check_rows(X, len(marks))
    if marks.shape != (len(marks), n_classes) or marks.dtype != np.bool_:
        raise Invalid(
            f"Wanted {n_classes} booleans per row, got {marks.dtype} of shape {marks.shape}."
        )
    _check_finite(X)
    if len(marks) == 0:
        raise CannotLearn("Nothing is labelled yet; two different answers are needed.")
    present = varied(marks)
    if len(present) == 0:
        raise CannotLearn(
            f"All {len(marks)} samples have the same labels; at least one that differs is needed."
        )
    return present


def varied(marks: Bools) -> Ints:
    """Give the classes that some rows are of and others are not: only of these can be learned."""
    said = marks.sum(axis=0)
    return np.flatnonzero((said > 0) & (said < len(marks))).astype(np.int64)


def _check_rows(X: Features, labels: int) -> None:
    if X.shape[0] != labels:
        raise Invalid(f"{X.shape[0]} rows of features want as many labels, got {labels}.")


def _check_finite(X: Features) -> None:
    entries = X if isinstance(X, np.ndarray) else X.data
    if not np.isfinite(entries).all():
        raise Invalid("Features must be finite numbers; found NaN or infinity.")
