"""The classes of a project: list them, and change them with a look at what is touched first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from activeloop.commands.desk import data_option, json_option, services_for, show_json

if TYPE_CHECKING:
    from activeloop.flows.class_plans import Wanted

ACTIONS = ("list", "rename", "merge", "split", "add", "retire")


@click.command()
@click.argument("project")
@click.argument("action", type=click.Choice(ACTIONS), default="list")
@click.argument("names", nargs=-1)
@click.option("--into", multiple=True, help="What becomes of them; may be given more than once.")
@click.option("--preview", is_flag=True, help="Only tell what is touched.")
@json_option
@data_option
def classes(
    project: str,
    action: str,
    names: tuple[str, ...],
    into: tuple[str, ...],
    data: Path | None,
    *,
    preview: bool,
    as_json: bool,
) -> None:
    """List the classes of PROJECT, or change them.

    \b
    activeloop classes PROJECT rename OLD NEW
    activeloop classes PROJECT merge A B --into C
    activeloop classes PROJECT split A --into X --into Y
    activeloop classes PROJECT add NAME...
    activeloop classes PROJECT retire NAME...
    """  # noqa: D301 - click reads the \b
    from activeloop.flows import label_sets, projects

    with services_for(data) as services:
        if action == "list":
            with services.read() as session:
                shown = label_sets.shown(session, projects.find(session, project))
            _list(shown, as_json=as_json)
            return
        wanted = _wanted(action, names, into)
        if preview:
            with services.read() as session:
                told = label_sets.preview(session, projects.find(session, project), wanted)
        else:
            with services.write() as session:
                found = projects.find(session, project)
                told = label_sets.apply(session, found, wanted, user_id=None)
    if as_json:
        show_json(told)
        return
    for line in _lines(told, preview=preview):
        click.echo(line)


def _wanted(action: Any, names: tuple[str, ...], into: tuple[str, ...]) -> Wanted:
    from activeloop.flows.class_plans import Wanted

    if action == "rename" and not into:
        names, into = names[:-1], names[-1:]
    elif action == "add" and not into:
        names, into = (), names
    return Wanted(action, names, into)


def _list(shown: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(shown)
        return
    for name in shown["classes"]:
        detail = shown["details"][name]
        click.echo("\t".join(filter(None, (name, detail["key"], detail["description"]))))
    for each in shown["history"]:
        click.echo(f"# {each['created_at'][:16]} {each['sentence']}")


def _lines(told: dict[str, Any], *, preview: bool) -> list[str]:
    sentence = told["sentence"]
    head = f"Would have {sentence}:" if preview else f"{sentence[:1].upper()}{sentence[1:]}."
    counts = [
        f"{told['samples']:,} samples were ever given one of these classes",
        f"{told['relabelled']:,} labels change",
        f"{told['void']:,} answers no longer stand",
        f"{told['requeued']:,} samples are asked again",
        f"{told['gold_lost']:,} samples are gold no more",
    ]
    lines = [head, *(f"- {line}" for line in counts if not line.startswith("0 "))]
    if told.get("run"):
        lines.append(f"- run {told['run']} learns the classes of now")
    return lines
