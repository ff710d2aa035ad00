"""How differently a model treats groups: demographic parity, equal opportunity, equalised odds.

Each class is looked at one against the rest, and the worst class counts. A group of few people has
rates that are mostly chance, and would alone make the gap: it is shown and not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.learn.measures.resampling import RESAMPLES, Rows, interval, measured
from activeloop.learn.types import Bools, Estimate

FEWEST: Final = 30
"""A smaller group is shown, and does not count in a gap."""
FEWEST_BEHIND: Final = 10
"""A rate of fewer samples does not count either, such as the recall of a class with 3 members."""
SWAPS: Final = 999
_AT_ONCE: Final = 4_000_000
_EVEN: Final = 1e-12
GAPS: Final = ("demographic_parity", "equal_opportunity", "equalised_odds")


@dataclass(frozen=True)
class Group:
    """What a model does to one group; arrays are (C,), nan where nothing is behind a rate.

    Attributes:
        n: its size.
        counted: whether it is large enough to count.
        selection: share of it that is said to be of a class.
        tpr: of those that are of the class, the share said to be.
        fpr: of those that are not, the share said to be.
    """

    n: int
    counted: bool
    selection: NDArray[np.float64]
    tpr: NDArray[np.float64]
    fpr: NDArray[np.float64]


@dataclass(frozen=True)
class Fairness:
    """The groups, and the largest gaps between any two that count; empty with fewer than two.

    Attributes:
        groups: by name.
        gaps: `demographic_parity` (difference of selection rates), `equal_opportunity` (of true
            positive rates) and `equalised_odds` (of those or of false positive rates, whichever is
            larger), each of the class where it is largest.
        worst: the index of that class, by the same names.
    """

    groups: Mapping[str, Group]
    gaps: Mapping[str, Estimate]
    worst: Mapping[str, int]


@dataclass(frozen=True)
class Growth:
    """How much larger a gap is with one model than with another.

    Attributes:
        by: the growth, in -1..1.
        p_grown: how often it would be as large if the two models were alike.
    """

    by: float
    p_grown: float


def fairness(
    truth: Bools,
    said: Bools,
    groups: Sequence[str],
    *,
    rng: np.random.Generator,
    fewest: int = FEWEST,
    fewest_behind: int = FEWEST_BEHIND,
) -> Fairness:
    """Compare the groups of some samples.

    Args:
        truth: (n, C) which sample is of which class.
        said: (n, C) which class the model says.
        groups: (n,) each sample's group.
        rng: draws the resamples.
        fewest: a group of fewer samples does not count.
        fewest_behind: a rate of fewer samples does not count.

    Source:
        Hardt, Price & Srebro (2016); Agarwal et al. (2018); the differences are fairlearn's.

    Example:
        >>> truth = np.array([[1, 0]] * 60 + [[0, 1]] * 60, bool)
        >>> said = truth.copy()
        >>> said[:15] = [0, 1]
        >>> groups = (["a"] * 30 + ["b"] * 30) * 2
        >>> found = fairness(truth, said, groups, rng=np.random.default_rng(0))
        >>> found.gaps["equal_opportunity"].value
        0.5
    """
    tables = _Tables(truth, said, groups)
    n = len(truth)
    selection, tpr, fpr, behind = tables.rates(np.ones((1, n)))
    sizes = behind[0][0, :, 0]
    counts = _counted(behind, fewest, fewest_behind)
    seen = {
        name: Group(int(sizes[at]), bool(sizes[at] >= fewest), selection[0, at], tpr[0, at],
                    fpr[0, at])
        for at, name in enumerate(tables.names)
    }  # fmt: skip
    whole = _gaps((selection, tpr, fpr), counts)
    if not n or int((sizes >= fewest).sum()) < 2:
        return Fairness(seen, {}, {})

    def largest(weights: Rows) -> dict[str, Rows]:
        return {name: _largest(each) for name, each in tables.gaps(weights, counts).items()}

    found, worst = {}, {}
    of = int(sizes[sizes >= fewest].sum())
    count = _affordable(tables.cells)
    for name, (value, drawn) in measured(largest, n, rng, count=count).items():
        if not np.isnan(value):
            found[name] = interval(value, drawn, of)
            worst[name] = int(np.nanargmax(whole[name][0]))
    return Fairness(seen, found, worst)


def growth(
    truth: Bools, before: Bools, after: Bools, groups: Sequence[str], *, rng: np.random.Generator
) -> dict[str, Growth]:
    """Measure how much larger the gaps between groups are with one model than with another.

    Chance is told by exchange: were the models alike, either could have given either answer, so
    their answers to a random half of the samples are swapped, again and again.

    Args:
        truth: (n, C) which sample is of which class.
        before: (n, C) which class the one model says.
        after: (n, C) which class the other says.
        groups: (n,) each sample's group.
        rng: draws the swaps.

    Returns:
        By the gap's name; without those that cannot be told.
    """
    one, other = (_Tables(truth, said, groups) for said in (before, after))
    n = len(truth)
    counts = _counted(one.rates(np.ones((1, n)))[3], FEWEST, FEWEST_BEHIND)
    grown = _grown(one, other, np.zeros((1, n)), counts)
    reached = dict.fromkeys(GAPS, 0)
    at_once = max(1, _AT_ONCE // max(n, one.cells))
    for start in range(0, SWAPS, at_once):
        swap = rng.integers(0, 2, size=(min(at_once, SWAPS - start), n)).astype(float)
        for name, each in _grown(one, other, swap, counts).items():
            reached[name] += int((each >= grown[name] - _EVEN).sum())
    return {
        name: Growth(float(value[0]), (1 + reached[name]) / (1 + SWAPS))
        for name, value in grown.items()
        if not np.isnan(value[0])
    }


def _grown(one: _Tables, other: _Tables, swap: Rows, counts: Sequence[Bools]) -> dict[str, Rows]:
    """Give (B,) how much larger each gap is with the other model, answers exchanged by `swap`."""
    first, second = (_gaps(_mixed(one, other, weights), counts) for weights in (1.0 - swap, swap))
    return {name: _largest(second[name]) - _largest(first[name]) for name in GAPS}


def _mixed(one: _Tables, other: _Tables, share: Rows) -> tuple[Rows, Rows, Rows]:
    """Give the rates of answers taken from the one model where `share` is 1, else of the other."""
    said, both = (
        of_one + of_other
        for of_one, of_other in zip(one.answers(share), other.answers(1.0 - share), strict=True)
    )
    _, _, _, (sizes, true, false) = one.rates(np.ones((1, share.shape[1])))
    return _rate(said, sizes), _rate(both, true), _rate(said - both, false)


def _counted(behind: Sequence[Rows], fewest: int, fewest_behind: int) -> list[Bools]:
    """Tell which (group, class) rates count: their groups, and what is behind them, are enough."""
    sizes = behind[0][0, :, 0]
    return [(sizes >= fewest)[:, None] & (each[0] >= max(1, fewest_behind)) for each in behind]


class _Tables:
    """Sparse marks of (group, class) pairs, so that weights times them count all resamples."""

    def __init__(self, truth: Bools, said: Bools, groups: Sequence[str]) -> None:
        self.names = sorted(set(groups))
        places = {name: at for at, name in enumerate(self.names)}
        group = np.array([places[each] for each in groups], np.int64)
        G = len(self.names)
        self.shape = (G, truth.shape[1])
        self.cells = G * truth.shape[1]
        self._group = csr_matrix(
            (np.ones(len(group)), (np.arange(len(group)), group)), shape=(len(group), G)
        )
        self._said, self._true, self._both = (
            _paired(marks, group, G) for marks in (said, truth, said & truth)
        )

    def answers(self, weights: Rows) -> tuple[Rows, Rows]:
        """Give (B, G, C) how many are said to be of a class, and how many of these rightly."""
        return self._counts(self._said, weights), self._counts(self._both, weights)

    def gaps(self, weights: Rows, counts: Sequence[Bools]) -> dict[str, Rows]:
        """Give (B, C) largest differences between groups that count, of each kind of gap."""
        return _gaps(self.rates(weights)[:3], counts)

    def rates(self, weights: Rows) -> tuple[Rows, Rows, Rows, list[Rows]]:
        """Give (B, G, C) selection, true and false positive rates, and what is behind each."""
        size = np.asarray(weights @ self._group)[:, :, None]
        said, both = self.answers(weights)
        true = self._counts(self._true, weights)
        sizes = np.broadcast_to(size, said.shape)
        false = sizes - true
        rates = (_rate(said, sizes), _rate(both, true), _rate(said - both, false))
        return (*rates, [sizes, true, false])

    def _counts(self, marks: csr_matrix, weights: Rows) -> Rows:
        return np.asarray(weights @ marks).reshape(len(weights), *self.shape)


def _paired(marks: Bools, group: NDArray[np.int64], G: int) -> csr_matrix:
    n, C = marks.shape
    rows, classes = np.nonzero(marks)
    return csr_matrix((np.ones(len(rows)), (rows, group[rows] * C + classes)), shape=(n, G * C))


def _rate(part: Rows, whole: Rows) -> Rows:
    found: Rows = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=np.broadcast_to(whole > 0, part.shape))
    return found


def _gaps(rates: tuple[Rows, Rows, Rows], counts: Sequence[Bools]) -> dict[str, Rows]:
    """Give (B, C) largest differences between groups that count; nan with fewer than two."""
    parity, opportunity, false = (
        _spread(each, count) for each, count in zip(rates, counts, strict=True)
    )
    return {
        "demographic_parity": parity,
        "equal_opportunity": opportunity,
        "equalised_odds": np.fmax(opportunity, false),
    }


def _spread(rates: Rows, count: Bools) -> Rows:
    known = count & ~np.isnan(rates)
    high = np.where(known, rates, -np.inf).max(axis=1)
    low = np.where(known, rates, np.inf).min(axis=1)
    several = known.sum(axis=1) > 1
    found: Rows = np.full(several.shape, np.nan)
    np.subtract(high, low, out=found, where=several)
    return found


def _largest(each: Rows) -> Rows:
    """Give the largest over the classes; nan where no class has one."""
    found: Rows = np.fmax.reduce(each, axis=1)
    return found


def _affordable(cells: int) -> int:
    """Give fewer resamples where there are many groups and classes: 1,000 up to 500 pairs."""
    return max(200, min(RESAMPLES, 500_000 // max(1, cells)))
