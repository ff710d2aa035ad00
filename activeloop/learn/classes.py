"""Sums and extremes over the classes, fast whether a class or a row lies together in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.types import Floats


def entropies(proba: Floats) -> Floats:
    """Give Shannon's entropy over the last axis: -sum_c p_c log p_c, in nats.

    numpy's own logarithm is used because it works on many numbers at a time in float32 too;
    scipy.special.entr takes ten times as long.

    Args:
        proba: (..., C) probabilities.

    Returns:
        (...) of the dtype of `proba`, in [0, log C].

    Example:
        >>> import numpy as np
        >>> entropies(np.array([[.5, .5], [1., 0.]])).round(4).tolist()
        [0.6931, 0.0]
    """
    # the smallest normal number stands for 0: its logarithm is finite, and 0 times it is 0
    logs = np.maximum(proba, np.finfo(proba.dtype).tiny)
    np.log(logs, out=logs)
    logs *= proba
    found: Floats = 0 - logs.sum(axis=-1)
    return found


def binary_entropies(proba: Floats) -> Floats:
    """Give the entropy of each class by itself: -p log p - (1 - p) log(1 - p), in nats.

    Args:
        proba: (...) probabilities.

    Returns:
        (...) of the dtype of `proba`, in [0, log 2].

    Example:
        >>> import numpy as np
        >>> binary_entropies(np.array([.5, 1.])).round(4).tolist()
        [0.6931, 0.0]
    """
    tiny = np.finfo(proba.dtype).tiny
    found: Floats = np.zeros_like(proba)
    for p in (proba, 1 - proba):
        logs = np.maximum(p, tiny)
        np.log(logs, out=logs)
        logs *= p
        found -= logs
    return found


def gap(proba: Floats) -> Floats:
    """Give p1 - p2, the difference of the two largest over the last axis.

    One comparison per class keeps the two largest so far; no row is sorted.

    Args:
        proba: (..., C) probabilities, C at least 2.

    Returns:
        (...) of the dtype of `proba`, in [0, 1].

    Example:
        >>> import numpy as np
        >>> gap(np.array([[.5, .25, .25]])).tolist()
        [0.25]
    """
    first = np.maximum(proba[..., 0], proba[..., 1])
    second = np.minimum(proba[..., 0], proba[..., 1])
    for c in range(2, proba.shape[-1]):
        # the smaller of the new one and the largest is what could become the second
        np.maximum(second, np.minimum(first, proba[..., c]), out=second)
        np.maximum(first, proba[..., c], out=first)
    first -= second
    return first


def votes(committee: Floats) -> NDArray[np.unsignedinteger[Any]]:
    """Count the members whose likeliest class is c; of classes that tie, the first counts.

    Args:
        committee: (k, n, C) probabilities.

    Returns:
        (C, n) counts that add up to k for each row.

    Example:
        >>> import numpy as np
        >>> votes(np.array([[[.9, .1]], [[.5, .5]], [[.2, .8]]])).tolist()
        [[2], [1]]
    """
    k, n, classes = committee.shape
    top = committee[..., 0].copy()
    for c in range(1, classes):
        np.maximum(top, committee[..., c], out=top)
    # bytes where they suffice: numpy adds 32 of them at a time
    dtype = np.uint8 if k < 256 else np.uint32
    counts = np.empty((classes, n), dtype)
    undecided = np.ones((k, n), np.bool_)
    for c in range(classes):
        chosen = committee[..., c] == top
        chosen &= undecided
        undecided ^= chosen
        np.add.reduce(chosen.view(np.uint8), axis=0, dtype=dtype, out=counts[c])
    return counts
