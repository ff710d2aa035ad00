"""The yardstick: the same operation on bare arrays, as well as NumPy can do it on two threads.

Chunks are multiplied into buffers that are used again, scores lie class by class, probabilities
are never written down where logits suffice, and a running threshold leaves almost nothing to sort.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from activeloop.learn.types import Float32s, Ints
from benchmarks.selection.cells import BEST, THREADS

CHUNK, LANES = 4096, 16
Score = Callable[[Float32s, Float32s], Float32s]
"""From (k, C, n) logits and as much room beside them, both overwritten, to (n,) scores."""


def best(X: Float32s, weights: Float32s, offsets: Float32s, score: Score, members: int = 1) -> Ints:
    """Give the `BEST` rows of (n, d) by score, best first."""
    d, columns = weights.shape
    wide = np.zeros((d, -(-columns // LANES) * LANES), np.float32)
    wide[:, :columns] = weights

    def work(share: int) -> tuple[Float32s, Ints]:
        product = np.empty((CHUNK, wide.shape[1]), np.float32)
        room = np.empty((2, columns * CHUNK), np.float32)
        scores, rows, least = np.zeros(0, np.float32), np.zeros(0, np.int64), -np.inf
        for start in range(share * CHUNK, len(X), THREADS * CHUNK):
            chunk = X[start : start + CHUNK]
            n = len(chunk)
            np.matmul(chunk, wide, out=product[:n])
            logits, beside = room[:, : columns * n].reshape(2, columns, n)
            np.add(product[:n, :columns].T, offsets[:, None], out=logits)
            found = score(logits.reshape(members, -1, n), beside.reshape(members, -1, n))
            good = np.flatnonzero(found > least)
            scores, rows = np.append(scores, found[good]), np.append(rows, start + good)
            if len(scores) > 4 * BEST:
                kept = np.argpartition(scores, -BEST)[-BEST:]
                scores, rows, least = scores[kept], rows[kept], scores[kept].min()
        return scores, rows

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(THREADS) as crew:
        parts = list(crew.map(work, range(THREADS)))
    scores, rows = (np.concatenate(each) for each in zip(*parts, strict=True))
    order: Ints = rows[np.argsort(-scores, kind="stable")[:BEST]]
    return order


def entropy(logits: Float32s, room: Float32s) -> Float32s:
    """H = log S - sum(z exp z) / S: one logarithm a row, not one a class."""
    z, odds = logits[0], room[0]
    z -= z.max(axis=0)
    np.exp(z, out=odds)
    total = odds.sum(axis=0)
    odds *= z
    found: Float32s = np.log(total) - odds.sum(axis=0) / total
    return found


def margin(logits: Float32s, room: Float32s) -> Float32s:
    """1 - (p1 - p2): the largest two by one comparison a class."""
    z, (first, second, lesser) = logits[0], room[0, :3]
    np.maximum(z[0], z[1], out=first)
    np.minimum(z[0], z[1], out=second)
    for each in z[2:]:
        np.maximum(second, np.minimum(first, each, out=lesser), out=second)
        np.maximum(first, each, out=first)
    z -= first
    second -= first
    np.exp(z, out=z)
    found: Float32s = 1 - (1 - np.exp(second)) / z.sum(axis=0)
    return found


def mutual_information(logits: Float32s, room: Float32s) -> Float32s:
    """H(mean p) - mean H(p), the members' entropies by the logits as above."""
    z, odds = logits, room
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=odds)
    total = odds.sum(axis=1)
    z *= odds
    inner = (np.log(total) - z.sum(axis=1) / total).mean(axis=0)
    odds /= total[:, None]
    mean, logs = odds.mean(axis=0), z[0]
    np.log(np.maximum(mean, np.float32(1e-30), out=logs), out=logs)
    logs *= mean
    found: Float32s = -logs.sum(axis=0) - inner
    return found


SCORES: dict[str, Score] = {
    "entropy": entropy,
    "margin": margin,
    "mutual-information": mutual_information,
}
