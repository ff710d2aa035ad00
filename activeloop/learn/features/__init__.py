"""Features: how a payload becomes numbers. One recipe a kind, each in its own file.

Example:
    >>> from activeloop.spec import FeatureSpec
    >>> featurizer = make(FeatureSpec(), "text").fit([])
    >>> featurizer.transform([{"text": "where is my card"}]).shape
    (1, 262144)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from activeloop.errors import Corrupt, Invalid
from activeloop.learn.features.contract import Featurizer, Payload, Recipe
from activeloop.learn.features.image import ImageFeaturizer, ImageRecipe
from activeloop.learn.features.table import TableFeaturizer, TableRecipe
from activeloop.learn.features.text import TextFeaturizer, TextRecipe
from activeloop.learn.features.vectors import VectorFeaturizer, VectorRecipe
from activeloop.spec import FeatureSpec, Kind

__all__ = ["Featurizer", "Payload", "Recipe", "make", "restore"]

_RECIPES: dict[str, Callable[[dict[str, Any]], Recipe]] = {
    "text": TextRecipe,
    "image": ImageRecipe,
    "table": TableRecipe,
    "vectors": VectorRecipe,
}
_RESTORERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, NDArray[Any]]], Featurizer]] = {
    "text": TextFeaturizer.restore,
    "image": ImageFeaturizer.restore,
    "table": TableFeaturizer.restore,
    "vectors": VectorFeaturizer.restore,
}


def make(spec: FeatureSpec, kind: Kind) -> Recipe:
    """Give the recipe that the spec asks for; `auto` is the one named like the kind.

    Raises:
        Invalid: when the name is unknown, does not fit the kind, or a parameter is wrong.
    """
    name = kind if spec.recipe == "auto" else spec.recipe
    if name not in _RECIPES:
        known = ", ".join(sorted(_RECIPES))
        raise Invalid.field("features.recipe", f"{name!r} is unknown.", f"Known: auto, {known}.")
    if name != kind:
        remedy = f"Use 'auto' or {kind!r}."
        raise Invalid.field("features.recipe", f"{name!r} does not fit kind {kind!r}.", remedy)
    return _RECIPES[name](dict(spec.params))


def restore(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Featurizer:
    """Rebuild a featurizer from its state; its rows and fingerprint are as before.

    Raises:
        Corrupt: when the state is not one that `Featurizer.state` gave.
    """
    try:
        return _RESTORERS[manifest["recipe"]](manifest, arrays)
    except (KeyError, TypeError, ValueError, IndexError, Invalid) as error:
        raise Corrupt(f"The stored featurizer cannot be read: {error!r}") from error
