"""Take a file from a request to disk, piece by piece, whatever its size."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from activeloop.errors import Invalid, Problem, TooLarge
from web.problems import Malformed

PIECE = 1 << 20
MAX_NAME = 255
MAX_FIELDS = 1000
MIB = 1 << 20
MULTIPART = "multipart/form-data"
FORM = "application/x-www-form-urlencoded"
MAP = "map."


@dataclass
class Uploaded:
    """A file on disk, and what was said about it."""

    path: Path
    name: str
    media_type: str
    fields: dict[str, str] = field(default_factory=dict)


@contextmanager
def received(request: Request, folder: Path, *, limit_mb: int) -> Iterator[Uploaded]:
    """Write the request's file below `folder`; it is removed again when the block raises.

    Raises:
        Malformed: when the request is cut short or its multipart frame is broken.
        Invalid: when it has no file, an empty one, or a name that cannot be one.
        TooLarge: when it is larger than the limit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)
    request.max_content_length = limit_mb * MIB
    try:
        taken = _multipart(request, path) if request.mimetype == MULTIPART else _raw(request, path)
        _refuse_nothing(path)
        yield taken
    except RequestEntityTooLarge as error:
        path.unlink(missing_ok=True)
        raise TooLarge.field(
            "file", f"is larger than {limit_mb} MiB.", "Send it in parts, or raise the limit."
        ) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _refuse_nothing(path: Path) -> None:
    if path.stat().st_size == 0:
        raise Invalid.field("file", "is empty.", "Send a file with at least one row.")


def mapping_of(query: MultiDict[str, str], fields: dict[str, str]) -> dict[str, str]:
    """Read which column is which, from `map.<field>=<column>` and the form field `mapping`.

    Raises:
        Invalid: when `mapping` is not a JSON object of strings, or a name cannot be one.
    """
    found: dict[str, str] = {}
    if fields.get("mapping", "").strip():
        found.update(_mapping_field(fields["mapping"]))
    for given in (fields, query):
        found |= {
            name.removeprefix(MAP): value for name, value in given.items() if name.startswith(MAP)
        }
    for name, value in found.items():
        if not _sane(name) or not _sane(value) or not name or not value:
            where = MAP + name if _sane(name) else "mapping"
            raise Invalid.field(where, f"{value!a} cannot be a column's name.")
    return found


def _mapping_field(text: str) -> dict[str, str]:
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid.field("mapping", "is not JSON.", 'Send {"text": "question"}.') from error
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise Invalid.field("mapping", "is no object of strings.", 'Send {"text": "question"}.')
    return values


def _raw(request: Request, path: Path) -> Uploaded:
    if request.mimetype == FORM:
        raise UnsupportedMediaType(f"Send the file as {MULTIPART}, or as the body itself.")
    with path.open("xb") as file:
        _copy(request.stream, file)
    return Uploaded(path, _name(request.args.get("name", "")), request.mimetype)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while piece := source.read(PIECE):
        target.write(piece)
    _settle(target)


def _settle(file: IO[bytes]) -> None:
    # the answer promises that the file will be imported, so it must outlive a power cut
    file.flush()
    os.fsync(file.fileno())


def _multipart(request: Request, path: Path) -> Uploaded:
    opened: list[IO[bytes]] = []

    def open_part(
        total_content_length: int | None,  # noqa: ARG001 - werkzeug's names, passed by keyword
        content_type: str | None,  # noqa: ARG001
        filename: str | None,  # noqa: ARG001
        content_length: int | None = None,  # noqa: ARG001
    ) -> IO[bytes]:
        if opened:
            raise Malformed(
                "There is more than one file in the form.",
                problems=[Problem("file", "is there more than once", "Send one file at a time.")],
            )
        opened.append(path.open("x+b"))
        return opened[0]

    parser = FormDataParser(
        stream_factory=open_part,
        max_form_memory_size=PIECE,
        max_form_parts=MAX_FIELDS,
        silent=False,
    )
    try:
        _, form, files = parser.parse(
            request.stream, MULTIPART, request.content_length, request.mimetype_params
        )
        if opened:
            _settle(opened[0])
    except ValueError as error:
        raise Malformed(
            f"The multipart body cannot be read: {error}.",
            problems=[Problem("body", str(error), "Send a whole multipart/form-data body.")],
        ) from error
    finally:
        for file in opened:
            file.close()
    return _the_file(path, form, files, request)


def _the_file(
    path: Path,
    form: MultiDict[str, str],
    files: MultiDict[str, FileStorage],
    request: Request,
) -> Uploaded:
    part = files.get("file")
    if part is None:
        raise Invalid.field("file", "is missing.", "Send the file in a form field named 'file'.")
    name = request.args.get("name") or form.get("name") or part.filename or ""
    return Uploaded(path, _name(name), part.mimetype, form.to_dict())


def _name(given: str) -> str:
    """Keep the last part of a file name: it is shown and tells the format, it opens nothing."""
    name = given.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not _sane(name):
        raise Invalid.field("name", "holds characters that cannot be shown.", "Rename the file.")
    return name[-MAX_NAME:]


def _sane(text: str) -> bool:
    return all(character.isprintable() or character in "\t\u3000\xa0" for character in text)
