"""Webhooks: add, list, try out, remove, and see what arrived."""

from __future__ import annotations

from pathlib import Path

import click

from activeloop.commands.desk import console, data_option, json_option, services_for, show_json


@click.group()
def webhook() -> None:
    """Programs that are told what happens in a project."""


@webhook.command("add")
@click.argument("project")
@click.argument("url")
@click.option("--event", "events", multiple=True, help="May be given more than once; default all.")
@click.option("--secret", default="", help="Signs what is sent; default: a new one.")
@data_option
def add(project: str, url: str, events: tuple[str, ...], secret: str, data: Path | None) -> None:
    """Add a webhook to PROJECT and print its secret, the only time it is seen."""
    from activeloop.flows import projects, webhooks

    with services_for(data) as services, services.write() as session:
        made = webhooks.add(
            session,
            projects.find(session, project),
            url,
            events or ("*",),
            secret=secret,
            user_id=None,
        )
    click.echo(f"Webhook {made['id']} tells {url} of {', '.join(made['events'])}.")
    click.echo(f"Keep its secret, it is not shown again: {made['secret']}")


@webhook.command("list")
@click.argument("project")
@json_option
@data_option
def list_(project: str, data: Path | None, *, as_json: bool) -> None:
    """List the webhooks of PROJECT."""
    from activeloop.flows import projects, webhooks

    with services_for(data) as services, services.read() as session:
        found = webhooks.listed(session, projects.find(session, project))
    if as_json:
        show_json(found)
        return
    for each in found:
        state = "" if each["enabled"] else " (switched off)"
        failing = f", {each['failing']} deliveries failed in a row" if each["failing"] else ""
        events = ", ".join(each["events"])
        click.echo(f"{each['id']}\t{each['url']}\t{events}{state}{failing}")


@webhook.command("test")
@click.argument("project")
@click.argument("webhook_id", type=int)
@data_option
def test(project: str, webhook_id: int, data: Path | None) -> None:
    """Send a webhook of PROJECT an event, to see whether it arrives."""
    from activeloop.flows import projects, webhooks

    with services_for(data) as services, services.write() as session:
        made = webhooks.test(session, projects.find(session, project), webhook_id)
    click.echo(
        f"Delivery {made['id']} is on its way; "
        f"`activeloop webhook log {project} {webhook_id}` tells how it went."
    )


@webhook.command("log")
@click.argument("project")
@click.argument("webhook_id", type=int)
@json_option
@data_option
def log(project: str, webhook_id: int, data: Path | None, *, as_json: bool) -> None:
    """Show what was sent to a webhook of PROJECT, newest first."""
    from rich.table import Table

    from activeloop.flows import projects, webhooks

    with services_for(data) as services, services.read() as session:
        found = webhooks.log(session, projects.find(session, project), webhook_id)
    if as_json:
        show_json(found)
        return
    table = Table("delivery", "event", "state", "tries", "answered", "what went wrong", box=None)
    for each in found:
        row = (each["id"], each["event"], each["state"], each["attempts"], each["status"] or "-")
        table.add_row(*map(str, row), each["error"])
    console().print(table)


@webhook.command("remove")
@click.argument("project")
@click.argument("webhook_id", type=int)
@data_option
def remove(project: str, webhook_id: int, data: Path | None) -> None:
    """Remove a webhook of PROJECT."""
    from activeloop.flows import projects, webhooks

    with services_for(data) as services, services.write() as session:
        webhooks.remove(session, projects.find(session, project), webhook_id, user_id=None)
    click.echo(f"Removed webhook {webhook_id}.")
