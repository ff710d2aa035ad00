"""What is compared of samples: their fields, cheap figures of them, and what a model says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import issparse

from activeloop.learn.drift import features
from activeloop.learn.drift.features import Feature
from activeloop.learn.types import Features, Floats

Observed: TypeAlias = "Floats | list[str]"
Pair: TypeAlias = tuple[Observed, Observed]
"""The reference's values of a feature, and the window's."""
MOST_CATEGORIES = 30
REST = "(other)"
COMPONENTS = 5
WORD = re.compile(r"\w+")


def compared(pairs: Mapping[str, Pair], *, floor: float, rng: np.random.Generator) -> list[Feature]:
    """Compare each feature by what it is: numbers, or categories given as lists."""
    found = []
    for name, (reference, current) in pairs.items():
        if isinstance(reference, list) and isinstance(current, list):
            found.append(features.category(name, reference, current, floor=floor, rng=rng))
        else:
            numbers = np.asarray(reference, float), np.asarray(current, float)
            found.append(features.number(name, *numbers, floor=floor, rng=rng))
    return [each for each in found if each is not None]


def columns(
    reference: Sequence[Mapping[str, Any]], current: Sequence[Mapping[str, Any]]
) -> dict[str, Pair]:
    """Pair the columns of rows: numbers, categories, or the length of what is mostly unique."""
    pairs: dict[str, Pair] = {}
    for name in dict.fromkeys(key for row in (*reference, *current) for key in row):
        ref, cur = ([row.get(name) for row in rows] for rows in (reference, current))
        if any(_missing(value) for value in (*ref, *cur)):
            pairs[f"{name} is missing"] = _said(ref), _said(cur)
        there = [[v for v in side if not _missing(v)] for side in (ref, cur)]
        if all(_is_number(value) for side in there for value in side):
            pairs[name] = tuple(np.array(side, float) for side in there)  # type: ignore[assignment]
        else:
            pairs |= _texts(name, *([str(value) for value in side] for side in there))
    return pairs


def texts(reference: Sequence[str], current: Sequence[str]) -> dict[str, Pair]:
    """Pair figures of texts: length, words, and the share of words never seen.

    What was seen are the words of every other text of the reference; the rest of it tells what
    share is new by itself.
    """
    known = {word for text in reference[::2] for word in _words(text)}
    unseen = [np.array([_new(text, known) for text in side]) for side in (reference[1::2], current)]
    return {
        "length": (_lengths(reference), _lengths(current)),
        "words": (
            np.array([len(_words(text)) for text in reference], float),
            np.array([len(_words(text)) for text in current], float),
        ),
        "share of unseen words": (unseen[0], unseen[1]),
    }


def components(reference: Features, current: Features) -> dict[str, Pair]:
    """Pair the first principal components of the reference; nothing for sparse features."""
    if issparse(reference) or issparse(current) or reference.shape[0] <= COMPONENTS:
        return {}
    ref, cur = np.asarray(reference, float), np.asarray(current, float)
    middle = ref.mean(axis=0)
    _, _, axes = np.linalg.svd(ref[:1000] - middle, full_matrices=False)
    return {
        f"component {at + 1}": ((ref - middle) @ axis, (cur - middle) @ axis)
        for at, axis in enumerate(axes[:COMPONENTS])
    }


def predictions(
    reference: Floats, current: Floats, classes: Sequence[str], *, several: bool
) -> dict[str, Pair]:
    """Pair what the model says of samples, by rows of probabilities (n, C)."""
    pairs: dict[str, Pair] = {}
    sides = [np.asarray(side, float) for side in (reference, current)]
    if several:
        pairs["predicted labels"] = (
            (sides[0] >= 0.5).sum(axis=1).astype(float),
            (sides[1] >= 0.5).sum(axis=1).astype(float),
        )
    else:
        named = [[classes[at] for at in side.argmax(axis=1)] for side in sides]
        pairs["predicted label"] = named[0], named[1]
    ordered = [np.sort(side, axis=1)[:, ::-1] for side in sides]
    pairs["top probability"] = ordered[0][:, 0], ordered[1][:, 0]
    if len(classes) > 2:
        pairs["margin"] = tuple(side[:, 0] - side[:, 1] for side in ordered)
        pairs["entropy"] = tuple(
            -np.sum(side * np.log(np.clip(side, 1e-12, 1)), axis=1) for side in sides
        )
    return pairs


def _texts(name: str, ref: list[str], cur: list[str]) -> dict[str, Pair]:
    if len(set(ref)) > max(MOST_CATEGORIES, len(ref) / 2):
        return {f"length of {name}": (_lengths(ref), _lengths(cur))}
    kept = {value for value, _ in Counter(ref).most_common(MOST_CATEGORIES)}
    sides = [[value if value in kept else REST for value in side] for side in (ref, cur)]
    return {name: (sides[0], sides[1])}


def _said(values: Sequence[Any]) -> list[str]:
    return ["missing" if _missing(value) else "there" for value in values]


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and not np.isfinite(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _lengths(values: Sequence[str]) -> Floats:
    return np.array([len(value) for value in values], float)


def _new(text: str, known: set[str]) -> float:
    words = _words(text)
    return sum(word not in known for word in words) / len(words) if words else 0.0
