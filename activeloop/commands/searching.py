"""Search for a better recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from activeloop.commands.desk import data_option, json_option, services_for, show_json
from activeloop.commands.waiting import see_through


@click.command()
@click.argument("project")
@click.option("--trials", type=click.IntRange(1, 1000), default=20, help="How many to try.")
@click.option(
    "--seconds", type=click.IntRange(0), default=0, help="Stop after so long; 0: no limit."
)
@click.option(
    "--adopt", "rank", type=click.IntRange(1), help="Instead: take this rank, and train it."
)
@json_option
@data_option
def search(
    project: str, trials: int, seconds: int, rank: int | None, data: Path | None, *, as_json: bool
) -> None:
    """Try recipes on the training labels and wait, or adopt one that was found."""
    if rank is not None:
        result = _adopted(project, rank, data)
        said = f"Version {result['version']}: {result['verdict']}. {result['verdict_because']}"
        text = said if result["status"] == "done" else f"{result['status']}: {result['error']}"
    else:
        result = _searched(project, trials, seconds, data)
        text = "\n".join(_line(each) for each in result["leaderboard"]) or "Nothing could learn."
    if as_json:
        show_json(result)
    else:
        click.echo(text)


def _searched(project: str, trials: int, seconds: int, data: Path | None) -> dict[str, Any]:
    from activeloop.flows import projects, searching

    with services_for(data) as services:
        with services.write() as session:
            found = projects.find(session, project)
            job_id = searching.ask(session, found, trials=trials, seconds=seconds)
        see_through(services, job_id, title="search")
        with services.read() as session:
            return searching.newest(session, projects.find(session, project))


def _adopted(project: str, rank: int, data: Path | None) -> dict[str, Any]:
    from activeloop.flows import projects, searching, status
    from activeloop.store.ledger import NEW_JOBS

    with services_for(data) as services:
        with services.write() as session:
            found = projects.find(session, project)
            run = searching.adopt(session, found, rank, user_id=None)
            run_id, job_id = run.id, session.info[NEW_JOBS][-1]
        see_through(services, job_id, title=f"run {run_id}")
        with services.read() as session:
            return status.run(session, projects.find(session, project), run_id)


def _line(each: dict[str, Any]) -> str:
    params = ", ".join(f"{key} {value}" for key, value in each["params"].items())
    return (
        f"{each['rank']:>3}  {each['mean']:.3f} ({each['low']:.3f} to {each['high']:.3f})  "
        f"{each['recipe']}: {params}"
    )
