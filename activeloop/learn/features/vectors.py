"""Ready-made vectors, taken as given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.features.contract import (
    Payload,
    checked_params,
    fingerprint_of,
    map_named,
)
from activeloop.learn.types import Float32s

CODE_VERSION: Final = 1


@dataclass(frozen=True)
class VectorFeaturizer:
    """Rows of one fixed width, unchanged but for the step to float32."""

    width: int

    @property
    def sparse(self) -> bool:
        """Rows come dense."""
        return False

    @cached_property
    def fingerprint(self) -> str:
        """Give the digest of name, code version and width."""
        return fingerprint_of(self.state()[0])

    def transform(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> Float32s:
        """Give (n, width) float32 rows.

        Raises:
            Invalid: naming the index of a vector of another width, or one that is not finite.
        """
        rows = map_named(payloads, self._row)
        return np.stack(rows) if rows else np.empty((0, self.width), np.float32)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give recipe, version and width."""
        return {"recipe": "vectors", "version": CODE_VERSION, "width": self.width}, {}

    @classmethod
    def restore(
        cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> VectorFeaturizer:
        """Rebuild from `state`."""
        return cls(int(manifest["width"]))

    def _row(self, payload: Payload) -> Float32s:
        row = _vector(payload)
        if len(row) != self.width:
            raise Invalid(f"wants a vector of {self.width} numbers, found {len(row)}.")
        return row


@dataclass(frozen=True)
class VectorRecipe:
    """Vectors as given; the first one seen sets the width."""

    given: dict[str, Any]
    name: str = "vectors"
    needs_fit: bool = True

    def __post_init__(self) -> None:
        """Refuse parameters: there are none."""
        checked_params(self.name, self.given, {})

    def fit(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> VectorFeaturizer:
        """Take the width from the first vector.

        Raises:
            Invalid: when there is no vector, or the first cannot be read.
        """
        first = map_named(payloads[:1], _vector)
        if not first:
            raise Invalid("There is no vector to take the width from; import samples first.")
        return VectorFeaturizer(len(first[0]))


def _vector(payload: Payload) -> Float32s:
    vector = payload.get("vector")
    if not isinstance(vector, list | tuple | np.ndarray) or not len(vector):
        raise Invalid("wants a list of numbers under 'vector'.")
    try:
        with np.errstate(over="ignore"):
            row = np.asarray(vector, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid("wants only numbers under 'vector'.") from error
    if row.ndim != 1 or not np.isfinite(row).all():
        raise Invalid("wants a flat list of finite numbers under 'vector'.")
    return row
