"""Simulations are summed up honestly."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from activeloop.flows import comparing
from activeloop.flows.simulating import Curve, Point, Simulated


def curve(strategy: str, seed: int, *points: tuple[int, float]) -> Curve:
    """Make a curve whose champion lags a tenth behind."""
    made = [
        Point(cost, cost, number, accuracy, accuracy - 0.1, "held")
        for number, (cost, accuracy) in enumerate(points, start=1)
    ]
    return Curve(strategy, seed, tuple(made))


def simulated(*curves: Curve) -> Simulated:
    """Put curves together over a budget of 60 labels."""
    return Simulated(curves, "vectors", 2, 80, 20, 0, base=0.5, budget=60)


TWO_SEEDS = simulated(
    curve("margin", 0, (20, 0.6), (40, 0.8), (60, 0.9)),
    curve("margin", 1, (20, 0.7), (40, 0.9), (60, 1.0)),
    curve("random", 0, (20, 0.5), (40, 0.6), (60, 0.7)),
    curve("random", 1, (20, 0.6), (40, 0.7), (60, 0.8)),
)


def test_the_table_says_area_gain_end_champion_and_cost() -> None:
    """Figures that can be worked out by hand."""
    best, baseline = comparing.rows(TWO_SEEDS)
    assert (best.strategy, baseline.strategy) == ("margin", "random")
    assert best.area.value == pytest.approx((0.775 + 0.875) / 2)
    assert best.gain.value == pytest.approx(0.175)
    assert best.last.value == pytest.approx(0.95)
    assert best.champion.value == pytest.approx(0.85)
    assert best.labels_to == {0.9: 50.0, 0.95: None}
    assert baseline.labels_to == {0.9: None, 0.95: None}


def test_a_first_version_that_comes_later_costs_what_it_was_late() -> None:
    """Until then the commonest class is said; leaving that part out would be a reward."""
    late = curve("late", 0, (40, 0.8), (60, 0.8))
    prompt = curve("prompt", 0, (20, 0.8), (40, 0.8), (60, 0.8))
    table = comparing.rows(simulated(late, prompt, curve("random", 0, (20, 0.5), (60, 0.5))))
    areas = {row.strategy: row.area.value for row in table}
    assert areas["prompt"] == pytest.approx(0.8)
    assert areas["late"] == pytest.approx((0.65 * 20 + 0.8 * 20) / 40)


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_the_picture_shows_each_strategy_in_its_colour(seeds: int, tmp_path: Path) -> None:
    """Also where there are too few repetitions for an interval."""
    curves = [
        curve(name, seed, (20, low + seed / 50), (60, low + 0.3))
        for seed in range(seeds)
        for name, low in (("margin", 0.6), ("random", 0.4))
    ]
    path = comparing.draw(simulated(*curves), tmp_path / "new" / "curves.png")
    with Image.open(path) as picture:
        pixels = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or []}
    for colour in (comparing.COLOURS[0], comparing.RANDOM_COLOUR):
        assert tuple(bytes.fromhex(colour[1:])) in pixels


def test_every_point_is_written_down(tmp_path: Path) -> None:
    """Whoever wants another picture can draw it."""
    path = comparing.write_points(TWO_SEEDS, tmp_path / "points.csv")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert rows[2]["strategy"] == "margin"
    assert float(rows[2]["accuracy"]) == pytest.approx(0.9)
    assert float(rows[2]["champion_accuracy"]) == pytest.approx(0.8)
