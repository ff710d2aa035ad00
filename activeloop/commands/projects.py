"""Projects: make, list, show; what they do and what they wait for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from activeloop.commands.desk import console, data_option, json_option, services_for, show_json


@click.group()
def project() -> None:
    """Labelling projects."""


@project.command("create")
@click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@data_option
def create(spec: Path, data: Path | None, *, as_json: bool) -> None:
    """Make a project from SPEC, a YAML or JSON file with at least name, kind and classes."""
    from activeloop.errors import Invalid
    from activeloop.flows import projects
    from activeloop.spec import read_spec

    try:
        text = spec.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{spec} is not text in UTF-8.") from error
    parsed = read_spec(text)
    with services_for(data) as services, services.write() as session:
        made = projects.as_json(projects.create(session, parsed))
    if as_json:
        show_json(made)
    else:
        click.echo(f"Made project {made['name']} (number {made['id']}).")


@project.command("set")
@click.argument("name")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@data_option
def set_(name: str, changes: tuple[str, ...], data: Path | None) -> None:
    """Change fields of a project, as in: set pets suggestions.show=true gold_share=0.05."""
    import yaml

    from activeloop.errors import Invalid
    from activeloop.flows import policies, projects

    wanted: dict[str, Any] = {}
    for each in changes:
        field, equals, value = each.partition("=")
        if not equals:
            raise Invalid.field(each, "is no change; write FIELD=VALUE, as in gold_share=0.05.")
        part, dot, inner = field.partition(".")
        try:
            read = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise Invalid.field(field, f"{value!r} is no value in YAML or JSON.") from error
        if dot:
            wanted.setdefault(part, {})[inner] = read
        else:
            wanted[part] = read
    with services_for(data) as services, services.write() as session:
        policies.change(session, projects.find(session, name), wanted, user_id=None)
    click.echo(f"Changed {', '.join(sorted(wanted))} of project {name}.")


@project.command("list")
@json_option
@data_option
def list_(data: Path | None, *, as_json: bool) -> None:
    """List the projects."""
    from activeloop.flows import projects

    with services_for(data) as services, services.read() as session:
        found = [projects.as_json(each) for each in projects.all_(session)]
    if as_json:
        show_json(found)
        return
    for each in found:
        click.echo(f"{each['id']}\t{each['name']}\t{each['kind']}\t{len(each['classes'])} classes")
    if not found:
        click.echo("There is no project yet. Make one: activeloop project create SPEC")


@project.command("show")
@click.argument("name")
@json_option
@data_option
def show(name: str, data: Path | None, *, as_json: bool) -> None:
    """Show a project's spec, with every default filled in."""
    from activeloop.flows import projects

    with services_for(data) as services, services.read() as session:
        found = projects.find(session, name)
        spec = projects.spec_of(found).dump()
    if as_json:
        show_json({"id": found.id, **spec})
        return
    import yaml

    click.echo(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True).rstrip())


@project.command("assign")
@click.argument("name")
@click.argument("users", nargs=-1)
@click.option("--everybody", is_flag=True, help="Let every annotator label it.")
@data_option
def assign(name: str, users: tuple[str, ...], data: Path | None, *, everybody: bool) -> None:
    """Let only USERS label a project; reviewers and up see all projects all the same."""
    from activeloop.flows import assigning, projects

    if bool(users) == everybody:
        raise click.UsageError("Name the users, or say --everybody.")
    with services_for(data) as services, services.write() as session:
        told = assigning.assign(session, projects.find(session, name), users, user_id=None)
    who = ", ".join(told["users"]) if told["users"] else "every annotator"
    click.echo(f"Project {name} is labelled by {who}.")


@click.command()
@click.argument("project")
@json_option
@data_option
def status(project: str, data: Path | None, *, as_json: bool) -> None:
    """Say what a project does now."""
    found = _report(project, data)
    if as_json:
        show_json(found)
        return
    for line in _lines(found):
        click.echo(line)


@click.command()
@click.argument("project")
@json_option
@data_option
def doctor(project: str, data: Path | None, *, as_json: bool) -> None:
    """Say what a project waits for, and why."""
    sentences = _report(project, data)["doctor"]
    if as_json:
        show_json(sentences)
        return
    for sentence in sentences or ["Nothing to complain of: the loop is running."]:
        click.echo(f"- {sentence}")


@click.command()
@click.argument("project")
@json_option
@data_option
def versions(project: str, data: Path | None, *, as_json: bool) -> None:
    """List the trained versions, newest first."""
    from activeloop.flows import projects
    from activeloop.flows import versions as flow

    with services_for(data) as services, services.read() as session:
        found = flow.listed(session, projects.find(session, project))
    if as_json:
        show_json(found)
        return
    if not found:
        click.echo("No version has been trained yet.")
        return
    from rich.table import Table

    table = Table("version", "status", "labels", "audit", "accuracy", "because", box=None)
    for each in found:
        table.add_row(*_cells(each))
    console().print(table)


@click.command()
@click.argument("project")
@click.argument("number", type=click.IntRange(1))
@data_option
def promote(project: str, number: int, data: Path | None) -> None:
    """Make version NUMBER the champion."""
    from activeloop.flows import projects
    from activeloop.flows import versions as flow

    with services_for(data) as services, services.write() as session:
        flow.promote(session, projects.find(session, project), number, user_id=None)
    click.echo(f"Version {number} is the champion.")


def _report(project: str, data: Path | None) -> dict[str, Any]:
    from activeloop.flows import projects
    from activeloop.flows import status as flow

    with services_for(data) as services, services.read() as session:
        return flow.report(session, projects.find(session, project))


def _lines(found: dict[str, Any]) -> list[str]:
    counts, queue, champion = found["counts"], found["queue"], found["champion"]
    version = f"version {queue['version']}" if queue["version"] else "no version yet"
    classes = len(found["project"]["classes"])
    audit, labelled = counts["labelled_audit"], counts["labelled"]
    in_hands = f"{counts['open_leases']:,} in somebody's hands"
    lines = [
        f"{found['project']['name']}: {found['project']['kind']}, {classes} classes",
        f"samples   {counts['samples']:,}, of them {counts['audit_samples']:,} audit",
        f"labelled  {labelled:,}, of them {audit:,} audit; {in_hands}",
        f"queue     {queue['strategy']}, {version}: {queue['because']}",
        f"champion  {_champion(champion)}",
    ]
    if sweep := found["sweep"]:
        lines.append(f"sweep     {sweep['rows_done']:,} of {sweep['rows']:,} rows scored")
    lines += [
        f"job       {job['kind']} {job['state']} {job['stage']} {job['progress']:.0%}"
        for job in found["jobs"]
    ]
    lines += [f"run {run['id']}     {run['status']} {run['because']}" for run in found["runs"][:1]]
    return lines + [f"- {sentence}" for sentence in found["doctor"]]


def _champion(version: dict[str, Any] | None) -> str:
    return f"version {version['number']}, accuracy {_accuracy(version)}" if version else "none yet"


def _cells(version: dict[str, Any]) -> list[str]:
    return [
        str(version["number"]),
        version["status"],
        str(version["train_labels"]),
        str(version["audit_labels"]),
        _accuracy(version),
        version["because"],
    ]


def _accuracy(version: dict[str, Any]) -> str:
    found = version["metrics"].get("accuracy")
    if not found or found.get("value") is None:
        return "not measured yet"
    low, high = found.get("low"), found.get("high")
    interval = "" if low is None else f" ({low:.3f} to {high:.3f})"
    return f"{found['value']:.3f}{interval}"
