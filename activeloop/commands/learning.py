"""Retrain a project, or simulate one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from activeloop.commands.desk import console, data_option, json_option, services_for, show_json
from activeloop.commands.waiting import see_through
from activeloop.errors import ActiveloopError

if TYPE_CHECKING:
    from activeloop.flows.comparing import Row
    from activeloop.flows.simulating import Plan, Simulated
    from activeloop.learn.types import Estimate

MODES = ("auto", "incremental", "full")
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


@click.command()
@click.option(
    "--data",
    "data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A labelled file.",
)
@click.option("--label", default="", help="Its column with the true labels.")
@click.option("--kind", type=click.Choice(KINDS), help="What a sample is; told from the file.")
@click.option(
    "--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Our field, their column."
)
@click.option("--strategy", "strategies", multiple=True, help="A strategy to draw; repeatable.")
@click.option("--seeds", type=click.IntRange(1), default=3, help="Repetitions.")
@click.option("--budget", type=click.IntRange(1), default=300, help="Labels per repetition.")
@click.option(
    "--noise", type=click.FloatRange(0, 1), default=0.0, help="How often labels are wrong."
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("simulation.png"),
    help="Picture of the curves (.png, .svg or .pdf).",
)
def simulate(
    data: Path,
    label: str,
    kind: str | None,
    maps: Sequence[str],
    strategies: Sequence[str],
    *,
    plot: Path,
    **numbers: float,
) -> None:
    """Draw the learning curves that strategies would have had on a labelled file."""
    from activeloop.commands.importing import mapping_of
    from activeloop.flows import comparing
    from activeloop.flows.simulating import Plan

    plan = Plan(
        data=data,
        label=label,
        kind=kind,  # type: ignore[arg-type]
        mapping=mapping_of(maps),
        strategies=strategies,
        seeds=int(numbers["seeds"]),
        budget=int(numbers["budget"]),
        noise=numbers["noise"],
    )
    simulated = _simulated(plan)
    _print(comparing.rows(simulated), simulated)
    click.echo(f"The curves are in {comparing.draw(simulated, plot)}.")


def _simulated(plan: Plan) -> Simulated:
    from rich.progress import Progress

    from activeloop.flows.simulating import simulate

    opened = console()
    with (
        tempfile.TemporaryDirectory(prefix="activeloop-") as folder,
        Progress(console=opened, transient=True, disable=not opened.is_terminal) as progress,
    ):
        task = progress.add_task("simulating")

        def on_progress(curve: str, given: int, budget: int) -> None:
            progress.update(task, description=curve, completed=given, total=budget)

        return simulate(plan, Path(folder), on_progress=on_progress)


def _print(rows: Sequence[Row], simulated: Simulated) -> None:
    from rich.table import Table

    click.echo(
        f"{simulated.pool:,} samples to label, {simulated.test:,} to measure on, "
        f"{simulated.classes} classes"
    )
    shares = sorted(rows[0].labels_to) if rows else []
    table = Table("strategy", "mean accuracy", "less random's", "at the end", box=None)
    for share in shares:
        table.add_column(f"labels to {share:.0%} of best", justify="right")
    for row in rows:
        spent = [row.labels_to[share] for share in shares]
        table.add_row(
            row.strategy,
            _estimate(row.area),
            "" if row.strategy == "random" else _estimate(row.gain, sign="+"),
            _estimate(row.last),
            *("never" if each is None else f"{each:.0f}" for each in spent),
        )
    console().print(table)


def _estimate(found: Estimate, *, sign: str = "") -> str:
    return f"{found.value:{sign}.3f} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"
