"""Judge many comparisons together, and windows over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from activeloop.learn.types import Floats

RECENT = 3
NEEDED = 2


def adjusted(p: Sequence[float]) -> Floats:
    """Adjust p-values for how many there are, by false discovery rate.

    Returns:
        (m,) in [0, 1], in the order given; what is at most q may be called a finding while no more
        than a share q of the findings is expected to be false.

    Source:
        Benjamini & Hochberg (1995).

    Example:
        >>> adjusted([0.01, 0.5, 0.02]).round(3).tolist()
        [0.03, 0.5, 0.03]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * len(values) / np.arange(1, len(values) + 1)
    least = np.minimum.accumulate(scaled[::-1])[::-1]
    back = np.empty_like(values)
    back[order] = np.minimum(least, 1.0)
    return back


def alarming(drifted: Sequence[bool]) -> bool:
    """Tell whether windows, oldest first, call for an alarm: the last and one more of three.

    One window alone may be chance; a change that lasts shows in the next one, too.

    Example:
        >>> alarming([False, True, True]), alarming([True, True, False])
        (True, False)
    """
    recent = list(drifted[-RECENT:])
    return bool(recent) and recent[-1] and sum(recent) >= NEEDED
