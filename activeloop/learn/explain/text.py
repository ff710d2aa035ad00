"""Where in a text its hashed n-grams stand, and contributions spread over its characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import FeatureHasher

from activeloop.learn.features.text import MAX_CHARACTERS

Doubles = NDArray[np.float64]
_WORD: Final = re.compile(r"(?u)\b\w+\b")
_UNSPACED: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Scripts that put no spaces between words: each of their signs is a piece of its own."""
_PIECE: Final = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|\s+|[^\w\s]+")


class Gram(NamedTuple):
    """One occurrence of an n-gram: where it covers the text, in one stretch or several."""

    text: str
    stretches: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Grams:
    """All n-grams of a text, as the featurizer counts them.

    Attributes:
        length: characters of the text that are read.
        columns: (o,) the feature column of each occurrence.
        sizes: (o,) how many characters it covers; 0 for the space beside a word, which the
            featurizer adds.
        owners: (s,) the occurrence of each stretch.
        starts: (s,) where the stretch begins.
        stops: (s,) where it ends.
        shared: how many feature columns stand for more than one n-gram of this text.
    """

    length: int
    columns: NDArray[np.int64]
    sizes: NDArray[np.int64]
    owners: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    shared: int


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that is shown as one: a word, a sign, or what is between."""

    start: int
    text: str


def grams(text: str, params: Mapping[str, Any]) -> Grams:
    """Find the n-grams of a text.

    Args:
        text: as the sample has it.
        params: those of the text featurizer: width, words, characters.

    Example:
        >>> found = grams("No no", {"width": 256, "words": 1, "characters": 1})
        >>> found.length, len(found.columns), int(found.sizes.sum())
        (5, 10, 8)
    """
    read = text[:MAX_CHARACTERS]
    lower, back = _lowered(read)
    words = list(_of_words(lower, int(params["words"])))
    both = [*words, *_of_characters(lower, int(params["characters"]))]
    half = int(params["width"]) // 2
    columns = _hashed([gram.text for gram in both], half)
    columns[len(words) :] += half
    stretches = [
        (owner, int(back[start]), int(back[stop - 1]) + 1)
        for owner, gram in enumerate(both)
        for start, stop in gram.stretches
    ]
    owners, starts, stops = np.array(stretches, np.int64).reshape(-1, 3).T
    sizes = np.zeros(len(both), np.int64)
    np.add.at(sizes, owners, stops - starts)
    named = {(column, gram.text) for column, gram in zip(columns.tolist(), both, strict=True)}
    distinct = {column for column, _ in named}
    crowded = len(distinct) - sum(1 for count in _counts(named).values() if count == 1)
    return Grams(len(read), columns, sizes, owners, starts, stops, crowded)


def _counts(named: set[tuple[int, str]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for column, _ in named:
        counts[column] = counts.get(column, 0) + 1
    return counts


def _lowered(text: str) -> tuple[str, NDArray[np.int64]]:
    """Give the text in lower case and, for each of its characters, the one it came from."""
    lower = text.lower()
    lengths = [len(character.lower()) for character in text]
    return lower, np.repeat(np.arange(len(text)), lengths)


def _of_words(lower: str, longest: int) -> Iterator[Gram]:
    found = [match.span() for match in _WORD.finditer(lower)]
    for count in range(1, longest + 1):
        for at in range(len(found) - count + 1):
            spans = tuple(found[at : at + count])
            yield Gram(" ".join(lower[start:stop] for start, stop in spans), spans)


def _of_characters(lower: str, longest: int) -> Iterator[Gram]:
    """Give what scikit-learn's `char_wb` counts: n-grams of each word with a space at both ends."""
    for match in re.finditer(r"\S+", lower):
        first, stop = match.span()
        padded = f" {match.group()} "
        for count in range(1, longest + 1):
            for at in range(max(1, len(padded) - count + 1)):
                span = (max(first, first + at - 1), min(stop, first + at - 1 + count))
                covers = (span,) if span[0] < span[1] else ()
                yield Gram(padded[at : at + count], covers)
            if len(padded) <= count:
                break  # a word shorter than the n-gram is counted once


def _hashed(texts: list[str], buckets: int) -> NDArray[np.int64]:
    hasher = FeatureHasher(buckets, input_type="string", alternate_sign=False)
    if not texts:
        return np.empty(0, np.int64)
    return np.asarray(hasher.transform([text] for text in texts).indices, np.int64)


def spread(
    found: Grams, columns: NDArray[np.int64], given: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    """Spread contributions over the characters of the text.

    Every occurrence of an n-gram has the same share of its column's contribution, also where the
    column stands for several n-grams; the share is spread evenly over the characters covered.

    Args:
        found: the n-grams of the text.
        columns: (k,) the sample's feature columns.
        given: (k, c) what each of them adds.

    Returns:
        (length, c) by character; (c,) of the spaces at the ends of words; (c,) of columns that
        stand for nothing in the text, which is zero unless the features were made otherwise.
    """
    order = np.argsort(columns)
    places = np.searchsorted(columns, found.columns, sorter=order)
    places = order[np.minimum(places, max(0, len(columns) - 1))] if len(columns) else places
    here = columns[places] == found.columns if len(columns) else np.zeros(0, bool)
    times = np.bincount(places[here], minlength=len(columns))
    shares = np.zeros((len(found.columns), given.shape[1]))
    shares[here] = given[places[here]] / times[places[here], None]
    unplaced = given[times == 0].sum(axis=0)
    edges = shares[found.sizes == 0].sum(axis=0)
    density = shares[found.owners] / np.maximum(1, found.sizes)[found.owners, None]
    steps = np.zeros((found.length + 1, given.shape[1]))
    np.add.at(steps, found.starts, density)
    np.subtract.at(steps, found.stops, density)
    return np.cumsum(steps, axis=0)[: found.length], edges, unplaced


def pieces(text: str) -> list[Piece]:
    """Cut a text into what is shown as one: words, signs of scripts without spaces, the rest.

    Example:
        >>> [piece.text for piece in pieces("Ach, 月光!")]
        ['Ach', ',', ' ', '月', '光', '!']
    """
    cut: list[Piece] = []
    for match in _PIECE.finditer(text):
        # a mark belongs to the sign before it, or it would be drawn on its own
        if cut and unicodedata.category(match.group()[0]).startswith("M"):
            cut[-1] = Piece(cut[-1].start, cut[-1].text + match.group())
        else:
            cut.append(Piece(match.start(), match.group()))
    return cut
