"""The data sets: our own features, a fixed test split, and how far each run goes.

Features are made once and kept in the work folder; they do not depend on strategy or seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse import csr_matrix, load_npz, save_npz

from benchmarks.savings import sources

if TYPE_CHECKING:
    from activeloop.learn.types import Features, Ints

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Measure = Literal["accuracy", "balanced accuracy"]


@dataclass(frozen=True)
class Setting:
    """One line of the benchmark.

    Attributes:
        name: of the data set.
        file: in the data folder; empty when scikit-learn brings it.
        load: gives samples by kind, labels, and which of them are the test split.
        pool: how many rows each seed draws from what is not test.
        first: labels in the first batch.
        budget: labels in the end.
        measure: what is measured on the test split.
    """

    name: str
    file: str
    load: Callable[[Path], sources.Source]
    pool: int
    first: int
    budget: int
    measure: Measure = "accuracy"

    @property
    def path(self) -> Path:
        """Say where the file is expected."""
        return DATA / self.file

    @property
    def absent(self) -> bool:
        """Say whether the file is missing."""
        return bool(self.file) and not self.path.exists()


SETTINGS = (
    Setting("banking77", "banking77.csv", sources.banking, 4_000, 100, 1_600),
    Setting("fashion_mnist", "fashion_mnist.npz", sources.fashion, 6_000, 20, 1_200),
    Setting("trashnet", "trashnet_224.zip", sources.trashnet, 1_800, 20, 1_000),
    Setting(
        "nycflights13", "nycflights13.csv.gz", sources.flights, 6_000, 20, 1_000,
        "balanced accuracy",
    ),
)  # fmt: skip
DIGITS = Setting("digits", "", sources.digits, 1_000, 20, 300)


@dataclass(frozen=True, eq=False)
class DataSet:
    """Features and labels: rows to draw pools from, and the test split.

    Attributes:
        X: (n, d) features of the rows that are not test.
        y: (n,) their class indices.
        test_X: (t, d) features of the test split.
        test_y: (t,) their class indices.
        classes: how many classes there are.
    """

    X: Features
    y: Ints
    test_X: Features
    test_y: Ints
    classes: int


def load(setting: Setting, work: Path) -> DataSet:
    """Give a data set with its features, made now or taken from the work folder."""
    folder = work / "features" / setting.name
    if not (folder / "y.npy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        source = setting.load(setting.path)
        _keep(folder / "X", sources.describe(source))
        np.save(folder / "test.npy", source.test)
        np.save(folder / "y.npy", source.y)
    X, y, test = _kept(folder / "X"), np.load(folder / "y.npy"), np.load(folder / "test.npy")
    return DataSet(X[~test], y[~test], X[test], y[test], int(y.max()) + 1)


def _keep(path: Path, X: Features) -> None:
    if isinstance(X, np.ndarray):
        np.save(path.with_suffix(".npy"), X)
    else:
        save_npz(path.with_suffix(".npz"), X)


def _kept(path: Path) -> Any:
    dense = path.with_suffix(".npy")
    return np.load(dense) if dense.exists() else csr_matrix(load_npz(path.with_suffix(".npz")))
