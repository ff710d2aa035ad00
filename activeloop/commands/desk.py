"""What every command needs: its services, its options, and plain errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from activeloop.errors import ActiveloopError

if TYPE_CHECKING:
    from rich.console import Console

    from activeloop.settings import Settings
    from activeloop.wiring import Services

Command = TypeVar("Command", bound=Callable[..., Any])
MOST_PROBLEMS = 20


class Door(click.Group):
    """The command line's outermost group: errors become one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; only what nobody foresaw shows a traceback."""
        try:
            return super().invoke(ctx)
        except ActiveloopError as error:
            click.echo(f"Error: {error.message}", err=True)
            ctx.exit(1)


def data_option(command: Command) -> Command:
    """Add `--data DIR`."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        help="Data directory (or ACTIVELOOP_DATA); default ./activeloop-data.",
    )(command)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def settings_for(data: Path | None, **more: Any) -> Settings:
    """Read the settings, with the data directory as an absolute path."""
    from activeloop.settings import read_settings

    settings = read_settings(data=data, **more)
    return settings.model_copy(update={"data": settings.data.absolute()})


@contextmanager
def services_for(data: Path | None) -> Iterator[Services]:
    """Open the services for one command, on a database that is up to date.

    An embedded database that is not there yet is made; any other must be upgraded by name.
    """
    from activeloop.store import schema
    from activeloop.wiring import build

    services = build(settings_for(data))
    try:
        if services.settings.embedded and schema.current(services.database) is None:
            schema.upgrade(services.database)
        schema.check(services.database)
        yield services
    finally:
        services.database.close()


def console() -> Console:
    """Open the terminal for tables and bars; never wraps a line when its output is piped."""
    from rich.console import Console

    opened = Console(highlight=False)
    return opened if opened.is_terminal else Console(highlight=False, width=200)


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
