"""Train a model from labels: choose the mode and say why, fix the seed, and fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from activeloop.learn.recipes import Recipe
from activeloop.learn.types import Features, Model, Targets
from activeloop.spec import Mode


@dataclass(frozen=True)
class Choice:
    """How to train, and why so."""

    mode: Literal["incremental", "full"]
    because: str


@dataclass(frozen=True, eq=False)
class Trained:
    """A fitted model with what must be kept to train it again."""

    model: Model
    mode: Literal["incremental", "full"]
    because: str
    seed: int
    labels: int


def choose_mode(
    asked: Mode,
    *,
    recipe: Recipe,
    parent_classes: Sequence[str] | None,
    classes: Sequence[str],
    parent_fingerprint: str | None,
    fingerprint: str,
    has_parent: bool,
) -> Choice:
    """Choose incremental where the recipe can, full where it must.

    Args:
        asked: what the person or the policy wants.
        recipe: the model recipe.
        parent_classes: the class names, in order, that the parent was trained with.
        classes: the project's class names now.
        parent_fingerprint: digest of the features the parent was trained on.
        fingerprint: digest of the features now.
        has_parent: whether there is a version to go on from.

    Returns:
        The mode and a plain sentence. It is never incremental when that would be wrong, even if
        asked for; the sentence then says why.
    """
    obstacle = _obstacle(
        recipe,
        has_parent=has_parent,
        new_classes=[name for name in classes if name not in (parent_classes or ())],
        same_classes=list(parent_classes or ()) == list(classes),
        same_features=parent_fingerprint == fingerprint,
    )
    if asked == "full":
        return Choice("full", "Full training was asked for.")
    if obstacle is None:
        why = "was asked for" if asked == "incremental" else "suffices"
        return Choice("incremental", f"Training on top of the parent {why}.")
    wish = "Incremental training was asked for, but " if asked == "incremental" else ""
    sentence = f"{wish}{obstacle}"
    return Choice("full", sentence[0].upper() + sentence[1:])


def _obstacle(
    recipe: Recipe,
    *,
    has_parent: bool,
    new_classes: list[str],
    same_classes: bool,
    same_features: bool,
) -> str | None:
    if not recipe.incremental:
        return f"the recipe {recipe.name!r} always learns from all labels."
    if not has_parent:
        return "there is no earlier version to go on from."
    if new_classes:
        listed = ", ".join(repr(name) for name in new_classes[:3])
        more = f" and {len(new_classes) - 3} more" if len(new_classes) > 3 else ""
        return f"the parent does not know the class {listed}{more}."
    if not same_classes:
        return "the classes have changed since the parent."
    if not same_features:
        return "the features are made differently since the parent."
    return None


def seed_for(seed: int, snapshot: int) -> int:
    """Mix the project's seed with the snapshot's number, so that each version draws anew.

    Returns:
        An integer in [0, 2**32).
    """
    return int(np.random.SeedSequence([seed, snapshot]).generate_state(1)[0])


def fit(  # noqa: PLR0913 - all that decides a version is in one call
    recipe: Recipe,
    X: Features,
    y: Targets,
    n_classes: int,
    *,
    seed: int,
    snapshot: int,
    choice: Choice,
    committee: int = 0,
    parent: Model | None = None,
    new: NDArray[Any] | slice | None = None,
) -> Trained:
    """Fit on one BLAS thread: the same seed and labels give the same bits, in any process.

    Args:
        recipe: the model recipe.
        X: (n, d) features of all labelled training samples, in order of their sequence.
        y: (n,) class indices, or (n, C) marks.
        n_classes: the project's class count.
        seed: the project's seed.
        snapshot: number of the last label event used.
        choice: the mode; with "full" the parent is not looked at.
        committee: members to train beside the model.
        parent: the version to go on from.
        new: rows the parent has not seen.

    Raises:
        CannotLearn: when fewer than two classes have labels, or all marks are the same.
        Invalid: when the parent cannot be gone on from.
    """
    mixed = seed_for(seed, snapshot)
    goes_on = choice.mode == "incremental"
    with threadpool_limits(limits=1):
        model = recipe.fit(
            X,
            y,
            n_classes,
            seed=mixed,
            committee=committee,
            parent=parent if goes_on else None,
            new=new if goes_on else None,
        )
    return Trained(model, choice.mode, choice.because, mixed, len(y))
