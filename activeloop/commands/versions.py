"""Versions: bring one back, pin it, note something down."""

from __future__ import annotations

import json
from pathlib import Path

import click

from activeloop.commands.desk import data_option, services_for


@click.command()
@click.argument("project")
@click.argument("number", type=click.IntRange(1), required=False)
@data_option
def rollback(project: str, number: int | None, data: Path | None) -> None:
    """Bring back the champion before this one, or version NUMBER."""
    from activeloop.flows import projects, versions

    with services_for(data) as services, services.write() as session:
        found = versions.rollback(session, projects.find(session, project), user_id=None, to=number)
    click.echo(f"Version {found['number']} is the champion.")


@click.command()
@click.argument("project")
@click.argument("number", type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@data_option
@click.pass_context
def reproduce(
    context: click.Context, project: str, number: int, data: Path | None, *, as_json: bool
) -> None:
    """Train version NUMBER again from its record and compare; fails when they predict otherwise."""
    from activeloop.flows import reproducing

    with services_for(data) as services:
        report = reproducing.reproduce(services, project, number)
    click.echo(json.dumps(report.as_json(), indent=2) if as_json else "\n".join(report.words()))
    context.exit(0 if report.same else 1)


@click.group()
def version() -> None:
    """One version of a project."""


@version.command("pin")
@click.argument("project")
@click.argument("number", type=click.IntRange(1))
@data_option
def pin(project: str, number: int, data: Path | None) -> None:
    """Keep the model file of version NUMBER, whatever comes."""
    _annotate(project, number, data, pinned=True)
    click.echo(f"Version {number} is pinned.")


@version.command("unpin")
@click.argument("project")
@click.argument("number", type=click.IntRange(1))
@data_option
def unpin(project: str, number: int, data: Path | None) -> None:
    """Let the model file of version NUMBER go when its time comes."""
    _annotate(project, number, data, pinned=False)
    click.echo(f"Version {number} is not pinned.")


@version.command("note")
@click.argument("project")
@click.argument("number", type=click.IntRange(1))
@click.argument("notes")
@data_option
def note(project: str, number: int, notes: str, data: Path | None) -> None:
    """Note something down on version NUMBER, in the place of what stood there."""
    _annotate(project, number, data, notes=notes)
    click.echo(f"Noted on version {number}.")


def _annotate(
    project: str,
    number: int,
    data: Path | None,
    *,
    pinned: bool | None = None,
    notes: str | None = None,
) -> None:
    from activeloop.flows import projects, versions

    with services_for(data) as services, services.write() as session:
        versions.annotate(
            session,
            projects.find(session, project),
            number,
            user_id=None,
            pinned=pinned,
            notes=notes,
        )
