"""The answers of several people to the same samples, as three columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.errors import Invalid
from activeloop.learn.types import Bools, Ints

NOBODY = -1
"""Stands for a class that is not known."""


@dataclass(frozen=True)
class Sheet:
    """One row for each answer.

    Attributes:
        samples: (n,) which sample, 0 up to `n_samples`.
        people: (n,) who, 0 up to `n_people`.
        said: (n,) which class, 0 up to `n_classes`.
    """

    samples: Ints
    people: Ints
    said: Ints
    n_samples: int
    n_people: int
    n_classes: int

    def __post_init__(self) -> None:
        """Refuse numbers that name nothing."""
        columns = (
            ("samples", self.samples, self.n_samples),
            ("people", self.people, self.n_people),
            ("said", self.said, self.n_classes),
        )
        for name, column, bound in columns:
            if column.shape != self.samples.shape or column.ndim != 1:
                raise Invalid(f"{name} wants one number for each of {len(self.samples)} answers.")
            if len(column) and not 0 <= int(column.min()) <= int(column.max()) < bound:
                raise Invalid(f"{name} must lie in 0..{bound - 1}.")

    def counts(self) -> Ints:
        """Give (n_samples, n_classes): how many said what of each sample.

        Example:
            >>> import numpy as np
            >>> Sheet(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([1, 1, 0]), 2, 2, 2
            ... ).counts().tolist()
            [[0, 2], [1, 0]]
        """
        cells = self.samples * self.n_classes + self.said
        found = np.bincount(cells, minlength=self.n_samples * self.n_classes)
        return found.reshape(self.n_samples, self.n_classes).astype(np.int64)

    def where(self, chosen: Bools) -> Sheet:
        """Give the sheet of some of its answers; samples and people keep their numbers."""
        return Sheet(
            self.samples[chosen],
            self.people[chosen],
            self.said[chosen],
            self.n_samples,
            self.n_people,
            self.n_classes,
        )


def majority(counts: Ints) -> Ints:
    """Give (n,) what most said of each sample, or NOBODY where two classes tie or nobody spoke.

    Example:
        >>> import numpy as np
        >>> majority(np.array([[2, 1], [1, 1], [0, 0]])).tolist()
        [0, -1, -1]
    """
    most = counts.max(axis=1, keepdims=True)
    alone = (counts == most).sum(axis=1) == 1
    found: Ints = np.where(alone, counts.argmax(axis=1), NOBODY)
    return found
