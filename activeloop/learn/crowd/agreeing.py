"""How far people agree beyond chance: Krippendorff's alpha, Fleiss' and Cohen's kappa.

Every figure comes with a 95 % interval over samples, and is None where it is not defined: when
nobody answered the same sample, or everybody gave one answer to all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from activeloop.learn.crowd.resampling import Statistic, estimates, patterns
from activeloop.learn.evaluate import wilson
from activeloop.learn.types import Estimate, Floats, Ints


@dataclass(frozen=True)
class Alphas:
    """Krippendorff's alpha, and each class's against the rest.

    `overall` is that of all classes together, or the mean of those of the classes when an answer
    may be several of them.
    """

    overall: Estimate | None
    classes: tuple[Estimate | None, ...]


def alpha(counts: Ints, *, rng: np.random.Generator) -> Alphas:
    """Measure how far one-class answers agree, by Krippendorff's alpha for names.

    1 is full agreement, 0 what chance gives, below 0 more disagreement than chance. Samples with a
    single answer say nothing and are left out; numbers of answers may differ.

    Args:
        counts: (n, C) how many said what of each sample.
        rng: draws the resamples.

    Source:
        Krippendorff (2011), Computing Krippendorff's alpha-reliability. Equal to the `krippendorff`
        package's.

    Example:
        >>> import numpy as np
        >>> found = alpha(np.array([[2, 0], [0, 2], [1, 1], [2, 0]]), rng=np.random.default_rng(0))
        >>> round(found.overall.value, 4), len(found.classes)
        (0.5333, 2)
    """
    paired, tallies = patterns(counts[counts.sum(axis=1) > 1])
    if not len(tallies):
        return Alphas(None, (None,) * counts.shape[1])
    sizes = paired.sum(axis=1)
    apart = (sizes**2 - (paired**2).sum(axis=1)) / (sizes - 1)
    one = _Alpha(sizes, paired, apart[:, None])
    each = _each(paired, sizes)

    def figures(weights: Floats) -> Floats:
        return np.concatenate([one.joint(weights), each.single(weights)], axis=1)

    def floor(weights: Floats) -> Floats:
        return np.concatenate([one.floor(weights), each.floor(weights)], axis=1)

    overall, *classes = estimates(figures, tallies, sure=floor, rng=rng)
    return Alphas(overall, tuple(classes))


def alpha_of_marks(named: Ints, answers: Ints, *, rng: np.random.Generator) -> Alphas:
    """Measure how far answers of several classes agree: each class by itself, and their mean.

    Args:
        named: (n, C) how many named each class.
        answers: (n,) how many answered.
        rng: draws the resamples.
    """
    rows = np.column_stack([answers, named])[answers > 1]
    paired, tallies = patterns(rows)
    if not len(tallies):
        return Alphas(None, (None,) * named.shape[1])
    each = _each(paired[:, 1:], paired[:, 0])

    def figures(weights: Floats) -> Floats:
        return _with_mean(each.single(weights))

    def floor(weights: Floats) -> Floats:
        return _with_mean(each.floor(weights))

    overall, *classes = estimates(figures, tallies, sure=floor, rng=rng)
    return Alphas(overall, tuple(classes))


def _with_mean(figures: Floats) -> Floats:
    """Put the mean of the figures that are defined before them."""
    known = ~np.isnan(figures)
    sums = np.where(known, figures, 0).sum(axis=1)
    means = np.divide(sums, known.sum(axis=1), out=np.full(len(sums), np.nan),
                      where=known.any(axis=1))  # fmt: skip
    return np.column_stack([means, figures])


@dataclass(frozen=True)
class _Alpha:
    """What alpha is made of, for each pattern of answers.

    Attributes:
        sizes: (k,) how many answered.
        named: (k, C) how many named each class.
        apart: (k, f) the pairs of answers that differ, per other answer: as ordered pairs.
    """

    sizes: Ints
    named: Ints
    apart: Floats

    def joint(self, weights: Floats) -> Floats:
        """Give (b, 1) alpha of all classes."""
        total, by_class = self._totals(weights)
        chance = (total**2 - (by_class**2).sum(axis=1, keepdims=True)) / (total - 1)
        return _beyond(weights @ self.apart, chance)

    def single(self, weights: Floats) -> Floats:
        """Give (b, C) alpha of each class against the rest."""
        total, by_class = self._totals(weights)
        return _beyond(weights @ self.apart, 2 * by_class * (total - by_class) / (total - 1))

    def floor(self, weights: Floats) -> Floats:
        """Give what alpha would be if the share of samples without dispute were Wilson's low."""
        total, by_class = self._totals(weights)
        n = int(weights.sum())
        shares = by_class / total
        if self.apart.shape[1] == 1:
            expected = 1 - (shares**2).sum(axis=1, keepdims=True)
        else:
            expected = 2 * shares * (1 - shares)
        return _beyond(np.full_like(expected, 1 - wilson(n, n).low), expected)

    def _totals(self, weights: Floats) -> tuple[Floats, Floats]:
        return weights @ self.sizes[:, None].astype(float), weights @ self.named.astype(float)


def _each(named: Ints, sizes: Ints) -> _Alpha:
    others = sizes[:, None] - named
    return _Alpha(sizes, named, 2 * named * others / (sizes[:, None] - 1))


def _beyond(observed: Floats, expected: Floats) -> Floats:
    """Give 1 - observed / expected disagreement; nan where none is to be expected."""
    ratio = np.divide(observed, expected, out=np.full(expected.shape, np.nan), where=expected > 0)
    found: Floats = 1 - ratio
    return found


def fleiss(counts: Ints, *, rng: np.random.Generator) -> Estimate | None:
    """Measure how far answers agree by Fleiss' kappa, which wants as many for each sample.

    Samples with another number of answers than most (two or more) are left out.

    Args:
        counts: (n, C) how many said what of each sample.
        rng: draws the resamples.

    Source:
        Fleiss (1971), Measuring nominal scale agreement among many raters.
    """
    sizes = counts.sum(axis=1)
    several = sizes[sizes > 1]
    if not len(several):
        return None
    size = int(np.bincount(several).argmax())
    paired, tallies = patterns(counts[sizes == size])
    apart = 1 - (paired * (paired - 1)).sum(axis=1) / (size * (size - 1))

    def chance(weights: Floats) -> Floats:
        shares = weights @ paired / (weights.sum(axis=1, keepdims=True) * size)
        found: Floats = 1 - (shares**2).sum(axis=1, keepdims=True)
        return found

    return _kappa(apart, chance, tallies, rng)


def cohen(
    first: Ints, second: Ints, n_classes: int, *, rng: np.random.Generator
) -> Estimate | None:
    """Measure how far two people agree on the samples that both answered, by Cohen's kappa.

    Args:
        first: (n,) what one said.
        second: (n,) what the other said of the same samples.
        n_classes: how many classes there are.
        rng: draws the resamples.

    Source:
        Cohen (1960). Equal to scikit-learn's cohen_kappa_score.

    Example:
        >>> import numpy as np
        >>> a, b = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 0])
        >>> round(cohen(a, b, 2, rng=np.random.default_rng(0)).value, 4)
        0.6154
    """
    if not len(first):
        return None
    pairs, tallies = patterns(np.column_stack([first, second]))
    every = np.arange(n_classes)
    mine, theirs = (pairs[:, [side]] == every for side in (0, 1))

    def chance(weights: Floats) -> Floats:
        total = weights.sum(axis=1, keepdims=True) ** 2
        both: Floats = ((weights @ mine) * (weights @ theirs)).sum(axis=1, keepdims=True)
        found: Floats = 1 - both / total
        return found

    return _kappa((pairs[:, 0] != pairs[:, 1]).astype(float), chance, tallies, rng)


def _kappa(
    apart: Floats, chance: Statistic, tallies: Ints, rng: np.random.Generator
) -> Estimate | None:
    """Compare the mean disagreement of the patterns with what chance gives."""

    def figure(weights: Floats) -> Floats:
        return _beyond(weights @ apart[:, None] / weights.sum(axis=1, keepdims=True),
                       chance(weights))  # fmt: skip

    def floor(weights: Floats) -> Floats:
        n = int(weights.sum())
        expected = chance(weights)
        return _beyond(np.full_like(expected, 1 - wilson(n, n).low), expected)

    return estimates(figure, tallies, sure=floor, rng=rng)[0]
