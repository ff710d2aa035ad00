"""Bring files into the pool: begun by a person, carried out by a worker, chunk by chunk."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activeloop import formats
from activeloop.errors import ActiveloopError, Fenced, Invalid, NotFound, Transient
from activeloop.flows import former
from activeloop.flows.former import Former
from activeloop.flows.intake import Item, Pace, chunked, screen
from activeloop.flows.projects import spec_of
from activeloop.formats import BadRow, Row
from activeloop.jobs import Featurize, ImportFile, IndexPool
from activeloop.spec import ProjectSpec
from activeloop.store import db, imports, ledger, projects, samples, trail
from activeloop.store.db import Session
from activeloop.store.tables import Import, Project
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work

PEEKED = ("csv", "tsv")
"""Formats whose columns are known after a few lines, so that a wrong mapping is told at once."""
ZIP_MAGIC = b"PK"


@dataclass(frozen=True)
class _Task:
    """What a worker needs to know of an import, read once."""

    project: Project
    spec: ProjectSpec
    row: Import
    path: Path
    former: Former


def begin(
    services: Services,
    session: Session,
    project: Project,
    *,
    name: str,
    media_type: str,
    stream_path: Path,
    mapping: Mapping[str, str],
    user_id: int | None,
) -> Import:
    """Take a file that lies in the upload folder, and ask for its import.

    Args:
        services: those of this process.
        session: an open write session.
        project: whose pool the rows go to.
        name: what the sender calls the file.
        media_type: what the sender says it is.
        stream_path: the file, below `services.uploads`; it is deleted once it is read.
        mapping: our field -> their column, where the usual names do not do.
        user_id: who asked.

    Raises:
        Invalid: when it can be told at once that the file or the mapping is of no use.
    """
    form = (
        "" if _is_zip(stream_path) else formats.sniff(stream_path, name=name, media_type=media_type)
    )
    if form in PEEKED:
        _open(services, spec_of(project), stream_path, form, mapping).close()
    row = Import(
        project_id=project.id,
        name=name or "upload",
        format=form,
        media_type=media_type,
        path=stream_path.name,
        mapping=dict(mapping),
        user_id=user_id,
        created_at=db.now(session),
    )
    return _asked(session, row)


def begin_folder(  # noqa: PLR0917 - as `begin`
    services: Services,  # noqa: ARG001 - as `begin`
    session: Session,
    project: Project,
    folder: Path,
    mapping: Mapping[str, str],
    user_id: int | None = None,
) -> Import:
    """Ask for the import of a folder of images, read where it is; the worker must see it.

    Raises:
        Invalid: when it is no folder, or the project does not hold images.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise Invalid(f"{folder} is not a folder.")
    if project.kind != "image":
        raise Invalid(
            f"A folder is read as images, and this project's kind is {project.kind}. Import a file."
        )
    row = Import(
        project_id=project.id,
        name=folder.name,
        format="image-folder",
        path=str(folder),
        mapping=dict(mapping),
        user_id=user_id,
        created_at=db.now(session),
    )
    return _asked(session, row)


def report(session: Session, project: Project, import_id: int) -> dict[str, Any]:
    """Say how an import goes, with each row that was not taken and why.

    Raises:
        NotFound: when the project has no such import.
    """
    row = imports.by_id(session, project.id, import_id)
    if row is None:
        raise NotFound(f"The project has no import {import_id}.")
    return imports.as_json(row) | {"problems": imports.problems(session, import_id)}


def run(services: Services, job: ImportFile, work: Work) -> None:
    """Carry out an import from where it stands; safe to be killed and run again."""
    with services.read() as session:
        task = _task(services, session, job)
    if task is None:
        with services.write() as session:
            work.done(session)
        return
    status, error = "done", ""
    try:
        _read_in(services, task, work)
    except Transient:
        raise
    except ActiveloopError as fault:
        # the file as a whole is at fault: what came before stays, and trying again is no use
        status, error = "failed", fault.message
    with services.write() as session:
        _end(session, job, status=status, error=error)
        work.done(session)
    if task.row.format != "image-folder":
        task.path.unlink(missing_ok=True)


def failed(session: Session, job: ImportFile, message: str) -> None:
    """Mark the import as failed; the rows that were added stay."""
    _end(session, job, status="failed", error=message)


def _asked(session: Session, row: Import) -> Import:
    imports.add(session, row)
    ledger.add(session, ImportFile(row.project_id, row.id), now=row.created_at)
    return row


def _task(services: Services, session: Session, job: ImportFile) -> _Task | None:
    row = imports.by_id(session, job.project_id, job.import_id)
    project = projects.by_id(session, job.project_id)
    if row is None or project is None or row.status not in imports.LIVE:
        return None
    spec = spec_of(project)
    # an absolute path, of a folder read in place, stays as it is
    path = services.uploads / row.path
    return _Task(project, spec, row, path, former.read(session, project.id, spec))


def _end(session: Session, job: ImportFile, *, status: str, error: str) -> None:
    now = db.now(session)
    imports.end(session, job.import_id, status=status, now=now, error=error)
    row = imports.by_id(session, job.project_id, job.import_id)
    if row is not None and row.added:
        ledger.add(session, Featurize(job.project_id), now=now)
        ledger.add(session, IndexPool(job.project_id), now=now)
    if row is not None:
        counts = imports.as_json(row)
        told = ("name", "added", "duplicates", "rejected", "labelled", "error")
        trail.note(
            session,
            f"import.{status}",
            now=now,
            project_id=job.project_id,
            user_id=row.user_id,
            import_id=row.id,
            **{name: counts[name] for name in told},
        )


def _read_in(services: Services, task: _Task, work: Work) -> None:
    form = task.row.format or formats.sniff(
        task.path, name=task.row.name, media_type=task.row.media_type
    )
    reader = _open(
        services,
        task.spec,
        task.path,
        form,
        task.row.mapping,
        after=task.row.rows,
        former=tuple(task.former.names),
    )
    with services.write() as session:
        imports.start(session, task.row.id, form=form, total=reader.total)
        width = samples.vector_width(session, task.project.id)
    before = task.row.rows
    pace = Pace(task.spec.kind)
    for chunk in chunked(reader, pace):
        work.tell("importing", reader.position / max(reader.total, 1))
        if task.spec.kind == "vectors":
            chunk, width = screen(chunk, width)  # noqa: PLW2901 - the same rows, looked at
        before = _write(services, task, chunk, before=before, position=reader.position, pace=pace)


def _open(
    services: Services,
    spec: ProjectSpec,
    path: Path,
    form: str,
    mapping: Mapping[str, str],
    *,
    after: int = 0,
    former: tuple[str, ...] = (),
) -> formats.Reader:
    settings = services.settings
    limits = formats.Limits(
        max_line_bytes=settings.max_line_mb << 20, max_image_pixels=settings.max_image_pixels
    )
    return formats.read(
        path,
        kind=spec.kind,
        format=form,
        mapping=mapping,
        limits=limits,
        classes=(*spec.classes, *former),
        after=after,
        several=spec.answer == "several",
    )


def _write(
    services: Services,
    task: _Task,
    chunk: list[Item],
    *,
    before: int,
    position: int,
    pace: Pace,
) -> int:
    """Write one chunk and its counts in one transaction; give the last row dealt with."""
    rows = [item for item in chunk if isinstance(item, Row)]
    ready = samples.prepare(rows, key=task.project.audit_key, audit_share=task.spec.audit_share)
    if task.former.names:
        ready = [each._replace(label=task.former.today(each.label)) for each in ready]
    _keep_blobs(services, rows)
    last = max(before, *(item.number for item in chunk))
    with services.write() as session:
        started = time.monotonic()
        added = samples.add_chunk(
            session,
            task.project,
            ready,
            slots=task.spec.answers_per_sample,
            now=db.now(session),
            import_id=task.row.id,
        )
        former.hold_to(session, task.project.id, task.former)
        step = imports.Step(
            before,
            last,
            position,
            added.added,
            added.duplicates,
            len(chunk) - len(rows),
            added.labelled,
        )
        if not imports.advance(session, task.row.id, step):
            raise Fenced(f"Import {task.row.id} was taken over by another worker.")
        imports.note(session, task.row.id, list(_flaws(chunk, added.clashes)))
        pace.took(time.monotonic() - started, len(chunk))
    return last


def _keep_blobs(services: Services, rows: list[Row]) -> None:
    blobs = [row.blob for row in rows if row.blob is not None]
    for blob in blobs:
        services.artifacts.put(blob, durable=False)
    if blobs:
        # before the commit: a row never names an image that a power cut could take away
        services.artifacts.settle()


def _flaws(chunk: list[Item], clashes: tuple[samples.Clash, ...]) -> Iterator[imports.Flaw]:
    for item in chunk:
        if isinstance(item, BadRow):
            yield imports.Flaw(item.number, item.where, item.problem, item.remedy)
        elif item.warning:
            yield imports.Flaw(item.number, "label", item.warning, "")
    for clash in clashes:
        yield imports.Flaw(clash.number, "label", clash.problem, clash.remedy)


def _is_zip(path: Path) -> bool:
    # its directory may be long; the worker reads it, outside any transaction
    with path.open("rb") as file:
        return file.read(2) == ZIP_MAGIC
