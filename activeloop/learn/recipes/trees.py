"""Decision trees as flat arrays, walked by numpy: no pickled estimator is stored or loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from activeloop.learn.types import Float32s

CHUNK: Final = 2048
"""Rows walked at once: bounds the (rows, trees) table of positions."""


@dataclass(frozen=True, eq=False)
class Trees:
    """All nodes of all trees, one after the other.

    Attributes:
        roots: (t,) first node of each tree.
        feature: (nodes,) column that a node looks at.
        threshold: (nodes,) goes left when the value is at most this (float64, as trained).
        left: (nodes,) next node; a leaf leads to itself.
        right: (nodes,) next node; a leaf leads to itself.
        values: (nodes, C) CSR, share of each class in a leaf; nothing elsewhere. Of several labels
            the shares of a leaf need not sum to 1.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    values: csr_matrix

    def mean_proba(self, X: Float32s, groups: int) -> Float32s:
        """Average the leaves' shares over `groups` runs of neighbouring trees.

        Returns:
            (groups, n, C) float32; with one group this is the forest.
        """
        found = np.empty((groups, len(X), self.values.shape[1]), np.float32)
        for start in range(0, len(X), CHUNK):
            leaves = self._walk(X[start : start + CHUNK])
            for group, part in enumerate(np.array_split(leaves, groups, axis=1)):
                found[group, start : start + CHUNK] = self._average(part)
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays to store."""
        return {
            "roots": self.roots,
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "shares": self.values.data,
            "classes": self.values.indices,
            "starts": self.values.indptr,
        }

    def _walk(self, X: Float32s) -> NDArray[np.int32]:
        at = np.repeat(self.roots[None, :], len(X), axis=0)
        rows = np.arange(len(X))[:, None]
        while True:
            goes_left = X[rows, self.feature[at]] <= self.threshold[at]
            following = np.where(goes_left, self.left[at], self.right[at])
            if np.array_equal(following, at):
                return at
            at = following

    def _average(self, leaves: NDArray[np.int32]) -> NDArray[np.float64]:
        rows, trees = leaves.shape
        starts = np.arange(0, rows * trees + 1, trees)
        picks = csr_matrix(
            (np.full(rows * trees, 1 / trees), leaves.ravel(), starts),
            shape=(rows, self.values.shape[0]),
        )
        return np.asarray((picks @ self.values).toarray(), np.float64)


def flatten(
    estimators: Sequence[Any], present: NDArray[Any], n_classes: int, *, several: bool = False
) -> Trees:
    """Copy the nodes of fitted scikit-learn trees; leaf shares go to the classes they stand for.

    Args:
        estimators: the trees; of several labels each has one output of two values per class.
        present: the classes that its outputs stand for.
        n_classes: how many classes there are.
        several: whether the shares are of each class by itself.
    """
    sizes = [one.tree_.node_count for one in estimators]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    parts: dict[str, list[NDArray[Any]]] = {"f": [], "t": [], "l": [], "r": [], "v": []}
    for root, one in zip(roots, estimators, strict=True):
        tree, here = one.tree_, np.arange(one.tree_.node_count)
        leaf = tree.children_left < 0
        parts["f"].append(np.where(leaf, 0, tree.feature))
        parts["t"].append(tree.threshold)
        parts["l"].append(np.where(leaf, here, tree.children_left) + root)
        parts["r"].append(np.where(leaf, here, tree.children_right) + root)
        counts = tree.value[:, :, 1] if several else tree.value[:, 0, :]
        shares = counts / (tree.value.sum(axis=2) if several else counts.sum(axis=1, keepdims=True))
        parts["v"].append(np.where(leaf[:, None], shares, 0))
    values = csr_matrix(np.vstack(parts["v"]))
    widened = csr_matrix(
        (values.data, present[values.indices].astype(np.int32), values.indptr),
        shape=(values.shape[0], n_classes),
    )
    return Trees(
        roots,
        np.concatenate(parts["f"]).astype(np.int32),
        np.concatenate(parts["t"]).astype(np.float64),
        np.concatenate(parts["l"]).astype(np.int32),
        np.concatenate(parts["r"]).astype(np.int32),
        widened,
    )


def restore_trees(arrays: Any, width: int, n_classes: int) -> Trees:
    """Rebuild trees, refusing links that lead out of the arrays or back up.

    Raises:
        KeyError, ValueError: when arrays are missing or do not belong together.
    """
    count = len(arrays["feature"])
    nodes = np.arange(count)
    for side in ("left", "right"):
        # A link upwards could make the walk go round for ever.
        if (arrays[side] < nodes).any() or (arrays[side] >= count).any():
            raise ValueError(f"{side} links lead nowhere")
    if not (arrays["feature"] < width).all() or (arrays["feature"] < 0).any():
        raise ValueError("a node looks at a column that is not there")
    if (arrays["roots"] < 0).any() or (arrays["roots"] >= count).any():
        raise ValueError("a root is not there")
    values = csr_matrix(
        (arrays["shares"], arrays["classes"], arrays["starts"]), shape=(count, n_classes)
    )
    values.check_format(full_check=True)
    named = {name: arrays[name] for name in ("roots", "feature", "threshold", "left", "right")}
    return Trees(**named, values=values)
