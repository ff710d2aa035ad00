"""Curves on a grid, their averages and sums."""

from __future__ import annotations

import numpy as np
import pytest

from activeloop.learn import curves

GRID = np.array([10, 20, 30, 40])


def test_before_the_first_version_there_is_no_accuracy() -> None:
    assert np.isnan(curves.on_grid([(20, 0.5)], GRID)[0])


def test_the_area_of_a_constant_curve_is_its_height() -> None:
    assert curves.area([(10, 0.7)], GRID) == pytest.approx(0.7)


def test_a_curve_that_rises_sooner_has_the_larger_area() -> None:
    sooner = curves.area([(10, 0.5), (20, 0.9)], GRID)
    later = curves.area([(10, 0.5), (40, 0.9)], GRID)
    assert sooner > later


def test_the_interval_of_repetitions_is_students() -> None:
    found = curves.estimate([0.1, 0.2, 0.3])
    assert found.value == pytest.approx(0.2)
    assert found.high - found.value == pytest.approx(4.302653 * 0.1 / 3**0.5, rel=1e-5)


def test_one_repetition_has_no_width() -> None:
    band = curves.band([[(10, 0.5), (20, 0.6)]], GRID)
    assert (band.low == band.high).all()


def test_labels_to_a_target_are_those_of_the_first_version_that_reaches_it() -> None:
    points = [(10, 0.5), (20, 0.8), (30, 0.9)]
    assert curves.labels_to(points, 0.75) == 20
    assert curves.labels_to(points, 0.95) is None
