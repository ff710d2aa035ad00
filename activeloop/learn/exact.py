"""Add up numbers so that neither their order nor how they were grouped changes the sum."""

from __future__ import annotations

import numpy as np

from activeloop.learn.types import Floats

_SHIFT = 1074 + 53
"""A sum is a whole number of 2 ** -1127: below the smallest float64 with all its digits."""
_HALF = 26


def exact_sum(values: Floats) -> int:
    """Add up non-negative numbers without rounding.

    Each float64 is a whole number times a power of two; whole numbers are added per power, which
    no order can change. Sums of parts may be added and subtracted as the integers they are.

    Args:
        values: (n,) finite float64 of at least 0, n below 2 ** 26.

    Returns:
        The sum as a whole number of 2 ** -1127; a quotient of two of them is right to the last
        digit.

    Source:
        Neal (2015), Fast exact summation using small and large superaccumulators,
        arXiv 1505.05571.

    Example:
        >>> import numpy as np
        >>> tiny = exact_sum(np.array([1e300, 1e-300])) - exact_sum(np.array([1e300]))
        >>> tiny == exact_sum(np.array([1e-300]))
        True
    """
    fractions, powers = np.frexp(np.asarray(values, np.float64))
    digits = np.ldexp(fractions, 53).astype(np.int64)
    if len(digits) == 0:
        return 0
    lowest = int(powers.min())
    places = powers - lowest
    # in halves of 26 and 27 digits: 2 ** 26 of them add up below 2 ** 53, where float64 is exact
    high = np.bincount(places, weights=(digits >> _HALF).astype(np.float64))
    low = np.bincount(places, weights=(digits & ((1 << _HALF) - 1)).astype(np.float64))
    total = 0
    for place in np.flatnonzero((high > 0) | (low > 0)).tolist():
        whole = (int(high[place]) << _HALF) + int(low[place])
        total += whole << (lowest + place - 53 + _SHIFT)
    return total
