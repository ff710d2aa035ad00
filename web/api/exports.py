"""Exports: everything that was labelled, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flask import Blueprint, Response

from activeloop.flows import exporting, projects
from web import schemas
from web.context import services
from web.routing import Routes

routes = Routes(Blueprint("exports", __name__))


@routes.get(
    "/projects/{p}/export",
    role="engineer",
    query=schemas.ExportQuery,
    sends=("*/*",),
    refuses=(415,),
)
def export(p: str, query: schemas.ExportQuery) -> Response:
    """Stream the project's samples and labels in one of the export formats."""
    with services().read() as session:
        project = projects.find(session, p)
    exported = exporting.export(services(), project.id, query.format)
    answer = Response(_begun(exported.chunks), content_type=exported.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=exported.file_name)
    return answer


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Make the first piece before the status line is sent: what fails then, fails as a problem."""
    first = next(chunks, b"")
    return chain([first], chunks)
