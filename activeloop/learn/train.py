"""Train a model from labels: choose the mode and say why, fix the seed, and fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from activeloop.learn.recipes import Recipe, modes
from activeloop.learn.types import Features, Model, Targets
from activeloop.spec import Mode

How = Literal["incremental", "full", "warm", "fine-tune"]
WARM_FROM: Final = 5000
"""From so many labels on, beginning at the parent halves the fit; below, both are short."""


@dataclass(frozen=True)
class Choice:
    """How to train, and why so."""

    mode: How
    because: str


@dataclass(frozen=True, eq=False)
class Trained:
    """A fitted model with what must be kept to train it again."""

    model: Model
    mode: How
    because: str
    seed: int
    labels: int


def choose_mode(  # noqa: PLR0913 - all that the choice hangs on
    asked: Mode,
    *,
    recipe: Recipe,
    parent_classes: Sequence[str] | None,
    classes: Sequence[str],
    parent_fingerprint: str | None,
    fingerprint: str,
    has_parent: bool,
    labels: int = 0,
    unlearned: Sequence[str] = (),
) -> Choice:
    """Choose incremental where the recipe can, warm where that saves time, full where it must.

    Fine-tuning is never chosen by itself: it learns from the new labels only.

    Args:
        asked: what the person or the policy wants.
        recipe: the model recipe.
        parent_classes: the class names, in order, that the parent was trained with.
        classes: the project's class names now.
        parent_fingerprint: digest of the features the parent was trained on.
        fingerprint: digest of the features now.
        has_parent: whether there is a version to go on from.
        labels: how many there are to learn from.
        unlearned: classes that have labels now and had none when the parent was trained.

    Returns:
        The mode and a plain sentence. It never goes on from a parent when that would be wrong, even
        if asked for; the sentence then says why.
    """
    if asked == "full":
        return Choice("full", "Full training was asked for.")
    wanted, why = _wanted(asked, recipe, labels)
    obstacle = _obstacle(
        recipe,
        wanted,
        has_parent=has_parent,
        new_classes=[name for name in classes if name not in (parent_classes or ())],
        same_classes=list(parent_classes or ()) == list(classes),
        same_features=parent_fingerprint == fingerprint,
        unlearned=unlearned if wanted == "fine-tune" else (),
    )
    if obstacle is None:
        return Choice(wanted, why)
    wish = f"{_NAMES[wanted]} was asked for, but " if asked != "auto" else ""
    sentence = f"{wish}{obstacle}"
    return Choice("full", sentence[0].upper() + sentence[1:])


_NAMES: Final[dict[How, str]] = {
    "incremental": "Incremental training",
    "warm": "A warm start",
    "fine-tune": "Fine-tuning",
    "full": "Full training",
}


def _wanted(asked: Mode, recipe: Recipe, labels: int) -> tuple[How, str]:
    """Give the mode to try, and the sentence for when nothing is in its way."""
    if asked == "incremental" or (asked == "auto" and recipe.incremental):
        return "incremental", (
            f"Training on top of the parent {'was asked for' if asked != 'auto' else 'suffices'}."
        )
    if asked == "fine-tune":
        return "fine-tune", (
            "Fine-tuning was asked for: the new labels are learned, pulled to the parent."
        )
    same = "training begins at the parent and ends where a full one does"
    if asked == "warm":
        return "warm", f"A warm start was asked for: {same}."
    if "warm" in modes(recipe) and labels >= WARM_FROM:
        return "warm", f"With {labels:,} labels a warm start saves time: {same}."
    if "warm" in modes(recipe):
        return "full", f"With fewer than {WARM_FROM:,} labels full training takes no longer."
    return "full", f"The recipe {recipe.name!r} always learns from all labels."


def _obstacle(  # noqa: PLR0911 - one sentence each
    recipe: Recipe,
    wanted: How,
    *,
    has_parent: bool,
    new_classes: list[str],
    same_classes: bool,
    same_features: bool,
    unlearned: Sequence[str],
) -> str | None:
    if wanted not in modes(recipe):
        can = ", ".join(modes(recipe))
        return f"the recipe {recipe.name!r} cannot be trained so; it can: {can}."
    if wanted == "full":
        return None
    if not has_parent:
        return "there is no earlier version to go on from."
    if new_classes:
        return f"the parent does not know the class {_listed(new_classes)}."
    if not same_classes:
        return "the classes have changed since the parent."
    if not same_features:
        return "the features are made differently since the parent."
    if unlearned:
        return f"the parent had no label of {_listed(unlearned)}."
    return None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(repr(name) for name in names[:3]) + more


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
    pull: float = 0.01,
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
        pull: of fine-tuning: how strongly the parent holds.

    Raises:
        CannotLearn: when fewer than two classes have labels, or all marks are the same.
        Invalid: when the parent cannot be gone on from.
    """
    mixed = seed_for(seed, snapshot)
    goes_on = choice.mode != "full"
    # only a recipe that says that it can be fine-tuned takes it
    held: dict[str, float] = {"pull": pull} if choice.mode == "fine-tune" else {}
    with threadpool_limits(limits=1):
        model = recipe.fit(
            X,
            y,
            n_classes,
            seed=mixed,
            committee=committee,
            parent=parent if goes_on else None,
            new=new if goes_on else None,
            **held,
        )
    return Trained(model, choice.mode, choice.because, mixed, len(y))
