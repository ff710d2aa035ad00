"""Show the evaluation of a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from activeloop.commands.desk import console, data_option, json_option, services_for, show_json


@click.command()
@click.argument("project")
@click.argument("number", type=click.IntRange(1))
@json_option
@data_option
def evaluation(project: str, number: int, data: Path | None, *, as_json: bool) -> None:
    """Show how good version NUMBER is, each figure with its interval."""
    from activeloop.flows import measuring, projects

    with services_for(data) as services, services.read() as session:
        found = measuring.shown(session, projects.find(session, project), number)
    if as_json:
        show_json(found)
    elif found["report"] is None:
        click.echo(f"Version {number} is not evaluated yet; that follows its run.")
    else:
        _show(found["report"])


def _show(report: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("figure", "value", "95 % interval", "labels", box=None)
    for name, figure in report["figures"].items():
        table.add_row(name.replace("_", " "), *_cells(figure))
    for name in ("queried", "lure"):
        for figure in report[name]["figures"].values():
            told = "accuracy on what was asked (biased)" if name == "queried" else "LURE accuracy"
            table.add_row(told, *_cells(figure))
    console().print(table)
    classes = Table("class", "precision", "recall", "F1", "labels", box=None)
    for name, own in report["by_class"].items():
        shares = [
            _cells(own[each])[0] if own[each] else "" for each in ("precision", "recall", "f1")
        ]
        classes.add_row(name, *shares, str(own["n"]))
    console().print(classes)
    if not report["lure"]["figures"]:
        click.echo(f"No LURE estimate: {report['lure']['says']}.")


def _cells(figure: dict[str, Any]) -> tuple[str, str, str]:
    interval = f"{figure['low']:.3f} to {figure['high']:.3f}"
    return f"{figure['value']:.3f}", interval, str(figure["n"])
