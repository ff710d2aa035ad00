"""The reference page names what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from activeloop.learn import modal, strategies

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "strategies.md").read_text("utf-8")


@pytest.mark.parametrize("name", strategies.names())
def test_every_strategy_stands_in_the_table_with_its_picker_and_parameters(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
    chosen = strategies.get(name)
    assert f"| {chosen.picks} |" in row
    assert all(f"`{key}` = {value:g}" in row for key, value in chosen.params.items())


@pytest.mark.parametrize("name", sorted(modal.MEASURES))
def test_every_measure_of_modal_is_named(name: str) -> None:
    assert f"`modal:{name}`" in PAGE
