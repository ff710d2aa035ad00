from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
import pytest

from activeloop.cli import main
from activeloop.store import db, heartbeats
from activeloop.store.db import open_database
from tests.processes import plain_environment

ROOT = Path(__file__).resolve().parents[2]
PASSWORDS = "correct horse battery\ncorrect horse battery\n"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = plain_environment(ACTIVELOOP_DATA=str(tmp_path / "data"))

    def run(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "activeloop.cli", *map(str, words)],
            input=stdin,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def project(run: Run, tmp_path: Path) -> str:
    spec = tmp_path / "spec.yaml"
    spec.write_text("name: reviews\nkind: text\nclasses: [good, bad]\n")
    assert run("project", "create", spec).returncode == 0
    return "reviews"


def commands(group: click.Group, before: str = "activeloop") -> list[str]:
    found = []
    for name, command in group.commands.items():
        path = f"{before} {name}"
        found += commands(command, path) if isinstance(command, click.Group) else [path]
    return found


def test_every_command_and_option_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "reference" / "cli.md").read_text()
    assert [each for each in commands(main) if f"`{each}" not in reference] == []


def test_help_loads_nothing_heavy_and_no_server() -> None:
    code = (
        "import sys, activeloop.cli;"
        "heavy = 'numpy sklearn scipy flask celery sqlalchemy pyarrow matplotlib rich'.split();"
        "print([m for m in heavy if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.strip() == "[]"


def test_a_password_is_read_twice_from_a_pipe(run: Run) -> None:
    assert run("user", "add", "ann", "--role", "admin", stdin=PASSWORDS).returncode == 0
    differing = run("user", "add", "bob", "--role", "admin", stdin="one long password\nanother\n")
    assert differing.returncode == 1
    assert differing.stderr.startswith("Error: The two passwords differ")
    assert run("user", "list").stdout == "ann\tadmin\n"


def test_a_token_is_the_last_word(run: Run) -> None:
    run("user", "add", "ann", "--role", "admin", stdin=PASSWORDS)
    words = run("token", "new", "--user", "ann").stdout.split()
    assert words[-1].startswith("al_")


def test_an_error_is_one_sentence_without_a_traceback(run: Run) -> None:
    refused = run("status", "nothing-like-it")
    assert refused.returncode == 1
    assert refused.stderr == "Error: There is no project 'nothing-like-it'.\n"


def test_a_wrong_spec_names_the_field(run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"name": "x", "kind": "sound", "classes": ["a", "b"]}))
    refused = run("project", "create", spec)
    assert refused.returncode == 1
    assert "kind: " in refused.stderr


def test_a_project_is_changed_field_by_field(run: Run, project: str) -> None:
    assert run("project", "set", project, "suggestions.show=true", "gold_share=0.1").returncode == 0
    shown = json.loads(run("project", "list", "--json").stdout)[0]
    assert (shown["spec"]["suggestions"]["show"], shown["spec"]["gold_share"]) == (True, 0.1)
    refused = run("project", "set", project, "answers_per_sample=3")
    assert refused.returncode != 0
    assert "cannot be changed" in refused.stderr


def test_a_command_written_wrongly_exits_with_2(run: Run) -> None:
    assert run("promote", "x", "zero").returncode == 2


def test_without_a_worker_import_and_retrain_do_the_work_themselves(
    run: Run, project: str, tmp_path: Path
) -> None:
    rows = [
        f"{number} {'fine film' if number % 2 else 'dull film'},{'good' if number % 2 else 'bad'}"
        for number in range(120)
    ]
    file = tmp_path / "reviews.csv"
    file.write_text("\n".join(["question,answer", *rows, rows[0]]) + "\n")
    imported = run("import", project, file, "--map", "text=question", "--map", "label=answer")
    assert imported.returncode == 0, imported.stderr
    assert "120 added, 1 duplicates, 0 rejected" in imported.stdout
    status = json.loads(run("status", project, "--json").stdout)
    assert status["counts"]["samples"] == 120
    assert status["queue"]["strategy"] != "random", "what the import caused was done too"
    trained = run("retrain", project, "--mode", "full")
    assert trained.returncode == 0, trained.stderr
    (version,) = json.loads(run("versions", project, "--json").stdout)
    assert version["number"] == 1
    assert version["train_labels"] > 50


def test_an_empty_column_leaves_the_labels_of_a_file_alone(
    run: Run, project: str, tmp_path: Path
) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\nfine film,good\ndull film,bad\n")
    assert run("import", project, file, "--map", "label=").returncode == 0
    counts = json.loads(run("status", project, "--json").stdout)["counts"]
    assert (counts["samples"], counts["labelled"]) == (2, 0)


def test_training_without_labels_is_refused_with_the_reason(run: Run, project: str) -> None:
    refused = run("retrain", project)
    assert refused.returncode == 1
    assert "at least two classes" in refused.stderr


def test_a_role_is_alive_only_while_this_machine_gives_signs_of_life(
    run: Run, project: str, tmp_path: Path
) -> None:
    assert project
    assert run("alive", "worker").returncode == 1, "there is none"
    database = open_database("", tmp_path / "data")
    beats = [(f"{socket.gethostname()}:7", 0, 0), (f"{socket.gethostname()}:7", 16, 1)]
    for name, age, expected in [*beats, ("elsewhere:7", 0, 1)]:
        with database.write() as session:
            at = db.now(session) - timedelta(seconds=age)
            heartbeats.seen(session, name=name, role="worker", now=at)
        told = run("alive", "worker")
        assert told.returncode == expected, told
        assert told.stderr.startswith("Error: No worker of ") == bool(expected)
    assert run("alive", "clock").returncode == 1, "a worker is not the clock"
    database.close()
