"""Classes and assignments on the command line."""

from __future__ import annotations

from tests.commands.test_cli import PASSWORDS, Run, project, run

__all__ = ["project", "run"]


def test_classes_are_previewed_changed_and_listed(run: Run, project: str) -> None:
    told = run(
        "classes", project, "split", "good", "--into", "fine", "--into", "great", "--preview"
    )
    assert told.stdout.startswith("Would have split 'good' into 'fine' and 'great':")
    assert run("classes", project).stdout.split() == ["good", "bad"]
    assert run("classes", project, "rename", "good", "fine").stdout.startswith("Renamed 'good' to")
    assert run("classes", project, "add", "neither").returncode == 0
    assert run("classes", project, "merge", "neither", "--into", "bad").returncode == 0
    listed = run("classes", project).stdout.splitlines()
    assert listed[:2] == ["fine", "bad"]
    assert listed[2].endswith("merged 'neither' into 'bad'")
    refused = run("classes", project, "retire", "owl")
    assert (refused.returncode, "is not a class" in refused.stderr) == (1, True)


def test_a_project_is_given_to_people_and_opened_again(run: Run, project: str) -> None:
    run("user", "add", "ann", "--role", "reviewer", stdin=PASSWORDS)
    assert run("project", "assign", project, "ann").stdout == (
        "Project reviews is labelled by ann.\n"
    )
    assert run("project", "assign", project, "nobody").returncode == 1
    assert run("project", "assign", project).returncode == 2
    assert "every annotator" in run("project", "assign", project, "--everybody").stdout
