"""Run things: up, web, worker, clock, alive, upgrade, demo."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from activeloop import logs
from activeloop.commands.desk import data_option, services_for, settings_for
from activeloop.errors import ActiveloopError

if TYPE_CHECKING:
    from activeloop.settings import Settings
    from activeloop.wiring import Enqueue

host_option = click.option("--host", help="Address to listen on; default 127.0.0.1.")
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on; default 8000, 0 any free one."
)


@click.command()
@data_option
@host_option
@port_option
def up(data: Path | None, host: str | None, port: int | None) -> None:
    """Run everything, embedded: one web process and one worker over one data directory."""
    from activeloop.supervisor import Supervisor

    settings = settings_for(data, host=host, port=port)
    with Supervisor(settings, say=click.echo) as supervisor:
        _greet(settings)
        supervisor.run()


@click.command()
@data_option
@host_option
@port_option
def demo(data: Path | None, host: str | None, port: int | None) -> None:
    """Seed a demo project on real bundled data, then run everything."""
    from activeloop.supervisor import Supervisor

    settings = settings_for(data, host=host, port=port)
    with Supervisor(settings, say=click.echo) as supervisor:
        from activeloop.flows.demo import seed

        with services_for(settings.data) as services:
            name, password = seed(services)
        click.echo(f"Sign in as {name} with the password {password}")
        supervisor.run()


@click.command()
@data_option
@host_option
@port_option
def web(data: Path | None, host: str | None, port: int | None) -> None:
    """Run one web process."""
    from activeloop.store import schema
    from activeloop.supervisor import follow_parent
    from activeloop.wiring import build

    follow_parent()
    settings = settings_for(data, host=host, port=port)
    logs.configure(settings.log_format)
    services = build(settings, enqueue=_hints(settings))
    schema.check(services.database)
    from web import create_app, serve

    serve(create_app(services), settings)


@click.command()
@data_option
def worker(data: Path | None) -> None:
    """Run one worker: it imports, trains, ranks, and keeps the clock."""
    _background(data, "run_worker")


@click.command()
@data_option
def clock(data: Path | None) -> None:
    """Run the clock alone (Celery Beat); workers keep time too, this makes it surer."""
    _background(data, "run_clock")


@click.command()
@click.argument("role", type=click.Choice(["worker", "clock"]))
@data_option
def alive(role: str, data: Path | None) -> None:
    """Say whether this machine's worker or clock gave a sign of life lately (health checks)."""
    from activeloop.store import db, heartbeats, schema
    from activeloop.wiring import build

    services = build(settings_for(data))
    try:
        schema.check(services.database)
        with services.read() as session:
            seen = heartbeats.listed(session, now=db.now(session))
    finally:
        services.database.close()
    host = socket.gethostname()
    ages = [each.age for each in seen if each.role == role and each.host == host]
    if min(ages, default=timedelta.max) > heartbeats.ALIVE_WITHIN:
        lately = f"{heartbeats.ALIVE_WITHIN.total_seconds():.0f} s"
        raise ActiveloopError(f"No {role} of {host} gave a sign of life in the last {lately}.")
    click.echo(f"A {role} of {host} was seen {min(ages).total_seconds():.0f} s ago.")


@click.command()
@data_option
def upgrade(data: Path | None) -> None:
    """Create the database, or migrate it to this release."""
    from activeloop.store import schema
    from activeloop.wiring import build

    services = build(settings_for(data))
    before = schema.current(services.database)
    after = schema.upgrade(services.database)
    services.database.close()
    click.echo(
        f"The database is at schema {after}."
        if before == after
        else f"The database went from schema {before or '(none)'} to {after}."
    )


def _background(data: Path | None, role: str) -> None:
    from activeloop.store import schema
    from activeloop.supervisor import follow_parent
    from activeloop.wiring import build

    follow_parent()
    settings = settings_for(data)
    logs.configure(settings.log_format)
    services = build(settings)
    schema.check(services.database)
    services.database.close()  # a pool process must not inherit a connection
    import worker as door

    (door.run_worker if role == "run_worker" else door.run_clock)(services)


def _hints(settings: Settings) -> Enqueue:
    from activeloop.wiring import leave_to_the_clock

    if not settings.redis_url:
        return leave_to_the_clock
    from worker import hints

    return hints(settings)


def _greet(settings: Settings) -> None:
    from activeloop.flows import accounts

    with services_for(settings.data) as services, services.read() as session:
        if not accounts.users(session):
            click.echo(
                "Nobody can sign in yet. In another terminal: "
                f"activeloop user add NAME --role admin --data {settings.data}"
            )
