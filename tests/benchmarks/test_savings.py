"""The label-savings benchmark: every picker runs, picks are sound, and runs are not made twice."""

from __future__ import annotations

import dataclasses
import doctest
from pathlib import Path

import numpy as np
import pytest

from benchmarks.savings import figures, loop, report
from benchmarks.savings.command import main
from benchmarks.savings.datasets import DIGITS, DataSet, load
from benchmarks.savings.journal import Entry, Journal
from benchmarks.savings.pickers import PICKERS
from benchmarks.savings.situations import Situation

SMALL = dataclasses.replace(DIGITS, pool=300, first=20, budget=60)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load(SMALL, tmp_path_factory.mktemp("work"))


def entry(strategy: str, seed: int, scores: list[float]) -> Entry:
    return Entry("digits", strategy, seed, [10, 20, 40], scores, 0.1, 1.0)


@pytest.mark.filterwarnings("ignore")  # peers warn of their own ways
@pytest.mark.parametrize("name", PICKERS)
def test_every_picker_learns_from_distinct_rows_nobody_has_labelled(
    digits: DataSet, name: str
) -> None:
    pool = loop.draw(digits, SMALL, 0)
    asked: list[np.ndarray] = []

    def watched(now: Situation, count: int) -> np.ndarray:
        asked.append(PICKERS[name](now, count))
        return asked[-1]

    curve = loop.run(digits, SMALL, pool, watched, 0)
    rows = np.concatenate(asked)
    assert len(np.unique(rows)) == len(rows) == SMALL.budget
    assert curve.labels[-1] == SMALL.budget
    assert curve.scores[-1] > curve.scores[0] > 0.3
    # the order of the pool is none: whoever only took rows as they come would be found out
    assert rows.tolist() != sorted(rows.tolist())


@pytest.mark.parametrize(
    ("rows", "message"), [([0, 1, 1], "distinct"), ([0, 1], "distinct"), ([0, 1, 7], "again")]
)
def test_a_choice_that_repeats_itself_is_short_or_known_is_refused(
    rows: list[int], message: str
) -> None:
    X = np.zeros((9, 2), np.float32)
    now = Situation(X, X, np.array([7]), np.array([0]), 2, None, 0)
    with pytest.raises(ValueError, match=message):
        loop.check(np.array(rows), now, 3)


def test_all_pickers_of_a_seed_see_the_same_pool_and_another_seed_sees_another(
    digits: DataSet,
) -> None:
    first, again, other = (loop.draw(digits, SMALL, seed) for seed in (0, 0, 1))
    assert np.array_equal(first.X, again.X)
    assert not np.array_equal(first.X, other.X)


def test_a_run_that_stands_in_the_journal_is_not_made_again(tmp_path: Path) -> None:
    arguments = ["--data", "digits", "--strategies", "random", "--seeds", "2"]
    main([*arguments, "--work", str(tmp_path)])
    before = (tmp_path / "runs.jsonl").read_text()
    main([*arguments, "--work", str(tmp_path)])
    assert (tmp_path / "runs.jsonl").read_text() == before
    assert Journal(tmp_path / "runs.jsonl").done() == {
        ("digits", "random", 0),
        ("digits", "random", 1),
    }


def test_only_seeds_that_every_strategy_has_are_compared() -> None:
    runs = [
        entry("random", 0, [0.1, 0.5, 0.9]),
        entry("random", 1, [0.1, 0.5, 0.9]),
        entry("clever", 0, [0.1, 0.9, 1.0]),
    ]
    assert [(line.strategy, line.seeds) for line in figures.lines(runs, "digits")] == [
        ("clever", 1),
        ("random", 1),
    ]


def test_labels_that_one_seed_never_reached_are_said_not_to_be_reached() -> None:
    runs = [
        entry(name, seed, [0.1, 0.5, last])
        for name, lasts in {"random": (0.91, 0.8), "clever": (0.99, 0.98)}.items()
        for seed, last in enumerate(lasts)
    ]
    lines = {line.strategy: line for line in figures.lines(runs, "digits")}
    assert lines["random"].spent == (None, None)
    assert lines["clever"].spent[1] is not None
    assert lines["random"].ratio == (None, None)
    assert "not reached" in report.tables(runs)


def test_where_chance_never_gets_there_the_budget_bounds_the_share() -> None:
    runs = [entry("random", seed, [0.1, 0.5, 0.7]) for seed in (0, 1)]
    runs += [entry("clever", seed, [0.1, 0.9, 1.0]) for seed in (0, 1)]
    clever = {line.strategy: line for line in figures.lines(runs, "digits")}["clever"]
    assert clever.ratio[0] is not None
    assert clever.ratio[0].mean == pytest.approx(20 / 40)
    assert clever.at_most == (True, True)
    assert "under 0.50" in report.tables(runs)


def test_the_examples_in_the_docstrings_run() -> None:
    for module in (figures, loop):
        found = doctest.testmod(module)
        assert found.attempted > 0
        assert found.failed == 0
