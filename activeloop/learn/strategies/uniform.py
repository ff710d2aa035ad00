"""The yardstick: everything is worth the same."""

from __future__ import annotations

import numpy as np

from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.types import Floats, View


@strategy("random", needs=(), picks="sample", answers=("one", "several"))
def random(view: View, *, params: Params) -> Floats:
    """Score every candidate 1; the draw that follows makes the order uniformly random.

    The chance is in the picking, not here: so the same seed gives the same order however the
    pool is cut into blocks, and every pick's probability is exactly 1 / remaining.

    Returns:
        (n,) of 1.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((3, 2), np.float32), None, None, None, None,
        ...             np.random.default_rng(0))
        >>> random(view, params={}).tolist()
        [1.0, 1.0, 1.0]
    """
    return np.ones(view.X.shape[0])
