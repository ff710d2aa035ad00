"""Files into samples, labels and a test split; and samples into features by our own recipes."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from activeloop.learn import features
from activeloop.spec import FeatureSpec, Kind

if TYPE_CHECKING:
    from activeloop.learn.types import Bools, Features, Ints

FASHION_ROWS, FASHION_TEST = 15_000, 4_000
FLIGHTS_ROWS, FLIGHTS_TEST = 30_000, 10_000
LATE = 15
"""A flight that arrives more than so many minutes after its time is late, as airlines count."""
UNKNOWN_AT_DEPARTURE = ("arr_time", "arr_delay", "air_time")


@dataclass(frozen=True, eq=False)
class Source:
    """Samples as an import would read them.

    Attributes:
        kind: of the samples.
        payloads: one per sample.
        blobs: encoded images, one per sample, or None.
        y: (n,) class indices.
        test: (n,) which samples are the test split.
    """

    kind: Kind
    payloads: Sequence[Mapping[str, Any]]
    blobs: Sequence[bytes] | None
    y: Ints
    test: Bools


def describe(source: Source) -> Features:
    """Make features as a project would: what is fitted is fitted on rows that are not test."""
    known = [p for p, held in zip(source.payloads, source.test, strict=True) if not held]
    featurizer = features.make(FeatureSpec(), source.kind).fit(known)
    return featurizer.transform(source.payloads, blobs=source.blobs)


def banking(path: Path) -> Source:
    """Read bank customers' questions with their 77 intents; the split is the publisher's."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    test = np.array([row["split"] == "test" for row in rows])
    texts = [{"text": row["text"]} for row in rows]
    return Source("text", texts, None, _indices([row["label"] for row in rows]), test)


def fashion(path: Path) -> Source:
    """Read 15,000 training and 4,000 test images of clothing, 10 classes."""
    with np.load(path) as stored:
        train = stored["x_train"][:FASHION_ROWS], stored["y_train"][:FASHION_ROWS]
        held = stored["x_test"][:FASHION_TEST], stored["y_test"][:FASHION_TEST]
    blobs = [_png(image) for image in np.concatenate([train[0], held[0]])]
    y = np.concatenate([train[1], held[1]]).astype(np.int64)
    test = np.arange(len(y)) >= len(train[1])
    return Source("image", [{}] * len(y), blobs, y, test)


def trashnet(path: Path) -> Source:
    """Read photos of waste, 6 classes; a fifth of each class is the test split."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        blobs = [archive.read(name) for name in names]
    y = _indices([name.split("/")[-2] for name in names])
    place = np.empty(len(y), np.int64)
    shuffled = np.random.default_rng(0).permutation(len(y))
    for c in range(int(y.max()) + 1):
        mine = shuffled[y[shuffled] == c]
        place[mine] = np.arange(len(mine))
    return Source("image", [{}] * len(y), blobs, y, place % 5 == 0)


def flights(path: Path) -> Source:
    """Read flights with what is known when they leave the gate; the class is being late."""
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["arr_delay"] not in ("", "NA")]
    chosen = np.random.default_rng(0).permutation(len(rows))[: FLIGHTS_ROWS + FLIGHTS_TEST]
    taken = [rows[place] for place in chosen]
    y = np.array([float(row["arr_delay"]) > LATE for row in taken], np.int64)
    known = [{k: v for k, v in row.items() if k not in UNKNOWN_AT_DEPARTURE} for row in taken]
    return Source("table", known, None, y, np.arange(len(y)) >= FLIGHTS_ROWS)


def digits(path: Path) -> Source:  # noqa: ARG001 - scikit-learn brings them
    """Give scikit-learn's digits, every fourth of them the test split: for tests."""
    from sklearn.datasets import load_digits

    found = load_digits()
    vectors = [{"vector": row} for row in found.data]
    y = found.target.astype(np.int64)
    return Source("vectors", vectors, None, y, np.arange(len(y)) % 4 == 0)


def _indices(labels: Sequence[str]) -> Ints:
    places = {label: place for place, label in enumerate(sorted(set(labels)))}
    return np.array([places[label] for label in labels], np.int64)


def _png(pixels: Any) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()
