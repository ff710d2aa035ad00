"""What a model recipe is, and the register in which recipes are found by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import CannotLearn, Corrupt, Invalid
from activeloop.learn.types import Features, Ints, Model
from activeloop.spec import Params

ENTRY_POINTS: Final = "activeloop.recipes"
Arrays = Mapping[str, NDArray[Any]]


@runtime_checkable
class Recipe(Protocol):
    """A way of learning; made from parameters, holds no data."""

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
        y: Ints,
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
            y: (n,) class indices in [0, n_classes).
            n_classes: how many classes the project has; some may have no label yet.
            seed: the only source of randomness.
            committee: how many members to train beside the model; 0 for none.
            parent: the model to go on from; only recipes that say `incremental` use it.
            new: which rows of X the parent has not seen (a mask, indices or a slice).

        Raises:
            CannotLearn: when fewer than two classes have a label.
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


def check_training(X: Features, y: Ints, n_classes: int) -> Ints:
    """Check that rows and labels belong together and give the classes that have labels.

    Returns:
        Sorted class indices, two or more.

    Raises:
        Invalid: when lengths differ, a label is out of range, or a feature is not finite.
        CannotLearn: when fewer than two classes have a label.
    """
    if X.shape[0] != len(y):
        raise Invalid(f"{X.shape[0]} rows of features want as many labels, got {len(y)}.")
    if len(y) and not (int(y.min()) >= 0 and int(y.max()) < n_classes):
        raise Invalid(f"Labels must be in 0..{n_classes - 1}, found {y.min()}..{y.max()}.")
    entries = X if isinstance(X, np.ndarray) else X.data
    if not np.isfinite(entries).all():
        raise Invalid("Features must be finite numbers; found NaN or infinity.")
    present = np.unique(y).astype(np.int64)
    if len(present) == 0:
        raise CannotLearn("Nothing is labelled yet; labels of two classes are needed.")
    if len(present) == 1:
        raise CannotLearn(
            f"All {len(y)} labels are of class {int(present[0])}; "
            "at least one label of another class is needed.",
        )
    return present
