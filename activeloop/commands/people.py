"""Users and tokens."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from activeloop.commands.desk import data_option, services_for
from activeloop.errors import Invalid

ROLES = ("admin", "engineer", "reviewer", "annotator")


@click.group()
def user() -> None:
    """People who may sign in."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the user may do.")
@data_option
def add(name: str, role: str, data: Path | None) -> None:
    """Add a user; asks for the password twice, also on a pipe."""
    from activeloop.flows import accounts

    password = _asked_twice()
    with services_for(data) as services:
        kept = accounts.hashed(password)
        with services.write() as session:
            accounts.add_user(session, name, role, kept)
    click.echo(f"Added {role} {name}.")


@user.command("list")
@data_option
def list_(data: Path | None) -> None:
    """List the users."""
    from activeloop.flows import accounts

    with services_for(data) as services, services.read() as session:
        for each in accounts.users(session):
            click.echo(f"{each['name']}\t{each['role']}")


@click.group()
def token() -> None:
    """Tokens of programs that use the HTTP API."""


@token.command("new")
@click.option("--user", "name", required=True, help="Whose rights the token has.")
@data_option
def new(name: str, data: Path | None) -> None:
    """Make a token and print it, the only time it is seen."""
    from activeloop.flows import accounts

    with services_for(data) as services, services.write() as session:
        plain = accounts.new_token(session, name)
    click.echo(f"Keep this token, it is not shown again: {plain}")


def _asked_twice() -> str:
    if sys.stdin.isatty():
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return answer
    first, second = (sys.stdin.readline().rstrip("\r\n") for _ in range(2))
    if first != second:
        raise Invalid("The two passwords differ (on a pipe they are the first two lines).")
    return first
