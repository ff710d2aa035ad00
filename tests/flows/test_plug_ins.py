"""A plug-in package, installed for real, is used like what is built in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests" / "plugin_example"
PAGE = (ROOT / "docs" / "how-to" / "plug-in.md").read_text("utf-8")

BROKEN_POINTS = """
[activeloop.strategies]
broken-strategy = broken_example:score
odd-strategy = string:ascii_letters
[activeloop.recipes]
broken-recipe = broken_example:Recipe
odd-recipe = string:capwords
"""

ASKED = """
import json
from activeloop.errors import Invalid
from activeloop.learn import recipes, strategies
from activeloop.testing import check_recipe, check_strategy

def said(work, name):
    try:
        work(name)
    except Invalid as error:
        return error.message
    return "no complaint"

print(json.dumps({
    "listed": [name for name in (*strategies.names(), *recipes.names()) if "-" in name],
    **{name: said(strategies.get, name) for name in ("broken-strategy", "odd-strategy")},
    **{name: said(recipes.get, name) for name in ("broken-recipe", "odd-recipe")},
    "example-ratio": said(check_strategy, "example-ratio"),
    "example-bayes": said(check_recipe, "example-bayes"),
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the example's wheel and install it into a folder of its own, without a network."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps",
         "--no-index", "--no-build-isolation", "--python", sys.executable,
         "--cache-dir", str(tmp_path_factory.mktemp("cache")), "--target", str(folder),
         str(EXAMPLE)],
        check=True,
        timeout=120,
    )  # fmt: skip
    return folder


def run(folder: Path, *arguments: str) -> Any:
    """Run Python with the folder's packages beside ours; give the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give what somebody saw who listed, checked, ranked, labelled and trained."""
    return run(installed, str(EXAMPLE / "tour.py"), str(tmp_path_factory.mktemp("data") / "data"))


@pytest.mark.slow
def test_without_the_package_there_is_no_such_strategy() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "from activeloop.learn import strategies as s; print(s.names())"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert "margin-badge" in found.stdout
    assert "example-ratio" not in found.stdout


@pytest.mark.slow
def test_its_strategies_and_its_recipe_are_listed_among_ours(seen: Any) -> None:
    assert {"example-ratio", "example-farthest", "margin-badge"} <= set(seen["strategies"])
    assert {"example-bayes", "linear"} <= set(seen["recipes"])


@pytest.mark.slow
def test_a_pool_is_ranked_by_its_scores(seen: Any) -> None:
    scores = np.array(seen["second to first"])
    picks = seen["picks"]["example-ratio"]
    assert len(set(picks)) == 30
    assert np.allclose(scores[picks], np.sort(scores)[::-1][:30])
    assert scores[picks].min() > np.median(scores)


@pytest.mark.slow
def test_its_own_choice_makes_the_batch_and_scores_order_the_rest(seen: Any) -> None:
    by_score, chosen = seen["picks"]["example-ratio"], seen["picks"]["example-farthest"]
    assert chosen[0] == by_score[0]
    assert set(chosen[:10]) != set(by_score[:10])
    scores = np.array(seen["second to first"])
    # the best of what the batch left follow, best first
    assert np.all(np.diff(scores[chosen[10:]]) <= 0)


@pytest.mark.slow
def test_a_project_labels_and_learns_with_it(seen: Any) -> None:
    project = seen["project"]
    assert project["recipe"] == "example-bayes"
    assert project["champion"]["number"] >= 1
    assert project["queue"]["strategy"] == "example-farthest"
    assert project["queue"]["version"] >= 1
    assert project["accuracy"] > 0.6
    assert project["accuracy"] < 0.99


@pytest.mark.slow
def test_a_plug_in_that_fails_to_load_names_itself_and_stops_nothing_else(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken_example.py").write_text("raise RuntimeError('the driver is missing')\n")
    known = tmp_path / "broken_example-1.0.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-example\nVersion: 1.0\n")
    (known / "entry_points.txt").write_text(BROKEN_POINTS)
    told = run(Path(f"{tmp_path}{os.pathsep}{installed}"), "-c", ASKED)
    assert {"broken-strategy", "broken-recipe", "example-ratio"} <= set(told["listed"])
    for name in ("broken-strategy", "broken-recipe"):
        assert name in told[name]
        assert "RuntimeError: the driver is missing" in told[name]
    for name in ("odd-strategy", "odd-recipe"):
        assert re.search(f"{name}.*is no (strategy|recipe)", told[name])
    assert told["example-ratio"] == told["example-bayes"] == "no complaint"


@pytest.mark.parametrize(
    "file", ["pyproject.toml", "activeloop_example/strategies.py", "activeloop_example/bayes.py"]
)
def test_the_page_on_plug_ins_shows_the_code_of_the_example(file: str) -> None:
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", PAGE, re.DOTALL)
    assert (EXAMPLE / file).read_text("utf-8") in blocks
    assert f"`{file}`" in PAGE
