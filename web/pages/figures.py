"""What figures are called, and a confusion matrix as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FIGURES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "micro_f1": "F1, micro",
    "macro_f1": "F1, macro",
    "macro_precision": "Precision, macro",
    "macro_recall": "Recall, macro",
    "micro_precision": "Precision, micro",
    "micro_recall": "Recall, micro",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "ranking_precision": "Ranking precision",
    "hamming_loss": "Hamming loss",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "ece": "Calibration error",
}
"""In the order in which they are told."""
EVIDENCE = {
    "audit_labels": "Audit labels",
    "rule": "Rule",
    "figure": "Compared by",
    "won": "Right where the champion is wrong",
    "lost": "Wrong where the champion is right",
    "p_better": "Chance to look so good, were it no better",
    "p_worse": "Chance to look so bad, were it no worse",
    "tested": "Tested",
    "provisional": "Provisional",
    "look": "Look at these labels",
    "looks_left": "Looks left",
    "budget_began_at": "Looks are counted from",
    "alpha_of_look": "Error this look may spend",
}
MOST_CLASSES = 30
"""Classes a confusion matrix shows; of more, those that are mistaken most."""
TINTS = (0.02, 0.1, 0.3, 0.6)
"""Shares of a row from which a cell has the next deeper tint."""


def words(name: str) -> str:
    """Say what a figure is called."""
    return FIGURES.get(name, name.replace("_", " ").capitalize())


def beside(
    now: Mapping[str, Any], then: Mapping[str, Any]
) -> list[tuple[str, str, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """List figures as they are now and as they were, those that have names first."""
    known = [name for name in FIGURES if name in now or name in then]
    return [(name, words(name), now.get(name), then.get(name)) for name in known]


def matrix(counts: Sequence[Sequence[int]] | None, classes: Sequence[str]) -> dict[str, Any] | None:
    """Give a confusion matrix row by row, each cell with its tint; None without one."""
    if not counts or not any(map(any, counts)):
        return None
    shown = _most_mistaken(counts)
    return {
        "classes": [classes[at] for at in shown],
        "left_out": sum(1 for at in range(len(classes)) if _told(counts, at)) - len(shown),
        "rows": [_row(counts[at], at, shown, classes) for at in shown],
    }


def _told(counts: Sequence[Sequence[int]], at: int) -> bool:
    return any(counts[at]) or any(row[at] for row in counts)


def _most_mistaken(counts: Sequence[Sequence[int]]) -> list[int]:
    there = [at for at in range(len(counts)) if _told(counts, at)]
    wrong = {
        at: sum(counts[at]) + sum(row[at] for row in counts) - 2 * counts[at][at] for at in there
    }
    return sorted(sorted(there, key=lambda at: -wrong[at])[:MOST_CLASSES])


def _row(
    counts: Sequence[int], own: int, shown: Sequence[int], classes: Sequence[str]
) -> dict[str, Any]:
    total = sum(counts)
    return {
        "name": classes[own],
        "recall": counts[own] / total if total else None,
        "cells": [
            {
                "name": classes[at],
                "count": counts[at],
                "right": at == own,
                "tint": _tint(counts[at] / total if total else 0.0),
            }
            for at in shown
        ],
    }


def _tint(share: float) -> int:
    return 1 + sum(share >= each for each in TINTS) if share else 0


def weakest(by_class: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """List the classes that occur, the one with the lowest F1 first."""
    there = [(name, each) for name, each in by_class.items() if each["f1"] is not None]
    return sorted(there, key=lambda found: float(found[1]["f1"]["value"]))


def of_slices(slices: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Name the figures that some value of a slice has, by slice, in the order they are told."""
    return {
        meta: [name for name in FIGURES if any(name in each["figures"] for each in values.values())]
        for meta, values in slices.items()
    }


def told(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say in words what the gate looked at, its guardrails last."""
    known = [
        (says, _said(evidence[name]))
        for name, says in EVIDENCE.items()
        if evidence.get(name) is not None
    ]
    rails = [
        (f"Guardrail: {words(each['name']).lower()}", each["says"])
        for each in evidence.get("guardrails", [])
    ]
    return known + rails


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
