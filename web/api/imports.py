"""Imports: files into the pool."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from activeloop.flows import importing
from web import schemas, uploads
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("imports", __name__))

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
CONTENT: dict[str, Any] = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": {"type": "string", "format": "binary"},
                "mapping": {
                    "type": "string",
                    "description": 'Which column is which, as JSON: {"text": "question"}.',
                },
            },
        }
    },
    "text/csv": _BINARY,
    "application/jsonl": _BINARY,
    "application/vnd.apache.parquet": _BINARY,
    "application/zip": _BINARY,
    "application/octet-stream": _BINARY,
}


@routes.post(
    "/projects/{p}/imports",
    role="engineer",
    status=202,
    query=schemas.ImportQuery,
    content=CONTENT,
    gives=schemas.ImportMade,
    refuses=(409,),
)
def begin(p: str, query: schemas.ImportQuery) -> dict[str, Any]:  # noqa: ARG001 - checked; uploads read it
    """Import a file: multipart field `file`, or the raw body with its media type.

    Columns are named by `map.<field>=<column>` in the query or the form, or by the form field
    `mapping`. The file is on disk when this is answered; a worker then reads it.
    """
    with services().read() as session:
        the_project(session, p)  # before a byte of the file is read
    limit = services().settings.max_upload_mb
    with uploads.received(request, services().uploads, limit_mb=limit) as uploaded:
        mapping = uploads.mapping_of(request.args, uploaded.fields)
        with services().write() as session:
            made = importing.begin(
                services(),
                session,
                the_project(session, p),
                name=uploaded.name,
                media_type=uploaded.media_type,
                stream_path=uploaded.path,
                mapping=mapping,
                user_id=account().id,
            )
            return {"id": made.id, "status": made.status, "name": made.name}


@routes.get("/projects/{p}/imports/{import_id}", role="annotator", gives=schemas.Import)
def show(p: str, import_id: int) -> dict[str, Any]:
    """Show how an import goes, with each row that was not taken and why."""
    with services().read() as session:
        return importing.report(session, the_project(session, p), import_id)
