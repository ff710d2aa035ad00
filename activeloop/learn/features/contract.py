"""What a feature recipe is: payloads in, float32 rows out, a fingerprint of all that decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.types import Features
from activeloop.spec import Params

Payload = Mapping[str, Any]
Arrays = Mapping[str, NDArray[Any]]


@runtime_checkable
class Featurizer(Protocol):
    """A recipe with everything fitted: the same payload gives the same row, for ever."""

    @property
    def fingerprint(self) -> str:
        """Give 64 hex digits over recipe, parameters, code version and fitted state."""
        ...

    @property
    def width(self) -> int:
        """Say how many columns a row has."""
        ...

    @property
    def sparse(self) -> bool:
        """Say whether rows come as CSR."""
        ...

    def transform(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> Features:
        """Give (n, width) float32 rows.

        Args:
            payloads: the samples' payloads.
            blobs: for images, their encoded bytes, parallel to `payloads`.

        Raises:
            Invalid: naming the index of the first sample that does not fit.
        """
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give the JSON-able manifest and arrays from which `restore` rebuilds it."""
        ...


@runtime_checkable
class Recipe(Protocol):
    """A way of making features, before it has seen any sample."""

    @property
    def name(self) -> str:
        """Give the name under which the spec asks for it."""
        ...

    @property
    def needs_fit(self) -> bool:
        """Say whether `fit` looks at the samples."""
        ...

    def fit(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> Featurizer:
        """Learn what has to be learned (medians, categories) from a sample of the pool.

        Raises:
            Invalid: naming the index of the first sample that does not fit.
        """
        ...


def fingerprint_of(manifest: Mapping[str, Any], arrays: Arrays | None = None) -> str:
    """Hash a manifest and its arrays: equal recipe, parameters, version and state, equal digest.

    Returns:
        64 hex digits (SHA-256).
    """
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode())
    for name in sorted(arrays or {}):
        array = np.ascontiguousarray((arrays or {})[name])
        digest.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def map_named(items: Iterable[Any], convert: Callable[[Any], Any]) -> list[Any]:
    """Convert every item; on failure say which one it was.

    Raises:
        Invalid: the item's own complaint, with `sample <index>` as its place.
    """
    converted = []
    for index, item in enumerate(items):
        try:
            converted.append(convert(item))
        except Invalid as error:
            raise Invalid.field(f"sample {index}", error.message) from error
    return converted


def checked_params(name: str, params: Params, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the defaults and refuse names and types that the recipe does not know.

    Raises:
        Invalid: naming the parameter, what was found and what is wanted.
    """
    for key, value in params.items():
        where = f"params.{key}"
        if key not in defaults:
            known = ", ".join(sorted(defaults)) or "none"
            raise Invalid.field(
                where, f"recipe {name!r} has no such parameter.", f"Known: {known}."
            )
        wanted = type(defaults[key])
        fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
        if not fits or (isinstance(value, bool) and wanted is not bool):
            raise Invalid.field(where, f"must be of type {wanted.__name__}, is {value!r}.")
        if wanted in (int, float) and wanted is not bool and not _positive(value):
            raise Invalid.field(where, f"must be a positive finite number, is {value!r}.")
    return {**defaults, **params}


def _positive(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, int | float) and 0 < value < float("inf"))
