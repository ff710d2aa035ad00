"""Images as a classical descriptor: edges, colour, texture and a thumbnail, from decoded pixels."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from activeloop.errors import Invalid
from activeloop.learn.features import descriptor
from activeloop.learn.features.contract import (
    Payload,
    checked_params,
    fingerprint_of,
    map_named,
)
from activeloop.learn.types import Float32s

CODE_VERSION: Final = 1
_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    EOFError,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class ImageFeaturizer:
    """Dense rows of unit length; see `descriptor` for the blocks."""

    @property
    def width(self) -> int:
        """Say how many columns a row has."""
        return descriptor.WIDTH

    @property
    def sparse(self) -> bool:
        """Rows come dense."""
        return False

    @cached_property
    def fingerprint(self) -> str:
        """Give the digest of name and code version."""
        return fingerprint_of(self.state()[0])

    def transform(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> Float32s:
        """Give (n, width) float32 rows from the encoded images.

        Raises:
            Invalid: when `blobs` is not parallel to `payloads`, or naming the index of an image
                that cannot be decoded.
        """
        if blobs is None or len(blobs) != len(payloads):
            found = 0 if blobs is None else len(blobs)
            raise Invalid(f"{len(payloads)} images want as many encoded files, got {found}.")
        rows = map_named(blobs, _row)
        return np.stack(rows) if rows else np.empty((0, self.width), np.float32)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give recipe and version; nothing is fitted."""
        return {"recipe": "image", "version": CODE_VERSION}, {}

    @classmethod
    def restore(
        cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> ImageFeaturizer:
        """Rebuild from `state`."""
        return cls()


@dataclass(frozen=True)
class ImageRecipe:
    """A fixed descriptor; looks at no sample before it starts."""

    given: dict[str, Any]
    name: str = "image"
    needs_fit: bool = False

    def __post_init__(self) -> None:
        """Refuse parameters: there are none."""
        checked_params(self.name, self.given, {})

    def fit(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> ImageFeaturizer:
        """Give the featurizer; the samples are not looked at."""
        return ImageFeaturizer()


def _row(blob: bytes) -> Float32s:
    return descriptor.describe(_decoded(blob))


def _decoded(blob: bytes) -> Image.Image:
    """Decode to RGB, transparent parts on white."""
    try:
        with Image.open(io.BytesIO(blob)) as opened:
            # JPEG can be decoded at a fraction of its size, many times faster.
            opened.draft("RGB", (2 * descriptor.SIDE, 2 * descriptor.SIDE))
            if "A" in opened.getbands() or "transparency" in opened.info:
                layer = opened.convert("RGBA")
                return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert(
                    "RGB"
                )
            return opened.convert("RGB")
    except _UNREADABLE as error:
        raise Invalid(f"the image cannot be decoded: {error}") from error
