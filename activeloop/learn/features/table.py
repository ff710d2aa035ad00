"""Tabular rows: each column by its own kind, decided on a sample of the pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Invalid
from activeloop.learn.features.columns import Column, decide, from_state, to_state
from activeloop.learn.features.contract import Payload, checked_params, fingerprint_of
from activeloop.learn.types import Float32s

CODE_VERSION: Final = 1


@dataclass(frozen=True)
class TableFeaturizer:
    """Dense rows: numbers standardised, categories one-hot, long strings hashed."""

    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        """Say how many columns a row has."""
        return sum(column.width for column in self.columns)

    @property
    def sparse(self) -> bool:
        """Rows come dense."""
        return False

    @cached_property
    def fingerprint(self) -> str:
        """Give the digest of name, code version and fitted columns."""
        return fingerprint_of(self.state()[0])

    def transform(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> Float32s:
        """Give (n, width) float32 rows; a column that a sample lacks counts as missing.

        Raises:
            Invalid: naming the index of a sample that is no flat row.
        """
        rows = np.zeros((len(payloads), self.width), np.float32)
        try:
            self._fill(payloads, rows)
        except (Invalid, AttributeError):
            _name_culprit(payloads)
            raise
        return rows

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give recipe, version and the fitted columns."""
        columns = [to_state(column) for column in self.columns]
        return {"recipe": "table", "version": CODE_VERSION, "columns": columns}, {}

    @classmethod
    def restore(
        cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> TableFeaturizer:
        """Rebuild from `state`."""
        return cls(tuple(from_state(state) for state in manifest["columns"]))

    def _fill(self, payloads: Sequence[Payload], rows: Float32s) -> None:
        start = 0
        for column in self.columns:
            values = [payload.get(column.name) for payload in payloads]
            column.fill(values, rows[:, start : start + column.width])
            start += column.width


@dataclass(frozen=True)
class TableRecipe:
    """Decides each column's kind on a sample of the pool."""

    given: dict[str, Any]
    name: str = "table"
    needs_fit: bool = True

    def __post_init__(self) -> None:
        """Refuse parameters: there are none."""
        checked_params(self.name, self.given, {})

    def fit(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> TableFeaturizer:
        """Look at the columns of the samples given.

        Raises:
            Invalid: when no sample has a value in any column.
        """
        for index, payload in enumerate(payloads):
            _check_row(index, payload)
        names = sorted({name for payload in payloads for name in payload})
        decided = [decide(name, [payload.get(name) for payload in payloads]) for name in names]
        columns = tuple(column for column in decided if column is not None)
        if not columns:
            raise Invalid("No sample has a value in any column; import rows with values first.")
        return TableFeaturizer(columns)


def _check_row(index: int, payload: object) -> None:
    where = f"sample {index}"
    if not isinstance(payload, Mapping):
        raise Invalid.field(where, f"wants a row of columns, found {type(payload).__name__}.")
    for name, value in payload.items():
        if isinstance(value, dict | list | tuple | set):
            raise Invalid.field(where, f"column {name!r} holds a {type(value).__name__}.")


def _name_culprit(payloads: Sequence[Payload]) -> None:
    # Only on failure: the good path goes column by column and does not know the row.
    for index, payload in enumerate(payloads):
        _check_row(index, payload)
