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

from activeloop.learn.measures.resampling import RESAMPLES, Rows, interval, resamples
from activeloop.learn.types import Bools, Estimate

FEWEST: Final = 30
"""A smaller group is shown, and does not count in a gap."""
FEWEST_BEHIND: Final = 10
"""A rate of fewer samples does not count either, such as the recall of a class with 3 members."""
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
    names = sorted(set(groups))
    places = {name: at for at, name in enumerate(names)}
    tables = _Tables(truth, said, np.array([places[each] for each in groups], np.int64), len(names))
    n = len(truth)
    selection, tpr, fpr, behind = tables.rates(np.ones((1, n)))
    sizes = behind[0][0, :, 0]
    counts = [(sizes >= fewest)[:, None] & (each[0] >= max(1, fewest_behind)) for each in behind]
    seen = {
        name: Group(int(sizes[at]), bool(sizes[at] >= fewest), selection[0, at], tpr[0, at],
                    fpr[0, at])
        for name, at in places.items()
    }  # fmt: skip
    whole = _gaps((selection, tpr, fpr), counts)
    if not n or int((sizes >= fewest).sum()) < 2:
        return Fairness(seen, {}, {})
    drawn: dict[str, list[Rows]] = {name: [] for name in GAPS}
    for weights in resamples(n, rng, count=_affordable(tables.cells)):
        for name, each in _gaps(tables.rates(weights)[:3], counts).items():
            drawn[name].append(_largest(each))
    found, worst = {}, {}
    of = int(sizes[sizes >= fewest].sum())
    for name, each in whole.items():
        value = float(_largest(each)[0])
        if not np.isnan(value):
            found[name] = interval(value, np.concatenate(drawn[name]), of)
            worst[name] = int(np.nanargmax(each[0]))
    return Fairness(seen, found, worst)


class _Tables:
    """Sparse marks of (group, class) pairs, so that weights times them count all resamples."""

    def __init__(self, truth: Bools, said: Bools, group: NDArray[np.int64], G: int) -> None:
        self.shape = (G, truth.shape[1])
        self.cells = G * truth.shape[1]
        self._group = csr_matrix(
            (np.ones(len(group)), (np.arange(len(group)), group)), shape=(len(group), G)
        )
        self._said, self._true, self._both = (
            _paired(marks, group, G) for marks in (said, truth, said & truth)
        )

    def rates(self, weights: Rows) -> tuple[Rows, Rows, Rows, list[Rows]]:
        """Give (B, G, C) selection, true and false positive rates, and what is behind each."""
        B = len(weights)
        size = np.asarray(weights @ self._group)[:, :, None]
        said, true, both = (
            np.asarray(weights @ each).reshape(B, *self.shape)
            for each in (self._said, self._true, self._both)
        )
        sizes = np.broadcast_to(size, said.shape)
        false = sizes - true
        rates = (_rate(said, sizes), _rate(both, true), _rate(said - both, false))
        return (*rates, [sizes, true, false])


def _paired(marks: Bools, group: NDArray[np.int64], G: int) -> csr_matrix:
    n, C = marks.shape
    rows, classes = np.nonzero(marks)
    return csr_matrix((np.ones(len(rows)), (rows, group[rows] * C + classes)), shape=(n, G * C))


def _rate(part: Rows, whole: Rows) -> Rows:
    found: Rows = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
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
