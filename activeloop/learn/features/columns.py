"""One column of a table: decided on a sample, then turned into numbers the same way for ever."""

from __future__ import annotations

import math
import statistics
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final

import numpy as np

from activeloop.errors import Invalid
from activeloop.learn.types import Float32s

NUMERIC_SHARE: Final = 0.95
"""A column is numeric when at least this share of its present values reads as numbers."""
MAX_CATEGORIES: Final = 50
HASHED_WIDTH: Final = 64
LARGEST: Final = 1e100
"""A larger number counts as missing: its square would overflow."""
REACH: Final = 10.0
"""Numbers further than this many standard deviations from the mean are drawn in to there."""


@dataclass(frozen=True)
class Numeric:
    """Missing values become the median and are marked; the rest is standardised."""

    name: str
    median: float
    mean: float
    scale: float
    kind: ClassVar[str] = "numeric"
    width: ClassVar[int] = 2

    def fill(self, values: Sequence[Any], out: Float32s) -> None:
        """Write value and missing mark into the (n, 2) slice `out`."""
        numbers = np.array([_number(value) for value in values], dtype=np.float64)
        missing = np.isnan(numbers)
        numbers[missing] = self.median
        out[:, 0] = np.clip((numbers - self.mean) / self.scale, -REACH, REACH)
        out[:, 1] = missing


@dataclass(frozen=True)
class Categories:
    """One column a frequent value, one for all others, one for missing."""

    name: str
    values: tuple[str, ...]
    kind: ClassVar[str] = "categories"

    @property
    def width(self) -> int:
        """Say how many columns it fills."""
        return len(self.values) + 2

    def fill(self, values: Sequence[Any], out: Float32s) -> None:
        """Write one 1 a row into the (n, width) slice `out`."""
        places = {value: place for place, value in enumerate(self.values)}
        other = len(self.values)
        for row, value in enumerate(values):
            out[row, other + 1 if _missing(value) else places.get(_word(value), other)] = 1


@dataclass(frozen=True)
class Hashed:
    """Words of a column with too many values, hashed; a row of them is of unit length."""

    name: str
    kind: ClassVar[str] = "hashed"
    width: ClassVar[int] = HASHED_WIDTH

    def fill(self, values: Sequence[Any], out: Float32s) -> None:
        """Write the hashed words into the (n, 64) slice `out`; a missing value is all zero."""
        for row, value in enumerate(values):
            words = [] if _missing(value) else _word(value).casefold().split()[:100]
            for word in words:
                out[row, zlib.crc32(word.encode("utf-8", "surrogatepass")) % HASHED_WIDTH] += 1
            if words:
                out[row] /= np.linalg.norm(out[row])


Column = Numeric | Categories | Hashed


def decide(name: str, values: Sequence[Any]) -> Column | None:
    """Choose how a column becomes numbers from a sample of its values.

    Returns:
        The column, or None when the sample has no value in it.
    """
    present = [value for value in values if not _missing(value)]
    numbers = [number for number in map(_number, present) if not math.isnan(number)]
    if not present:
        return None
    if len(numbers) >= NUMERIC_SHARE * len(present) and not isinstance(present[0], bool):
        mean, spread = statistics.fmean(numbers), float(np.std(numbers))
        # A constant column is left at 0, not divided by rounding noise.
        scale = spread if spread > 1e-9 * max(1.0, abs(mean)) else 1.0
        return Numeric(name, float(statistics.median(numbers)), mean, scale)
    counts = Counter(map(_word, present))
    if len(counts) > MAX_CATEGORIES and len(counts) > len(present) / 2:
        return Hashed(name)
    least = 1 if len(present) < 50 else max(2, len(present) // 1000)
    frequent = [value for value, count in counts.most_common(MAX_CATEGORIES) if count >= least]
    return Categories(name, tuple(sorted(frequent)))


def to_state(column: Column) -> dict[str, Any]:
    """Give a column as JSON-able values."""
    return {"kind": column.kind, **asdict(column)}


def from_state(state: dict[str, Any]) -> Column:
    """Rebuild a column from `to_state`.

    Raises:
        KeyError, TypeError: when the values are not those of a column.
    """
    values = {key: value for key, value in state.items() if key != "kind"}
    if state["kind"] == Categories.kind:
        return Categories(values["name"], tuple(values["values"]))
    made: Column = {"numeric": Numeric, "hashed": Hashed}[state["kind"]](**values)
    return made


def _missing(value: Any) -> bool:
    if isinstance(value, dict | list | tuple | set):
        raise Invalid(f"wants a plain value in every column, found a {type(value).__name__}.")
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _number(value: Any) -> float:
    """Read a number; NaN for what is none."""
    if _missing(value):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) and abs(number) <= LARGEST else math.nan


def _word(value: Any) -> str:
    # 1 and 1.0 are one category: JSON and CSV write the same column differently.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
