"""The house rules that no tool checks: sizes, quiet imports, forbidden words, documentation."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from activeloop.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("activeloop", "web", "worker", "tests", "benchmarks")
LONGEST_FILE = 400
NUMERIC = {"numpy", "scipy", "sklearn", "skimage", "pandas", "matplotlib", "pyarrow", "plotly"}
HEAVY = NUMERIC | {"PIL", "modAL", "celery", "kombu"}
UNSAFE_READERS = {"pickle", "cPickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}


def sources(*rooms: str) -> list[Path]:
    """Give every Python file of the rooms."""
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def test_no_python_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in sources(*ROOMS)}
    # a migration is history: it is written once and never split
    lengths = {path: n for path, n in lengths.items() if "versions" not in path.parts}
    assert len(lengths) > 20, "the rooms were not found"
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_FILE}
    assert not too_long


def test_every_package_of_a_room_is_a_real_package() -> None:
    folders = {path.parent for path in sources("activeloop", "web", "worker")}
    outside = {ROOT / "activeloop/store/migrations", ROOT / "activeloop/store/migrations/versions"}
    assert not [f for f in folders - outside if not (f / "__init__.py").exists()]


@pytest.mark.parametrize("door", ["activeloop", "activeloop.cli", "web"])
def test_importing_a_door_loads_no_heavy_library(door: str) -> None:
    loaded = _modules_after(f"import {door}")
    assert not sorted(loaded & HEAVY)


def test_importing_the_worker_loads_no_numeric_library() -> None:
    # they are imported in the child after the fork, else OpenMP hangs there
    loaded = _modules_after("import worker")
    assert not sorted(loaded & NUMERIC)


def test_importing_everything_opens_no_database_and_reads_no_settings() -> None:
    told = _run(
        "import sqlalchemy, activeloop.settings as s\n"
        "def refuse(*a, **k): raise SystemExit('made at import')\n"
        "sqlalchemy.create_engine = refuse\n"
        "s.Settings.__init__ = refuse\n"
        "import activeloop.cli, web, worker\n"
        "print('quiet')"
    )
    assert told == "quiet"


def test_nothing_reads_or_writes_a_pickle() -> None:
    rooms = sources("activeloop", "web", "worker", "benchmarks")
    guilty = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in rooms
        for module in _imports(path)
        if module.split(".")[0] in UNSAFE_READERS
    ]
    allowed = re.compile(r"allow_pickle\s*=\s*True")
    guilty += [str(path.relative_to(ROOT)) for path in rooms if allowed.search(path.read_text())]
    assert not guilty


def test_every_setting_is_explained_in_the_reference() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`{PREFIX}{name.upper()}`" in page
        assert field.description, name
        assert field.description in page, f"the page tells something else of {name}"


def test_the_reference_explains_no_setting_that_does_not_exist() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    told = {word.lower() for word in re.findall(rf"`{PREFIX}([A-Z_]+)`", page)}
    assert told == set(Settings.model_fields)


def test_every_make_word_that_a_reader_is_told_exists() -> None:
    words = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [page for page in ROOT.glob("*.md") if page.is_file()]
    pages += [*ROOT.glob("docs/**/*.md"), ROOT / ".ci/run"]
    for page in pages:
        told = set(re.findall(r"(?:^|`|\$ )make ([a-z][a-z-]+)", page.read_text(), re.MULTILINE))
        assert told <= words, page.name


def test_locks_name_no_host_and_pin_every_package_with_a_hash() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text, lock.name
        pins = re.findall(r"^[A-Za-z0-9].*$", text, re.MULTILINE)
        assert pins
        assert all("==" in pin and pin.endswith("\\") for pin in pins), lock.name


def test_decisions_have_a_number_each_and_name_their_parts() -> None:
    records = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(numbers) == len(set(numbers)) > 1
    for record in records[1:]:
        text = record.read_text()
        for part in ("Status", "## Context", "## Decision", "## Consequences"):
            assert part in text, record.name


def _imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def _modules_after(statement: str) -> set[str]:
    told = _run(f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))")
    return {name.split(".")[0] for name in json.loads(told)}


def _run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
