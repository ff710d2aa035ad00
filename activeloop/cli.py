"""The command line: the names of design section 7, and nothing heavy until one is used."""

from __future__ import annotations

import click

from activeloop import __version__
from activeloop.commands import (
    advising,
    drift,
    evaluating,
    explaining,
    importing,
    label_sets,
    learning,
    people,
    projects,
    running,
    searching,
    simulating,
    versions,
    webhooks,
)
from activeloop.commands.desk import Door


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="activeloop")
def main() -> None:
    """activeloop: a self-hosted active-learning labelling loop."""


for command in (
    running.up,
    running.demo,
    running.web,
    running.worker,
    running.clock,
    running.alive,
    running.upgrade,
    people.user,
    people.token,
    projects.project,
    label_sets.classes,
    importing.import_,
    projects.status,
    projects.doctor,
    learning.retrain,
    searching.search,
    projects.versions,
    explaining.explain,
    evaluating.evaluation,
    drift.drift,
    projects.promote,
    versions.rollback,
    versions.version,
    versions.reproduce,
    simulating.simulate,
    importing.export,
    webhooks.webhook,
    advising.advice,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
