"""Does seeing the model's label sway people? Agreement with it, shown against hidden by chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from activeloop.learn.evaluate import wilson
from activeloop.learn.types import Bools, Estimate

FEWEST = 30
"""Answers on each side below which nothing is concluded."""


@dataclass(frozen=True)
class Anchoring:
    """How often people say what the model says, with its label in sight and without.

    `difference` is shown less hidden, None when one side has no answers.
    """

    shown: Estimate | None
    hidden: Estimate | None
    difference: Estimate | None

    @property
    def meaning(self) -> str:
        """Say in a sentence what it comes to."""
        if self.shown is None or self.hidden is None or self.difference is None:
            return "Nothing to compare: the model's label was not both shown and hidden."
        least = min(self.shown.n, self.hidden.n)
        if least < FEWEST:
            return f"Too few answers to tell: {least} on one side, {FEWEST} are wanted on each."
        if self.difference.low > 0:
            return (
                "People say what the model says more often when they see it: what it suggests "
                "sways them, or helps them. Where labels must be independent of the model, hide it."
            )
        if self.difference.high < 0:
            return "People say what the model says less often when they see it."
        return (
            "No sign that seeing the model's label sways people; an effect as large as the ends of "
            "the interval is not ruled out."
        )


def anchoring(agrees: Bools, shown: Bools) -> Anchoring:
    """Compare agreement with the model's label where it was shown and where it was hidden.

    Which was hidden must have been decided by chance; a difference is then caused by showing it.

    Args:
        agrees: (n,) whether the answer was the model's label.
        shown: (n,) whether that label was in sight.

    Source:
        Newcombe (1998), method 10, for the interval of the difference.

    Example:
        >>> found = anchoring(np.arange(200) % 10 > 0, np.arange(200) < 100)
        >>> found.difference.value, round(found.difference.low, 3)
        (0.0, -0.087)
    """
    seen, unseen = (_share(agrees[chosen]) for chosen in (shown, ~shown))
    return Anchoring(seen, unseen, difference(seen, unseen) if seen and unseen else None)


def _share(agrees: Bools) -> Estimate | None:
    return wilson(int(np.sum(agrees)), len(agrees)) if len(agrees) else None


def difference(one: Estimate, other: Estimate) -> Estimate:
    """Give the difference of two independent shares with Newcombe's interval."""
    value = one.value - other.value
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Estimate(value, value - below, value + above, one.n + other.n)
