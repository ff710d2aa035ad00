"""What a model says, in the project's words of today, after its classes were changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from activeloop.events import Change
from activeloop.learn.types import Float32s


def today(classes: Sequence[str], changes: Sequence[Change]) -> tuple[str | None, ...]:
    """Give what each class is called after some changes; None for one without a successor.

    Example:
        >>> today(["cat", "dog", "cow"], [Change(7, "merge", {"cat": "pet", "dog": "pet"})])
        ('pet', 'pet', 'cow')
        >>> today(["cat"], [Change(7, "split", {"cat": None}), Change(9, "rename", {"cat": "c"})])
        (None,)
    """
    return tuple(_followed(name, changes) for name in classes)


def _followed(name: str, changes: Sequence[Change]) -> str | None:
    at: str | None = name
    for change in changes:
        if at is None:
            return None
        at = change.mapping.get(at, at)
    return at


def translated(
    proba: Float32s, names: Sequence[str | None], classes: Sequence[str], *, several: bool = False
) -> Float32s:
    """Arrange a model's probabilities by the classes of today.

    Args:
        proba: (n, len(names)) probabilities.
        names: what each column is called today; None where that class is gone.
        classes: the classes of today, in order.
        several: whether the columns are chances of their own, rather than shares of one.

    Returns:
        (n, len(classes)), merged classes summed (of chances: the chance of at least one) and
        classes the model does not know 0. When it gives mass to classes that are gone, and columns
        are shares of one, a last column holds that mass: it is no answer of today.

    Example:
        >>> given = np.array([[0.5, 0.2, 0.3]], np.float32)
        >>> translated(given, ["pet", "pet", None], ["cow", "pet"]).round(2).tolist()
        [[0.0, 0.699999988079071, 0.30000001192092896]]
    """
    place = {name: column for column, name in enumerate(classes)}
    gone = [column for column, name in enumerate(names) if name not in place]
    extra = int(bool(gone) and not several)
    found = np.zeros((len(proba), len(classes) + extra), proba.dtype)
    for column, name in enumerate(names):
        if name in place:
            at = found[:, place[name]]
            at += proba[:, column] * (1 - at) if several else proba[:, column]
    if extra:
        found[:, -1] = proba[:, gone].sum(axis=1)
    return found
