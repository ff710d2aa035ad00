"""Simulate a project on a labelled file, from the command line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from activeloop.commands.desk import console, json_option, show_json
from activeloop.errors import Invalid

if TYPE_CHECKING:
    from activeloop.flows.comparing import Row
    from activeloop.flows.simulating import Plan, Simulated
    from activeloop.learn.types import Estimate

KINDS = ("text", "image", "table", "vectors")


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A labelled file, or a folder with one folder of images per class.",
)
@click.option("--label", default="", help="The column with the true labels.")
@click.option(
    "--kind", type=click.Choice(KINDS), help="What a sample is; told from the file if it can be."
)
@click.option(
    "--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Our field, their column."
)
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="S",
    help="A strategy to draw, repeatable; random is always drawn beside.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Repetitions.")
@click.option(
    "--budget", type=click.IntRange(1), default=300, show_default=True, help="Labels per curve."
)
@click.option(
    "--noise",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="How often a label is wrong.",
)
@click.option(
    "--annotators",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many oracles take turns; as many as answers per sample, or more.",
)
@click.option("--every", type=click.IntRange(1), help="Labels per version; default 20.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Processes; default as many as processors, or seeds."
)
@click.option(
    "--spec",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML or JSON with more fields of the project spec.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("simulation"),
    show_default=True,
    help="Folder for curves.png, points.csv and summary.json.",
)
@json_option
def simulate(
    *,
    data: Path,
    label: str,
    maps: Sequence[str],
    spec: Path | None,
    output: Path,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Draw the learning curves that strategies would have had on a labelled file."""
    from activeloop.commands.importing import mapping_of
    from activeloop.flows import comparing
    from activeloop.flows.simulating import Plan

    more = _fields(spec) if spec else {}
    plan = Plan(data=data, label=label, mapping=mapping_of(maps), spec=more, **chosen)
    simulated = _simulated(plan)
    output.mkdir(parents=True, exist_ok=True)
    summary = comparing.as_json(simulated)
    picture = comparing.draw(simulated, output / "curves.png")
    comparing.write_points(simulated, output / "points.csv")
    (output / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    if as_json:
        show_json(summary)
        return
    _print(comparing.rows(simulated), simulated)
    click.echo(f"The curves are in {picture}, their points in points.csv beside it.")


def _fields(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name} is neither YAML nor JSON: {error}") from error
    if not isinstance(found, dict):
        raise Invalid(f"{path.name} must hold fields of a project spec, as in 'audit_share: 0.2'.")
    return found


def _simulated(plan: Plan) -> Simulated:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from activeloop.flows.simulating import names_of, simulate

    opened = console()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("labels,"), TimeRemainingColumn(),
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="activeloop-") as folder,
        Progress(
            *columns, console=opened, transient=True, disable=not opened.is_terminal
        ) as progress,
    ):
        total = plan.budget * plan.seeds * len(names_of(plan))
        task = progress.add_task("reading", total=total)

        def on_progress(curve: str, _given: int) -> None:
            progress.update(task, description=curve, advance=1)

        return simulate(plan, Path(folder), on_progress=on_progress)


def _print(rows: Sequence[Row], simulated: Simulated) -> None:
    from rich.table import Table

    left_out = f"; {simulated.left_out:,} rows left out" if simulated.left_out else ""
    click.echo(
        f"Read as {simulated.kind}: {simulated.pool:,} samples to label, {simulated.test:,} to "
        f"measure on, {simulated.classes} classes{left_out}."
    )
    shares = sorted(rows[0].labels_to) if rows else []
    table = Table(
        "strategy", f"mean {simulated.figure}", "over random", "at the end", "champion", box=None
    )
    for share in shares:
        table.add_column(f"labels to {share:.0%} of best", justify="right")
    for row in rows:
        spent = [row.labels_to[share] for share in shares]
        table.add_row(
            row.strategy,
            _estimate(row.area),
            "" if row.strategy == "random" else _estimate(row.gain, sign="+"),
            _estimate(row.last),
            f"{row.champion.value:.3f}",
            *("never" if each is None else f"{each:.0f}" for each in spent),
        )
    console().print(table)


def _estimate(found: Estimate, *, sign: str = "") -> str:
    middle = f"{found.value:{sign}.3f}"
    # one repetition has no spread
    return middle if found.n < 2 else f"{middle} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"
