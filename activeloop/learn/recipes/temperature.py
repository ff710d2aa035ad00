"""The temperature that makes scores honest: one number, found on what the model did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from activeloop.learn.types import Bools, Floats, Ints

LEAST: Final = 10
"""Fewer held-out rows say nothing."""
BOUNDS: Final = (-3.0, 3.0)
"""Of its logarithm."""
PRIOR: Final = 2.0
"""A weak prior around 1: without it, twenty rows all right would mean certainty."""


@dataclass(frozen=True)
class Calibration:
    """The temperature found, from how many held-out rows, and why it is 1 when it is."""

    temperature: float
    rows: int
    because: str


def found(scores: Floats, truth: Ints | Bools, *, rows: int) -> Calibration:
    """Find the temperature by which held-out scores fit the truth best.

    Args:
        scores: (n, C) scores before softmax, minus infinity for a class that could not be said;
            or (m,) log-odds of class decisions.
        truth: (n,) places of the true classes, or (m,) whether each decision is true.
        rows: how many labelled samples are behind them.

    Source:
        Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks".
    """
    if rows < LEAST:
        because = f"only {rows} labels could be held out, {LEAST} are needed"
        return Calibration(1.0, rows, because)
    from scipy.optimize import minimize_scalar

    signed = np.where(truth, -scores, scores) if scores.ndim == 1 else None

    def loss(log_temperature: float) -> float:
        temperature = np.exp(log_temperature)
        if signed is not None:
            total = np.logaddexp(0, signed / temperature).sum()
        else:
            total = _surprise(scores / temperature, truth)
        return float(total + PRIOR * log_temperature**2)

    best = float(np.exp(minimize_scalar(loss, bounds=BOUNDS, method="bounded").x))
    return Calibration(best, rows, f"found on the held-out scores of {rows} labels")


def _surprise(scaled: Floats, truth: NDArray[np.generic]) -> float:
    from scipy.special import logsumexp

    own = scaled[np.arange(len(truth)), truth]
    return float((logsumexp(scaled, axis=1) - own).sum())
