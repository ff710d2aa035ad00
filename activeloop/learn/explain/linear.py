"""The linear score of a model, and what each feature adds to it beside an average sample.

The contribution of a feature is its weight times how far its value is from the mean of the samples
learned from; with the score of the mean sample they add up to the score of the sample.

Source:
    Lundberg & Lee (2017), "A unified approach to interpreting model predictions", corollary 1:
    for a linear model and independent features these are the Shapley values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.recipes.linear import LinearModel
from activeloop.learn.recipes.marks import LinearMarks
from activeloop.learn.recipes.online_model import OnlineModel
from activeloop.learn.types import Features, Model

Doubles = NDArray[np.float64]
AT_ONCE: Final = 4096
"""Columns whose weights are turned into float64 together."""


@dataclass(frozen=True, eq=False)
class Linear:
    """The weights behind a model's scores.

    Attributes:
        width: columns of the features.
        classes: (c,) which of the model's classes have a score; the others have a base rate only.
        weights: (m, c).
        offsets: (c,) float64.
        columns: (m,) the feature columns that have a weight, sorted; None for all of them.
        folded: whether column j has the weights of row j modulo m.
        centred: whether a class's score is counted from the average of the classes'.
        words: what the score is, in a sentence.
    """

    width: int
    classes: NDArray[np.int64]
    weights: NDArray[np.floating]
    offsets: Doubles
    columns: NDArray[np.int32] | None
    folded: bool
    centred: bool
    words: str

    def at(self, columns: NDArray[np.integer]) -> Doubles:
        """Give the (k, c) weights of some feature columns; zeros where a column has none."""
        if self.folded:
            found = np.asarray(self.weights[columns % len(self.weights)], np.float64)
        elif self.columns is None:
            found = np.asarray(self.weights[columns], np.float64)
        else:
            places = np.searchsorted(self.columns, columns)
            places[places == len(self.columns)] = 0
            found = np.asarray(self.weights[places], np.float64)
            found[self.columns[places] != columns] = 0
        return found - found.mean(axis=1, keepdims=True) if self.centred else found

    def known(self) -> Iterator[NDArray[np.int64]]:
        """Give the feature columns that may have a weight, some thousands at a time."""
        every = np.arange(self.width) if self.columns is None else self.columns.astype(np.int64)
        for start in range(0, len(every), AT_ONCE):
            yield every[start : start + AT_ONCE]

    def base(self, mean: Doubles) -> Doubles:
        """Give the (c,) scores of the mean sample."""
        offsets = self.offsets - self.offsets.mean() if self.centred else self.offsets
        total = offsets.astype(np.float64, copy=True)
        for columns in self.known():
            here = columns[mean[columns] != 0]
            if len(here):
                total += mean[here] @ self.at(here)
        return total

    def parts(self, X: Features, mean: Doubles, base: Doubles | None = None) -> Parts:
        """Take the scores of one sample apart.

        Args:
            X: (1, width) its features.
            mean: (width,) the mean features of the samples learned from.
            base: what `base(mean)` gives, when it is known already.

        Raises:
            Invalid: when X is not one row of this width.
        """
        if X.shape != (1, self.width) or mean.shape != (self.width,):
            raise Invalid(f"Wanted one row and a mean of {self.width} columns, got {X.shape}.")
        base = self.base(mean) if base is None else base
        if isinstance(X, np.ndarray):
            columns = np.arange(self.width)
            values = np.asarray(X[0], np.float64)
        else:
            columns = np.asarray(X.indices, np.int64)
            values = np.asarray(X.data, np.float64)
        weights = self.at(columns)
        given = weights * (values - mean[columns])[:, None]
        # what the average sample has and this one lacks: all of the mean but its own columns
        offsets = self.offsets - self.offsets.mean() if self.centred else self.offsets
        absent = (offsets - base) + mean[columns] @ weights
        if isinstance(X, np.ndarray):
            absent = np.zeros_like(base)
        return Parts(columns, given, absent, base)


@dataclass(frozen=True, eq=False)
class Parts:
    """The scores of a sample, taken apart.

    Attributes:
        columns: (k,) feature columns that the sample has.
        given: (k, c) what each adds.
        absent: (c,) what the columns add that the sample has not and the average sample has.
        base: (c,) the scores of the average sample.
    """

    columns: NDArray[np.int64]
    given: Doubles
    absent: Doubles
    base: Doubles

    @property
    def scores(self) -> Doubles:
        """The (c,) scores: all of it together."""
        total: Doubles = self.base + self.given.sum(axis=0) + self.absent
        return total


def linear_of(model: Model) -> Linear | None:
    """Give the linear scores of a model; None when its answers do not come from such."""
    if isinstance(model, LinearModel | LinearMarks):
        heads, several = model.heads, isinstance(model, LinearMarks)
        temperature = float(model.facts.get("temperature", 1.0))
        columns, weights = heads.columns, heads.weights
        if columns is not None and (np.diff(columns) < 0).any():
            order = np.argsort(columns)
            columns, weights = columns[order], weights[order]
        return Linear(
            heads.width,
            np.asarray(model.present, np.int64),
            weights,
            np.asarray(heads.offsets, np.float64),
            columns,
            folded=False,
            centred=not several,
            words=_MARKS.format(temperature) if several else _ONE.format(temperature),
        )
    return _online(model) if isinstance(model, OnlineModel) else None


_ONE: Final = (
    "The score of a class is linear in the features, and is counted from the average of all the "
    "classes' scores. It is what stands before the softmax that makes probabilities of the scores; "
    "the temperature that calibrates them ({:.2f}) is divided out of it already."
)
_MARKS: Final = (
    "The score of a class is linear in the features: the log-odds that the class is one of the "
    "sample's labels. The temperature that calibrates it ({:.2f}) is divided out of it already."
)
_RIVALS: Final = (
    "The score of a class is linear in the features: the log-odds of this class against the rest, "
    "by a classifier of its own, before the classes' probabilities are brought to add up to 1."
)


def _online(model: OnlineModel) -> Linear:
    coef = np.asarray(model.coef[0], np.float64)
    offsets = np.asarray(model.offsets[0], np.float64)
    if model.n_classes == 2 and model.base is None:
        coef, offsets = np.concatenate([-coef, coef]), np.concatenate([-offsets, offsets])
    frame, learned = model.frame, np.arange(model.n_classes)
    if model.base is not None:
        learned = np.flatnonzero(np.isnan(model.base))
        coef, offsets = coef[learned], offsets[learned]
    if frame.mean is not None:
        coef = coef * np.asarray(frame.scale, np.float64)
        offsets = offsets - coef @ np.asarray(frame.mean, np.float64)
    return Linear(
        frame.given,
        learned.astype(np.int64),
        coef.T,
        offsets,
        None,
        folded=frame.mean is None,
        centred=False,
        words=_RIVALS if model.base is None else _MARKS.format(1.0),
    )


def why_not(recipe: str) -> str:
    """Say why the answers of a recipe are not taken apart.

    Example:
        >>> why_not("forest")[:40]
        'A forest has no linear score that could '
    """
    if recipe == "forest":
        return (
            "A forest has no linear score that could be taken apart: what a word or a column does "
            "depends on all the others. Rather than numbers that look exact and are not, none are "
            "shown. Train a version with the recipe linear to see contributions."
        )
    return f"The recipe {recipe!r} does not say what its scores are made of."
