"""Import files and export labels."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from activeloop.commands.desk import (
    MOST_PROBLEMS,
    data_option,
    json_option,
    services_for,
    show_json,
)
from activeloop.commands.waiting import see_through
from activeloop.errors import ActiveloopError, Invalid

if TYPE_CHECKING:
    from activeloop.wiring import Services


@click.command("import")
@click.argument("project")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Our field, their column."
)
@json_option
@data_option
def import_(
    project: str,
    files: Sequence[Path],
    maps: Sequence[str],
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """Import FILES into a project: CSV, JSONL, Parquet, a zip or a folder of images."""
    mapping = mapping_of(maps)
    with services_for(data) as services:
        reports = [_import_one(services, project, path, mapping) for path in files]
    if as_json:
        show_json(reports)
    else:
        for report in reports:
            _tell(report)
    if any(report["status"] != "done" for report in reports):
        raise ActiveloopError("Not every file was imported; what was wrong stands above.")


@click.command()
@click.argument("project")
@click.option("--format", "format_", required=True, metavar="F", help="What to write.")
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), help="The file; - is the terminal."
)
@data_option
def export(project: str, format_: str, output: Path, data: Path | None) -> None:
    """Write a project's labels to a file."""
    from activeloop.flows import exporting, projects

    with services_for(data) as services:
        with services.read() as session:
            project_id = projects.find(session, project).id
        exported = exporting.export(services, project_id, format_)
        if str(output) == "-":
            for chunk in exported.chunks:
                sys.stdout.buffer.write(chunk)
            return
        # beside the target, then renamed: a file that is there is whole
        stray = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
        try:
            with stray.open("wb") as file:
                for chunk in exported.chunks:
                    file.write(chunk)
            stray.replace(output)
        finally:
            stray.unlink(missing_ok=True)
    click.echo(f"Wrote {output} ({output.stat().st_size:,} bytes).")


def mapping_of(maps: Sequence[str]) -> dict[str, str]:
    """Read `--map FIELD=COLUMN` options; `label=` leaves the labels of a file alone.

    Raises:
        Invalid: for one that is written otherwise.
    """
    mapping = {}
    for each in maps:
        field, found, column = each.partition("=")
        if not (found and field and (column or field == "label")):
            raise Invalid(f"--map {each!r} is not FIELD=COLUMN, as in --map text=question.")
        mapping[field] = column
    return mapping


def _import_one(
    services: Services, project: str, path: Path, mapping: dict[str, str]
) -> dict[str, Any]:
    from activeloop.flows import importing, projects
    from activeloop.store.ledger import NEW_JOBS

    with services.read() as session:
        projects.find(session, project)  # before a byte is copied
    copy = None if path.is_dir() else _copied(services, path)
    try:
        with services.write() as session:
            found = projects.find(session, project)
            made = (
                importing.begin_folder(
                    services, session, found, path, mapping=mapping, user_id=None
                )
                if copy is None
                else importing.begin(
                    services,
                    session,
                    found,
                    name=path.name,
                    media_type="",
                    stream_path=copy,
                    mapping=mapping,
                    user_id=None,
                )
            )
            import_id, job_id = made.id, session.info[NEW_JOBS][-1]
    except ActiveloopError:
        if copy is not None:
            copy.unlink(missing_ok=True)
        raise
    see_through(services, job_id, title=path.name)
    with services.read() as session:
        return importing.report(session, projects.find(session, project), import_id)


def _copied(services: Services, path: Path) -> Path:
    services.uploads.mkdir(parents=True, exist_ok=True)
    copy = services.uploads / secrets.token_hex(16)
    shutil.copyfile(path, copy)
    return copy


def _tell(report: dict[str, Any]) -> None:
    click.echo(
        f"{report['name']}: {report['added']:,} added, {report['duplicates']:,} duplicates, "
        f"{report['rejected']:,} rejected"
    )
    problems = report["problems"]
    for problem in problems[:MOST_PROBLEMS]:
        click.echo(f"  row {problem['row']}: {problem['problem']}", err=True)
    if report["rejected"] > MOST_PROBLEMS:
        click.echo(f"  and {report['rejected'] - MOST_PROBLEMS:,} more", err=True)
    if report["error"]:
        click.echo(f"  {report['error']}", err=True)
