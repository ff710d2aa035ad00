"""Text as hashed word and character n-grams: no vocabulary to fit, and no language assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from activeloop.errors import Invalid
from activeloop.learn.features.contract import (
    Payload,
    checked_params,
    fingerprint_of,
    map_named,
)

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

CODE_VERSION: Final = 1
DEFAULTS: Final = {"width": 2**18, "words": 2, "characters": 4}
_WORD: Final = r"(?u)\b\w+\b"
MAX_CHARACTERS: Final = 20_000
"""Longer texts are read up to here, so that one huge row cannot stall an import."""


@dataclass(frozen=True)
class TextFeaturizer:
    """Two halves, words left and characters right, so that the two never collide.

    Each half is `1 + log(count)` per n-gram and of unit length; a row is of unit length too
    (except that of a text without a letter, which is zero). Characters are taken within white
    space: in a script without spaces, such as Chinese, that is the whole line.
    """

    params: Mapping[str, Any]

    @property
    def width(self) -> int:
        """Say how many columns a row has."""
        return int(self.params["width"])

    @property
    def sparse(self) -> bool:
        """Rows come as CSR."""
        return True

    @cached_property
    def fingerprint(self) -> str:
        """Give the digest of name, parameters and code version."""
        return fingerprint_of(self.state()[0])

    def transform(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> csr_matrix:
        """Give (n, width) float32 CSR rows, n-grams hashed.

        Raises:
            Invalid: naming the index of a sample without a string under `text`.
        """
        from sklearn.preprocessing import normalize

        texts = map_named(payloads, _text)
        if not texts:
            return csr_matrix((0, self.width), dtype=np.float32)
        words, characters = self._halves
        both = hstack([_damped(words.transform(texts)), _damped(characters.transform(texts))])
        rows = csr_matrix(both, dtype=np.float32)
        normalize(rows, copy=False)
        rows.sort_indices()
        return rows

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give recipe, version and parameters; nothing is fitted."""
        return {"recipe": "text", "version": CODE_VERSION, "params": dict(self.params)}, {}

    @classmethod
    def restore(
        cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> TextFeaturizer:
        """Rebuild from `state`."""
        return cls(checked_params("text", manifest["params"], DEFAULTS))

    @cached_property
    def _halves(self) -> tuple[HashingVectorizer, HashingVectorizer]:
        from sklearn.feature_extraction.text import HashingVectorizer

        shared = {
            "n_features": self.width // 2,
            "alternate_sign": False,
            "norm": None,
            "dtype": np.float32,
        }
        # One-letter words count: the default pattern would drop them, and single Chinese signs.
        words = HashingVectorizer(
            token_pattern=_WORD, ngram_range=(1, self.params["words"]), **shared
        )
        spans = (1, self.params["characters"])
        return words, HashingVectorizer(analyzer="char_wb", ngram_range=spans, **shared)


@dataclass(frozen=True)
class TextRecipe:
    """Hashed n-grams; looks at no sample before it starts."""

    given: dict[str, Any]
    name: str = "text"
    needs_fit: bool = False

    def __post_init__(self) -> None:
        """Refuse wrong parameters when the project is made, not when the first row comes."""
        params = checked_params(self.name, self.given, DEFAULTS)
        if not 2**8 <= params["width"] <= 2**22 or params["width"] % 2:
            raise Invalid.field("params.width", "must be even, 256 to 4,194,304.")
        if params["words"] > 5 or params["characters"] > 8:
            raise Invalid.field("params", "words must be at most 5, characters at most 8.")

    def fit(
        self, payloads: Sequence[Payload], *, blobs: Sequence[bytes] | None = None
    ) -> TextFeaturizer:
        """Give the featurizer; the samples are not looked at."""
        return TextFeaturizer(checked_params(self.name, self.given, DEFAULTS))


def _text(payload: Payload) -> str:
    text = payload.get("text")
    if not isinstance(text, str):
        raise Invalid(f"wants a string under 'text', found {type(text).__name__}.")
    return text[:MAX_CHARACTERS]


def _damped(counts: csr_matrix) -> csr_matrix:
    from sklearn.preprocessing import normalize

    counts.data = 1 + np.log(counts.data)
    return normalize(counts, copy=False)
