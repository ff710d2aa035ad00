"""Advice: is active learning paying, and when is it enough."""

from __future__ import annotations

from pathlib import Path

import click

from activeloop.commands.desk import data_option, json_option, services_for, show_json

MARKS = {True: "yes", False: "no", None: "not told"}


@click.command()
@click.argument("project")
@json_option
@data_option
def advice(project: str, data: Path | None, *, as_json: bool) -> None:
    """Say whether labelling PROJECT can stop, and whether choosing samples pays."""
    from activeloop.flows import advising, arming, projects

    with services_for(data) as services, services.read() as session:
        found = projects.find(session, project)
        told, arms = advising.newest(session, found), arming.newest(session, found)
    if as_json:
        show_json({"advice": told, "arms": arms})
        return
    if not told:
        click.echo("There is no advice yet; it comes with the versions.")
        return
    click.echo(f"{told['verdict']}: {told['says']}")
    for piece in told["evidence"]:
        click.echo(f"- {MARKS[piece['met']]}: {piece['says']}")
    click.echo(arms["says"])
