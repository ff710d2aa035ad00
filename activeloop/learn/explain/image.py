"""Contributions of the image descriptor, drawn on the picture where they have a place."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.features import descriptor

Doubles = NDArray[np.float64]
SIDE: Final = 8
"""The grid has as many rows and columns as the thumbnail, the finest part that has a place."""
WHOLE: Final = {
    "texture": "Texture of the whole picture",
    "colour": "Colours of the whole picture",
    "strokes": "Strength and direction of edges in the whole picture",
}


def regions(given: Doubles) -> tuple[Doubles, dict[str, Doubles]]:
    """Add up contributions by place.

    Args:
        given: (1106, c) contributions of the descriptor's columns; the first number is its width.

    Returns:
        (8, 8, c) by row and column of the picture, and by name what has no place in it.
    """
    count = given.shape[1]
    grid = np.zeros((SIDE, SIDE, count))
    apart = {name: np.zeros(count) for name in WHOLE}
    for name, block in blocks(given).items():
        if name == "edges":
            grid += _laid(block.reshape(4, 4, -1, count).sum(axis=2))
        elif name == "places":
            grid += _laid(block.reshape(3, 3, -1, count).sum(axis=2))
        elif name == "thumb":
            grid += _laid(block.reshape(SIDE, SIDE, -1, count).sum(axis=2))
        elif name.startswith("texture"):
            parts = block.reshape(5, -1, count).sum(axis=1)
            grid += _laid(parts[:4].reshape(2, 2, count))
            apart["texture"] += parts[4]
        else:
            apart[name] += block.sum(axis=0)
    return grid, {WHOLE[name]: total for name, total in apart.items()}


def blocks(given: Doubles) -> dict[str, Doubles]:
    """Cut the descriptor's columns into its blocks, by name."""
    lengths = descriptor.LENGTHS
    ends = np.cumsum(list(lengths.values()))[:-1]
    return dict(zip(lengths, np.split(given, ends), strict=True))


def _laid(cells: Doubles) -> Doubles:
    """Lay (k, k, c) cells over the grid: each gives its share by the area it covers there."""
    over = overlap(cells.shape[0])
    return np.asarray(np.einsum("ir,js,rsc->ijc", over, over, cells))


def overlap(parts: int) -> Doubles:
    """Give (8, parts): which share of each part of a side lies in each row of the grid.

    Example:
        >>> overlap(3)[:3].round(3).tolist()
        [[0.375, 0.0, 0.0], [0.375, 0.0, 0.0], [0.25, 0.125, 0.0]]
    """
    rows, cuts = np.arange(SIDE + 1) / SIDE, np.arange(parts + 1) / parts
    low = np.maximum(rows[:-1, None], cuts[None, :-1])
    high = np.minimum(rows[1:, None], cuts[None, 1:])
    return np.asarray(np.clip(high - low, 0, None) * parts)
