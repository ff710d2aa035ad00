"""Retrain a project."""

from __future__ import annotations

from pathlib import Path

import click

from activeloop.commands.desk import data_option, json_option, services_for, show_json
from activeloop.commands.waiting import see_through
from activeloop.errors import ActiveloopError

MODES = ("auto", "full", "incremental", "warm", "fine-tune")
KINDS = ("text", "image", "table", "vectors")


@click.command()
@click.argument("project")
@click.option("--mode", type=click.Choice(MODES), default="auto", help="How to learn.")
@json_option
@data_option
def retrain(project: str, mode: str, data: Path | None, *, as_json: bool) -> None:
    """Train a version now and wait for it."""
    from activeloop.flows import projects, status, training
    from activeloop.store.ledger import NEW_JOBS

    with services_for(data) as services:
        with services.write() as session:
            found = projects.find(session, project)
            run = training.ask(
                session,
                found,
                mode=mode,  # type: ignore[arg-type]
                because="asked for on the command line",
                user_id=None,
            )
            run_id, job_id = run.id, session.info[NEW_JOBS][-1]
        see_through(services, job_id, title=f"run {run_id}")
        with services.read() as session:
            result = status.run(session, projects.find(session, project), run_id)
    if as_json:
        show_json(result)
    elif result["status"] == "done":
        click.echo(
            f"Version {result['version']} ({result['mode_used']}, "
            f"{result['train_labels']} labels): {result['verdict']}. {result['verdict_because']}"
        )
    if result["status"] != "done":
        raise ActiveloopError(f"Run {run_id} {result['status']}: {result['error']}")
