"""Explain why a sample has the label that a version gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from activeloop.commands.desk import console, data_option, json_option, services_for, show_json
from activeloop.errors import Invalid

SHOWN = 15


@click.command()
@click.argument("project")
@click.argument("sample_id")
@click.option("--version", "number", type=click.IntRange(0), help="A version; else the champion.")
@click.option("--class", "name", help="A class; else the likeliest.")
@json_option
@data_option
def explain(
    project: str,
    sample_id: str,
    data: Path | None,
    *,
    number: int | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Tell what adds to the score of a class for SAMPLE_ID, and why the sample was asked."""
    from activeloop.flows import asked_because
    from activeloop.flows import explaining as flow

    if not sample_id.isdecimal():
        raise Invalid.field("SAMPLE_ID", "is the number that the sample's page has in its address.")
    with services_for(data) as services:
        told = flow.of_sample(services, project, int(sample_id), number=number, name=name)
        asked = asked_because.of_sample(services, project, int(sample_id))
    if as_json:
        show_json(told | {"asked": asked})
        return
    _show(told)
    for reason in asked["reasons"]:
        click.echo(f"Why it was asked: {reason['words']}")
    if asked["waits"]:
        click.echo(asked["waits"])


def _show(told: dict[str, Any]) -> None:
    if told["version"] is not None and told["classes"]:
        likeliest = ", ".join(
            f"{each['name'] or each['was']} {100 * each['probability']:.1f} %"
            for each in told["classes"][:5]
        )
        click.echo(f"Version {told['version']['number']}: {likeliest}.")
    if told["because"]:
        click.echo(told["because"])
        return
    from rich.table import Table
    from rich.text import Text

    named = told["class"]["name"] or told["class"]["was"]
    click.echo(f"Score of {named}: {told['score']:.4f}, of which an average sample has the base.")
    table = Table(box=None)
    table.add_column("What")
    table.add_column("Adds", justify="right")
    for what, given in _strongest(told):
        # what a sample says must not be read as markup
        table.add_row(Text(what), f"{given:+.4f}")
    console().print(table)


def _strongest(told: dict[str, Any]) -> list[tuple[str, float]]:
    """Give the base, the strongest contributions, and the others as a sum."""
    every: list[tuple[str, float]] = [(each["text"], each["given"]) for each in told["pieces"]]
    every += [(f"{each['name']}: {each['value']}", each["given"]) for each in told["lines"]]
    for row, cells in enumerate(told["grid"] or (), 1):
        every += [(f"row {row}, column {at}", cell) for at, cell in enumerate(cells, 1)]
    every += [(each["name"], each["given"]) for each in told["apart"]]
    every.sort(key=lambda each: -abs(each[1]))
    rest = sum(given for _, given in every[SHOWN:])
    shown = [("base", told["base"]), *every[:SHOWN]]
    return [*shown, (f"the other {len(every) - SHOWN:,}", rest)] if every[SHOWN:] else shown
