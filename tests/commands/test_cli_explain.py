"""`activeloop explain`: a table that adds up, in the terminal and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from activeloop.cli import main
from tests.flows import pools
from tests.flows.test_explaining import rows, sample_of, trained


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Give a data directory with one version, and the id of a sample whose text is markup."""
    data = tmp_path_factory.mktemp("cli") / "data"
    services = pools.opened(data)
    project = trained(services, [*rows(60), {"text": "[red]sunny[/red] cold"}])
    found = sample_of(services, project, 60).id
    services.database.close()
    return data, found


def test_what_is_printed_adds_up(weather: tuple[Path, int]) -> None:
    data, sample_id = weather
    asked = ["explain", "p", str(sample_id), "--data", str(data), "--class", "good"]
    told = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert told.exit_code == 0
    score = re.search(r"Score of good: (-?[\d.]+)", told.output)
    assert score
    given = re.findall(r" ([+-]\d+\.\d{4}) *$", told.output, re.MULTILINE)
    assert len(given) > 5
    assert sum(map(float, given)) == pytest.approx(float(score[1]), abs=0.002)
    assert re.search(r"^ *sunny +\+", told.output, re.MULTILINE)
    assert "It was not asked yet" in told.output
    read = json.loads(CliRunner().invoke(main, [*asked, "--json"]).output)
    assert (read["class"]["name"], read["version"]["number"]) == ("good", 1)
    assert read["score"] == pytest.approx(float(score[1]), abs=1e-4)


@pytest.mark.parametrize(
    ("more", "words"),
    [(["x"], "SAMPLE_ID"), (["999"], "no sample 999"), (["1", "--version", "9"], "no version 9")],
)
def test_what_is_not_there_is_one_sentence(
    weather: tuple[Path, int], more: list[str], words: str
) -> None:
    told = CliRunner().invoke(main, ["explain", "p", *more, "--data", str(weather[0])])
    assert told.exit_code == 1
    assert words in told.output
    assert "Traceback" not in told.output
