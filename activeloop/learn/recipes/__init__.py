"""Model recipes: ways of learning, found by name.

Example:
    >>> names()
    ['forest', 'linear', 'online']
"""

from __future__ import annotations

from activeloop.learn.recipes.contract import (
    Recipe,
    check_mode,
    get,
    learners,
    learns,
    modes,
    names,
    recipe,
    restore,
)
from activeloop.learn.recipes.forest import ForestRecipe
from activeloop.learn.recipes.linear import LinearRecipe
from activeloop.learn.recipes.online import OnlineRecipe

__all__ = [
    "ForestRecipe",
    "LinearRecipe",
    "OnlineRecipe",
    "Recipe",
    "check_mode",
    "get",
    "learners",
    "learns",
    "modes",
    "names",
    "recipe",
    "restore",
]
