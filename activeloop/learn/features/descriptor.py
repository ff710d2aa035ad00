"""The image descriptor: eight blocks, each of a fixed length, joined to a row of unit length.

Histograms are compared by their square roots (Arandjelovic & Zisserman 2012, "RootSIFT"), which
makes the Euclidean distance between rows a Hellinger distance. The weights were found on photos
of waste (six materials) and hold up on handwritten digits.

Source:
    Dalal & Triggs (2005) for gradients; Ojala, Pietikainen & Maenpaa (2002) for local binary
    patterns.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from activeloop.learn.types import Float32s

SIDE: Final = 128
"""Images are described at this many pixels a side, whatever their shape."""
TINY: Final = 32
"""Images no larger than this are described at this many: blown up, they hold nothing more."""
THUMB: Final = 8
_BINS: Final = 12
_TEXTURES: Final = ((1, 8, 1), (1, 16, 2), (2, 16, 2))
"""By how much the side is divided, points on the circle, and its radius."""
_SCALES: Final = 4
_WEIGHTS: Final = {
    "edges": 0.7,
    "texture0": 1.0,
    "texture1": 1.0,
    "texture2": 1.0,
    "colour": 2.0,
    "places": 2.0,
    "thumb": 1.0,
    "strokes": 3.0,
}
LENGTHS: Final = {
    "edges": 144,
    "texture0": 50,
    "texture1": 90,
    "texture2": 90,
    "colour": 192,
    "places": 252,
    "thumb": 192,
    "strokes": 96,
}
"""Columns of each block, in the order in which they are joined."""
WIDTH: Final = sum(LENGTHS.values())


def describe(image: Image.Image) -> Float32s:
    """Describe one RGB image.

    Returns:
        (WIDTH,) float32 of unit length.
    """
    side = SIDE if max(image.size) > TINY else TINY
    pixels = image.resize((side, side), Image.Resampling.BILINEAR)
    shades = pixels.convert("L")
    hsv = np.asarray(pixels.convert("HSV")).astype(np.intp)
    blocks = {
        "edges": _edges(shades),
        **{f"texture{i}": _texture(shades, *at) for i, at in enumerate(_TEXTURES)},
        "colour": _colour(hsv),
        "places": _places(hsv),
        "thumb": _thumb(image),
        "strokes": _strokes(np.asarray(shades)),
    }
    row = np.concatenate([_unit(blocks[name]) * weight for name, weight in _WEIGHTS.items()])
    return _unit(row).astype(np.float32)


def _unit(block: NDArray[Any]) -> NDArray[np.float64]:
    block = np.asarray(block, dtype=np.float64)
    length = float(np.linalg.norm(block))
    return block / length if length > 0 else block


def _rooted(counts: NDArray[Any]) -> NDArray[np.float64]:
    return _unit(np.sqrt(counts))


def _edges(shades: Image.Image) -> NDArray[np.float64]:
    """Directions of gradients in 4 x 4 places."""
    from skimage.feature import hog

    small = np.asarray(shades.resize((64, 64), Image.Resampling.BICUBIC))
    found: NDArray[np.float64] = hog(
        small, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(1, 1), transform_sqrt=True
    )
    return found


def _texture(shades: Image.Image, share: int, points: int, radius: int) -> NDArray[np.float64]:
    """Uniform local binary patterns, in the four quarters and in all."""
    from skimage.feature import local_binary_pattern

    side = shades.width // share
    grey = np.asarray(shades.resize((side, side), Image.Resampling.BOX))
    patterns = local_binary_pattern(grey, points, radius, "uniform").astype(np.intp)
    half, kinds = side // 2, points + 2
    quarters = [
        np.bincount(patterns[top : top + half, left : left + half].ravel(), minlength=kinds)
        for top in (0, half)
        for left in (0, half)
    ]
    return np.concatenate([_rooted(part) for part in [*quarters, np.sum(quarters, axis=0)]])


def _colour(hsv: NDArray[np.intp]) -> NDArray[np.float64]:
    """One histogram of hue, saturation and value together."""
    cells = (hsv[..., 0] * _BINS // 256) * 16 + (hsv[..., 1] // 64) * 4 + hsv[..., 2] // 64
    return _rooted(np.bincount(cells.ravel(), minlength=_BINS * 16))


def _places(hsv: NDArray[np.intp]) -> NDArray[np.float64]:
    """Hue, saturation and value apart, in 3 x 3 places."""
    return np.concatenate(
        [
            _rooted(np.bincount((cell[..., channel] * bins // 256).ravel(), minlength=bins))
            for band in np.array_split(hsv, 3, axis=0)
            for cell in np.array_split(band, 3, axis=1)
            for channel, bins in ((0, _BINS), (1, 8), (2, 8))
        ]
    )


def _thumb(image: Image.Image) -> NDArray[np.float64]:
    """The picture at 8 x 8: for a small scan these are its own pixels."""
    return np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX), np.float64).ravel() / 255


def _strokes(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How strong and in which directions brightness changes, at four scales."""
    found, level = [], grey.astype(np.float32) / 255
    for _ in range(_SCALES):
        across, down = np.diff(level, axis=1)[:-1], np.diff(level, axis=0)[:, :-1]
        strength = np.hypot(across, down)
        turn = ((np.arctan2(down, across) % np.pi) / np.pi * _BINS).astype(np.intp)
        strengths = np.histogram(np.log(strength + 1e-3), bins=_BINS, range=(-7, 0.4))[0]
        directions = np.bincount(
            turn.clip(0, _BINS - 1).ravel(), weights=strength.ravel(), minlength=_BINS
        )
        found += [_rooted(strengths), _rooted(directions)]
        side = level.shape[0] // 2
        level = level.reshape(side, 2, side, 2).mean((1, 3))
    return np.concatenate(found)
