"""Looks at the audit labels: each spends a part of the gate's error, so that many do not add up.

Twenty challengers that are no better, each tested at 5 % on the same labels, promote one in half of
all cases. So the error is divided over a number of looks. When all are used, only new labels give
new looks: the budget begins again once there are twice the audit labels it began with. Half of
the evidence is new then, and of a project's labels there can be few doublings.
"""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = 2
"""By how much the audit labels must have grown for a new budget."""


@dataclass(frozen=True)
class Look:
    """A look that was made: its place in its budget, and the labels that budget began with."""

    number: int
    began: int


@dataclass(frozen=True)
class Next:
    """The look that may be made now.

    Attributes:
        look: its place in the budget; None when all looks are used.
        left: how many are left after it.
        renewed_at: the number of audit labels at which the budget begins again.
    """

    look: Look | None
    left: int
    renewed_at: int


def next_look(last: Look | None, *, labels: int, looks: int) -> Next:
    """Say which look comes next.

    Args:
        last: the last look that spent anything; None before the first.
        labels: audit labels there are now.
        looks: looks that one budget has.

    Example:
        >>> next_look(None, labels=200, looks=20).look
        Look(number=1, began=200)
        >>> next_look(Look(20, 200), labels=399, looks=20).look is None
        True
        >>> next_look(Look(20, 200), labels=400, looks=20).look
        Look(number=1, began=400)
    """
    if last is None or labels >= GROWTH * last.began:
        return Next(Look(1, labels), looks - 1, GROWTH * labels)
    renewed = GROWTH * last.began
    if last.number >= looks:
        return Next(None, 0, renewed)
    return Next(Look(last.number + 1, last.began), looks - last.number - 1, renewed)
