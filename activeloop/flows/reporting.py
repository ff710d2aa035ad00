"""Put an evaluation together: figures on audit labels as JSON, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from activeloop import searchable
from activeloop.spec import ProjectSpec

if TYPE_CHECKING:
    import numpy as np

    from activeloop.learn.fairness import Fairness
    from activeloop.learn.types import Bools, Estimate, Floats, Targets

SLICED = ("accuracy", "macro_f1", "log_loss")
MOST_VALUES = 50
"""Metadata with more values shows those of the most audit labels."""
UNKNOWN = "(none)"
"""What samples are filed under that lack the metadata."""


def evaluated(  # noqa: PLR0917 - that is what an evaluation is made from
    spec: ProjectSpec,
    seqs: Sequence[int],
    y: Targets,
    proba: Floats,
    meta: Mapping[int, Mapping[str, Any]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Give the evaluation on audit labels.

    Args:
        spec: names the classes, the slices and the groups.
        seqs: n audit samples.
        y: (n,) their classes, or (n, C) marks.
        proba: (n, C) what the version gives them.
        meta: the samples' metadata by seq, where slices or groups are asked for.
        rng: draws the resamples.
    """
    from activeloop.learn import evaluate
    from activeloop.learn.measures.classes import by_class

    truth, said = _marks(y, proba.shape[1]), told(y, proba)
    return {
        "classes": list(spec.classes),
        "n": len(y),
        "figures": figures(evaluate.measure(y, proba, rng=rng)),
        "confusion": _confusion(y, proba),
        "cells": _cells(seqs, y, truth, said),
        "by_class": {
            name: {
                "precision": _maybe(own.precision),
                "recall": _maybe(own.recall),
                "f1": _maybe(own.f1),
                "n": own.n,
                "said": own.said,
                "both": own.both,
            }
            for name, own in zip(spec.classes, by_class(truth, said, rng=rng), strict=True)
        },
        "reliability": {"bins": _bins(y, proba)},
        "slices": {key: _slices(_values(key, seqs, meta), y, proba, rng) for key in spec.slices},
        "fairness": {
            key: _fairness(spec, _values(key, seqs, meta), truth, said, rng)
            for key in spec.fairness
        },
    }


def as_json(figure: Estimate) -> dict[str, Any]:
    """Give a figure as JSON."""
    return {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}


def figures(found: Mapping[str, Estimate]) -> dict[str, Any]:
    """Give figures as JSON."""
    return {name: as_json(each) for name, each in found.items()}


def told(y: Targets, proba: Floats) -> Bools:
    """Give (n, C) what probabilities come to: the likeliest class, or those of at least .5."""
    from activeloop.learn.evaluate_marks import named

    if y.ndim == 2:
        return named(proba)
    return _marks(proba.argmax(axis=1), proba.shape[1])


def right(y: Targets, proba: Floats) -> Bools:
    """Tell (n,) which samples are told right; of several labels all must be."""
    import numpy as np

    return np.asarray((_marks(y, proba.shape[1]) == told(y, proba)).all(axis=1))


def _marks(y: Targets, C: int) -> Bools:
    from activeloop.learn.measures.counting import one_hot

    return y.astype(bool) if y.ndim == 2 else one_hot(y.astype("int64"), C).toarray() > 0


def _confusion(y: Targets, proba: Floats) -> list[list[int]] | None:
    """Count what was taken for what; of several labels there is no such table."""
    from activeloop.learn.measures.classes import confusion

    if y.ndim == 2:
        return None
    found: list[list[int]] = confusion(
        y.astype("int64"), proba.argmax(axis=1), proba.shape[1]
    ).tolist()
    return found


def _cells(seqs: Sequence[int], y: Targets, truth: Bools, said: Bools) -> list[list[Any]]:
    """List (true, predicted, seqs) of each cell that has any; -1 is "not of it" of several."""
    import numpy as np

    found: dict[tuple[int, int], list[int]] = {}
    if y.ndim == 1:
        for seq, a, b in zip(seqs, y.tolist(), said.argmax(axis=1).tolist(), strict=True):
            found.setdefault((a, b), []).append(seq)
    else:
        for row, c in np.argwhere(truth | said).tolist():
            cell = (c if truth[row, c] else -1, c if said[row, c] else -1)
            found.setdefault(cell, []).append(seqs[row])
    return [[a, b, sorted(each)] for (a, b), each in sorted(found.items())]


def _bins(y: Targets, proba: Floats) -> list[dict[str, Any]]:
    from activeloop.learn.evaluate import wilson
    from activeloop.learn.measures import reliability

    found = []
    for each in reliability.bins(y, proba) if len(y) else ():
        share = wilson(each.hits, each.n)
        found.append(
            {
                "low": each.low,
                "high": each.high,
                "mean": each.mean,
                "share": share.value,
                "share_low": share.low,
                "share_high": share.high,
                "n": each.n,
            }
        )
    return found


def _values(key: str, seqs: Sequence[int], meta: Mapping[int, Mapping[str, Any]]) -> list[str]:
    return [
        searchable.said(meta[seq][key]) if meta.get(seq, {}).get(key) is not None else UNKNOWN
        for seq in seqs
    ]


def _slices(
    values: Sequence[str], y: Targets, proba: Floats, rng: np.random.Generator
) -> dict[str, Any]:
    """Measure each value's samples by themselves, those with the most audit labels first."""
    import numpy as np

    from activeloop.learn import evaluate

    of = np.array(values)
    names, sizes = np.unique(of, return_counts=True)
    found = {}
    for at in np.lexsort((names, -sizes))[:MOST_VALUES].tolist():
        rows = of == names[at]
        measured = evaluate.measure(y[rows], proba[rows], rng=rng, ranked=False)
        found[str(names[at])] = {
            "n": int(sizes[at]),
            "figures": {name: as_json(measured[name]) for name in SLICED if name in measured},
        }
    return found


def _fairness(
    spec: ProjectSpec, values: Sequence[str], truth: Bools, said: Bools, rng: np.random.Generator
) -> dict[str, Any]:
    from activeloop.learn.fairness import GAPS, fairness

    found = fairness(truth, said, values, rng=rng)
    gaps = {
        name: as_json(found.gaps[name]) | {"class": spec.classes[found.worst[name]]}
        if name in found.gaps
        else None
        for name in GAPS
    }
    return gaps | {"groups": _groups(spec, found)}


def _groups(spec: ProjectSpec, found: Fairness) -> dict[str, Any]:
    return {
        value: {
            "n": group.n,
            "counted": group.counted,
            "classes": {
                name: {
                    "selection_rate": _known(group.selection[c]),
                    "tpr": _known(group.tpr[c]),
                    "fpr": _known(group.fpr[c]),
                }
                for c, name in enumerate(spec.classes)
            },
        }
        for value, group in found.groups.items()
    }


def _maybe(figure: Estimate | None) -> dict[str, Any] | None:
    return as_json(figure) if figure is not None else None


def _known(rate: float) -> float | None:
    """Give a rate; None where nothing is behind it (nan is no JSON)."""
    return float(rate) if rate == rate else None  # noqa: PLR0124 - nan alone differs from itself
