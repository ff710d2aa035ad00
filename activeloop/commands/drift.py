"""What came in, beside what the champion learned from."""

from __future__ import annotations

from pathlib import Path

import click

from activeloop.commands.desk import data_option, json_option, services_for, show_json


@click.command()
@click.argument("project")
@json_option
@data_option
def drift(project: str, data: Path | None, *, as_json: bool) -> None:
    """Show the windows of PROJECT's incoming samples, newest first."""
    from activeloop.flows import monitoring, projects

    with services_for(data) as services, services.read() as session:
        found = monitoring.timeline(session, projects.find(session, project))
    if as_json:
        show_json(found)
        return
    if not found["windows"]:
        waiting = ", ".join(f"{name} {count}" for name, count in found["waiting"].items())
        click.echo(
            f"Not enough yet: a window takes {found['window']} samples; there are {waiting}."
        )
    for each in found["windows"]:
        state = "ALARM" if each["alarm"] else "drift" if each["drifted"] else "alike"
        click.echo(f"{each['number']}\t{state}\t{each['says']}")
