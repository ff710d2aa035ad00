"""A version made under one end of scikit-learn's range is made again under the other.

Run by `make test-oldest`, which has both; `NEWEST` names the Python of the newest end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKE = """
import sys
from pathlib import Path
from tests.flows.pools import opened
from tests.flows.test_reproducing import trained
services = opened(Path(sys.argv[2]))
trained(services, sys.argv[1], labels=70)
services.database.close()
"""
PYTHONS = {"oldest": sys.executable, "newest": os.environ["NEWEST"]}


def run(end: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a Python of an end in the checkout."""
    return subprocess.run(
        [PYTHONS[end], *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("recipe", ["linear", "online", "forest"])
@pytest.mark.parametrize(("made", "again"), [("newest", "oldest"), ("oldest", "newest")])
def test_predictions_are_the_same_at_the_other_end(
    tmp_path: Path, recipe: str, made: str, again: str
) -> None:
    data = str(tmp_path / "data")
    assert (done := run(made, "-c", MAKE, recipe, data)).returncode == 0, done.stderr
    found = run(again, "-m", "activeloop.cli", "reproduce", "digits", "2", "--data", data, "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    report: dict[str, Any] = json.loads(found.stdout)
    assert "scikit-learn" in report["libraries"]
    for where in ("audit", "pool"):
        assert report[where]["changed"] == 0
        assert report[where]["largest"] <= (1e-5 if recipe == "linear" else 0)
