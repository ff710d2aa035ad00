"""Sum a simulation up: a row per strategy, a picture of the curves, and their points."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activeloop.flows.simulating import Curve, Point, Simulated

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from activeloop.learn.types import Estimate, Ints

SHARES = (0.9, 0.95)
"""Shares of the best accuracy seen whose cost in labels is told."""
ENOUGH_FOR_A_BAND = 3
"""Repetitions from which an interval says more than the curves themselves."""
COLOURS = ("#2f6fde", "#d9480f", "#2b8a3e", "#9c36b5", "#0b7285", "#a61e4d", "#5c940d")
RANDOM_COLOUR = "#868e96"


@dataclass(frozen=True)
class Row:
    """One strategy in the table; of several labels micro F1 stands for accuracy.

    Attributes:
        strategy: its name.
        area: mean accuracy over the budget (AUBC), with its interval over the seeds.
        gain: the same less random's, seed by seed.
        last: accuracy at the end of the budget, of the newest version.
        champion: the same of the version that the gate then let answer predictions.
        labels_to: labels spent until a share of the best accuracy was reached, by share; None
            when some seed never reached it.
    """

    strategy: str
    area: Estimate
    gain: Estimate
    last: Estimate
    champion: Estimate
    labels_to: dict[float, float | None]


def rows(simulated: Simulated) -> list[Row]:
    """Sum each strategy up, the best first."""
    from activeloop.learn import curves

    grid = _grid(simulated)
    areas = {
        (curve.strategy, curve.seed): curves.area(_points(simulated, curve), grid)
        for curve in simulated.curves
    }
    top = max((p.figure for curve in simulated.curves for p in curve.points), default=0.0)
    found = []
    for name in _names(simulated):
        its = [curve for curve in simulated.curves if curve.strategy == name]
        gains = [areas[name, curve.seed] - areas["random", curve.seed] for curve in its]
        ends = [curve.points[-1] for curve in its if curve.points]
        row = Row(
            strategy=name,
            area=curves.estimate([areas[name, curve.seed] for curve in its]),
            gain=curves.estimate(gains),
            last=curves.estimate([point.figure for point in ends]),
            champion=curves.estimate([point.champion_figure for point in ends]),
            labels_to={share: _mean_labels(its, share * top) for share in SHARES},
        )
        found.append(row)
    return sorted(found, key=lambda row: -row.area.value)


def _mean_labels(its: list[Curve], target: float) -> float | None:
    from activeloop.learn import curves

    reached = [
        curves.labels_to([(point.answers, point.figure) for point in curve.points], target)
        for curve in its
    ]
    known = [labels for labels in reached if labels is not None]
    return sum(known) / len(known) if known and len(known) == len(reached) else None


def draw(simulated: Simulated, path: Path) -> Path:
    """Draw the curves with their intervals to a picture file (PNG, SVG or PDF by its ending)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for at, name in enumerate(n for n in _names(simulated) if n != "random"):
        _draw_one(axes, simulated, name, COLOURS[at % len(COLOURS)])
    _draw_one(axes, simulated, "random", RANDOM_COLOUR)
    seeds = len({curve.seed for curve in simulated.curves})
    axes.set_xlabel("labels given")
    axes.set_ylabel(f"{simulated.figure} on the test set")
    axes.set_ylim(_bottom(simulated), 1)
    axes.set_title(
        f"{simulated.pool:,} samples in the pool, {simulated.test:,} in the test set, "
        f"{seeds} {'seed' if seeds == 1 else 'seeds'}",
        fontsize=10,
    )
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def _draw_one(axes: Axes, simulated: Simulated, name: str, colour: str) -> None:
    """Draw the mean with its interval, or, of too few repetitions for one, each as a thin line."""
    from activeloop.learn import curves

    its = [_points(simulated, c) for c in simulated.curves if c.strategy == name]
    band = curves.band(its, _grid(simulated))
    axes.plot(band.labels, band.mean, color=colour, label=name, linewidth=2)
    if len(its) >= ENOUGH_FOR_A_BAND:
        low, high = band.low.clip(0, 1), band.high.clip(0, 1)
        axes.fill_between(band.labels, low, high, color=colour, alpha=0.15, linewidth=0)
        return
    for points in its:
        each = curves.on_grid(points, band.labels)
        axes.plot(band.labels, each, color=colour, linewidth=0.7, alpha=0.6)


def _bottom(simulated: Simulated) -> float:
    """Leave out the empty lower part of the picture."""
    lowest = min((p.figure for c in simulated.curves for p in c.points), default=0.0)
    return max(0.0, int(10 * lowest - 1) / 10)


def _names(simulated: Simulated) -> list[str]:
    return list(dict.fromkeys(curve.strategy for curve in simulated.curves))


def _points(simulated: Simulated, curve: Curve) -> list[tuple[int, float]]:
    """Give a curve's points, begun where the first curve of its seed begins.

    A strategy whose first version comes later says the commonest class until then; without this
    it would be spared the worst part of its curve.
    """
    own = [(point.answers, point.figure) for point in curve.points]
    its = [c for c in simulated.curves if c.seed == curve.seed and c.points]
    start = min((c.points[0].answers for c in its), default=simulated.budget)
    return own if own and own[0][0] == start else [(start, simulated.base), *own]


def _grid(simulated: Simulated) -> Ints:
    import numpy as np

    costs = {point.answers for curve in simulated.curves for point in curve.points}
    return np.array(sorted({*costs, simulated.budget}), dtype=np.int64)


def as_json(simulated: Simulated) -> dict[str, Any]:
    """Give the table and all points as plain values."""
    summed = [asdict(row) for row in rows(simulated)]
    for row in summed:
        row["labels_to"] = {f"{share:g}": spent for share, spent in row["labels_to"].items()}
    told = asdict(simulated)
    curves = [asdict(curve) for curve in simulated.curves]
    for curve in curves:
        curve["points"] = [_told(point) for point in curve["points"]]
    return {**told, "curves": curves, "strategies": summed}


def _told(point: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in point.items() if value is not None}


def write_points(simulated: Simulated, path: Path) -> Path:
    """Write every point of every curve as CSV, to be drawn elsewhere."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = [each.name for each in fields(Point)]
        if simulated.figure == "accuracy":
            names = [name for name in names if not name.endswith("micro_f1")]
        writer.writerow(["strategy", "seed", *names])
        for curve in simulated.curves:
            for point in curve.points:
                told = asdict(point)
                writer.writerow([curve.strategy, curve.seed, *(told[name] for name in names)])
    return path
