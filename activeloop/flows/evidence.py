"""The evidence by which the stop advisor speaks: what is met, what is not, what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop.spec import ProjectSpec
from activeloop.store.tables import Version

if TYPE_CHECKING:
    from activeloop.learn.stopping import Expected

AHEAD = 100


@dataclass(frozen=True)
class Piece:
    """A piece of evidence, and whether it speaks for stopping; None: that cannot be told."""

    name: str
    met: bool | None
    says: str

    def as_json(self) -> dict[str, Any]:
        """Give what the API and the page show."""
        return {"name": self.name, "met": self.met, "says": self.says}


def advice(
    spec: ProjectSpec, found: Sequence[Version], kappas: Sequence[float], *, answers: int
) -> dict[str, Any]:
    """Put the advice together.

    Args:
        spec: what is wanted.
        found: the versions, newest first.
        kappas: agreement of successive versions, the newest pair first.
        answers: how many were given so far.
    """
    import numpy as np

    from activeloop.learn import stopping

    figure = "accuracy"
    measured = [version for version in reversed(found) if figure in _figures(version)]
    points = [
        stopping.Measured(version.train_labels, each["value"], each["n"])
        for version in measured
        for each in [_figures(version)[figure]]
    ]
    number = found[0].number if found else 0
    coming = stopping.expected(points, ahead=AHEAD, rng=np.random.default_rng([spec.seed, number]))
    newest = _figures(measured[-1])[figure] if measured else None
    pieces = [
        _gain(spec, coming),
        _stable(kappas),
        _precise(spec, newest),
        *_target(spec, newest),
        *_budget(spec, answers),
    ]
    said, says = _judged(pieces)
    return {
        "verdict": said,
        "says": says,
        "evidence": [piece.as_json() for piece in pieces],
        "curve": [
            {
                "version": version.number,
                "labels": version.train_labels,
                **{name: _figures(version)[figure][name] for name in ("value", "low", "high")},
            }
            for version in measured
        ],
        "expected": _curve(coming),
    }


def _figures(version: Version) -> Mapping[str, Any]:
    return version.latest or version.metrics


def _gain(spec: ProjectSpec, coming: Expected | None) -> Piece:
    least = spec.stopping.least_gain
    if coming is None:
        return Piece("gain", None, "What the next labels bring cannot be told from the curve yet.")
    gain = coming.gain
    says = (
        f"The next {AHEAD} labels are expected to bring {100 * gain.value:+.1f} points "
        f"({100 * gain.low:+.1f} to {100 * gain.high:+.1f}); they pay from {100 * least:g} on."
    )
    return Piece("gain", gain.high < least, says)


def _stable(kappas: Sequence[float]) -> Piece:
    from activeloop.learn.stopping import STABLE, WINDOW

    if len(kappas) < WINDOW:
        says = f"Whether predictions are stable wants {WINDOW + 1} versions that can be compared."
        return Piece("stability", None, says)
    mean = sum(kappas[:WINDOW]) / WINDOW
    says = (
        f"The last {WINDOW + 1} versions agree on the pool with a kappa of {mean:.3f}; "
        f"from {STABLE} on predictions count as stable."
    )
    return Piece("stability", mean >= STABLE, says)


def _precise(spec: ProjectSpec, newest: Mapping[str, Any] | None) -> Piece:
    wanted = spec.stopping.precision
    if newest is None:
        return Piece("precision", None, "There is no audit figure yet.")
    half = (newest["high"] - newest["low"]) / 2
    says = (
        f"Accuracy is known to {100 * half:.1f} points either way, from {newest['n']} audit "
        f"labels; {100 * wanted:g} are wanted."
    )
    return Piece("precision", half <= wanted, says)


def _target(spec: ProjectSpec, newest: Mapping[str, Any] | None) -> list[Piece]:
    target = spec.stopping.target
    if target is None:
        return []
    if newest is None:
        return [Piece("target", None, f"Whether {target:g} is reached cannot be told yet.")]
    reached = newest["low"] >= target
    says = (
        f"Accuracy is {newest['value']:.3f}, surely {newest['low']:.3f} or more; "
        f"{target:g} is wanted."
    )
    return [Piece("target", reached, says)]


def _budget(spec: ProjectSpec, answers: int) -> list[Piece]:
    found = []
    budget = spec.stopping.budget
    cost = spec.cost_per_label
    spent = f", at a cost of {cost * answers:,.2f} {spec.currency}".rstrip() if cost else ""
    if budget is not None:
        says = f"{answers:,} of {budget:,} answers are given{spent}."
        found.append(Piece("budget", answers >= budget, says))
    elif spent:
        found.append(Piece("cost", None, f"{answers:,} answers are given{spent}."))
    return found


def _judged(pieces: Sequence[Piece]) -> tuple[str, str]:
    """Judge by all: a spent budget, a target that is surely reached, or a curve gone flat."""
    met = {piece.name: piece.met for piece in pieces}
    flat = bool(met["gain"] and met["stability"] and met["precision"])
    if met.get("budget"):
        return "stop", "The budget is spent."
    if met.get("target"):
        return "stop", "The target is reached, beyond chance."
    if flat and "target" in met:
        says = "More labels would hardly help, though the target is not reached"
        return "stop", f"{says}; another recipe or better features might."
    if flat:
        says = "More labels would hardly help, predictions are stable, and the figure is sure."
        return "stop", says
    return _going_on(met)


def _going_on(met: Mapping[str, bool | None]) -> tuple[str, str]:
    if "target" in met:
        return "go on", "The target is not reached yet, beyond chance."
    if met["gain"] is None or met["stability"] is None:
        return "cannot tell", "There are too few versions to tell."
    reasons = {
        "gain": "more labels may still pay",
        "stability": "predictions still change",
        "precision": "the figure is not sure enough; audit labels would tell",
    }
    told = "; ".join(says for name, says in reasons.items() if met[name] is False)
    return "go on", f"{told[:1].upper()}{told[1:]}."


def _curve(coming: Expected | None) -> list[dict[str, Any]]:
    if coming is None:
        return []
    return [
        {"labels": labels, "value": each.value, "low": each.low, "high": each.high}
        for labels, each in coming.curve
    ]
