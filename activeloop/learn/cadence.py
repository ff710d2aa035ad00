"""When a new version is due, from counts alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LEAST_CLASSES: Final = 2
DROP_LEVEL: Final = 0.01
"""How rarely chance alone may look like a drop, for each look at the champion."""


@dataclass(frozen=True)
class Due:
    """Whether to train now; if not, how many labels are missing and what is waited for."""

    due: bool
    missing: int
    because: str


def due(
    *,
    labels: int,
    labels_at_last_run: int,
    every: int,
    classes_labelled: int,
    several: bool = False,
    active: bool = False,
    last_failed: bool = False,
) -> Due:
    """Say whether the next run is due.

    Args:
        labels: training samples with a label now.
        labels_at_last_run: how many the last run started with; 0 before any run.
        every: new labels that make a run due.
        classes_labelled: distinct answers among the training labels: classes, or sets of them.
        several: whether an answer may be several classes.
        active: whether a run is queued or running.
        last_failed: whether the last run failed.

    Example:
        >>> due(labels=33, labels_at_last_run=20, every=20, classes_labelled=4).because
        '7 more labels until the next run.'
    """
    fresh = max(0, labels - labels_at_last_run)
    missing = max(0, every - fresh)
    if active:
        return Due(due=False, missing=missing, because="A run is under way.")
    if missing:
        return Due(due=False, missing=missing, because=_waiting(missing, last_failed=last_failed))
    if classes_labelled < LEAST_CLASSES and several:
        because = "Two different answers are needed; all samples have the same labels so far."
        return Due(due=False, missing=0, because=because)
    if classes_labelled < LEAST_CLASSES:
        found = "no class has" if classes_labelled == 0 else "only one class has"
        because = f"Labels of at least two classes are needed; {found} any so far."
        return Due(due=False, missing=0, because=because)
    return Due(due=True, missing=0, because=f"{_labels(fresh)} since the last run.")


def dropped(then: Mapping[str, Any], now: Mapping[str, Any], *, by: float) -> bool:
    """Tell whether a share fell by more than `by`, and its new labels by more than chance.

    The labels of then are among those of now, so the two figures hang together. What is tested is
    whether the labels that came since are answered worse than those of then: these are different
    samples, drawn alike, so Fisher's exact test holds.

    Args:
        then: `value` (0..1) and `n` when the champion was crowned.
        now: the same over all audit labels of now.
        by: the fall that counts, 0 to 1.

    Example:
        >>> dropped({"value": 0.9, "n": 200}, {"value": 0.8, "n": 300}, by=0.05)
        True
        >>> dropped({"value": 0.9, "n": 200}, {"value": 0.88, "n": 300}, by=0.05)
        False

    Source:
        Fisher (1922), "On the interpretation of chi-square from contingency tables".
    """
    from scipy.stats import fisher_exact

    fresh = int(now["n"]) - int(then["n"])
    if fresh <= 0 or float(then["value"]) - float(now["value"]) <= by:
        return False
    right = round(float(then["value"]) * int(then["n"]))
    # a label that was changed since can only be counted with the new ones
    since = min(fresh, max(0, round(float(now["value"]) * int(now["n"])) - right))
    table = [[since, fresh - since], [right, int(then["n"]) - right]]
    return float(fisher_exact(table, alternative="less").pvalue) < DROP_LEVEL


def _waiting(missing: int, *, last_failed: bool) -> str:
    more = f"{missing} more label{'s' if missing > 1 else ''}"
    if last_failed:
        # The same labels would fail the same way: trying again needs new ones, or a person.
        return f"The last run failed; it is tried again after {more}, or when asked for."
    return f"{more} until the next run."


def _labels(count: int) -> str:
    return f"{count} new label{'s' if count != 1 else ''}"
