"""Hand everything out that was labelled, streamed in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from activeloop import answers, formats
from activeloop.errors import Invalid, NotFound
from activeloop.flows.projects import spec_of
from activeloop.formats.several import together
from activeloop.store import exports, projects
from activeloop.store.exports import Labelled, Provenance, Told
from activeloop.store.tables import Project
from activeloop.wiring import Services

PIECE = 1 << 16
CSV = "text/csv; charset=utf-8"
JSONL = "application/x-ndjson"
LEADING = ("id", "external_id")
PAYLOADS = {
    "text": ("text",),
    "image": ("image", "width", "height", "name"),
    "vectors": ("vector",),
}
TRAILING = (
    *("label", "answers", "agreement", "stratum"),
    *("kind", "strategy", "version", "ranking", "ranked_at", "scope"),
    *("score", "probability", "metadata"),
)
OURS = frozenset(LEADING + TRAILING)

Rows = Iterator[Mapping[str, Any]]
Shown = Callable[[str], Any]


@dataclass(frozen=True)
class Exported:
    """A file on its way out; `chunks` reads the database as it goes."""

    media_type: str
    file_name: str
    chunks: Iterator[bytes]


def export(services: Services, project_id: int, format: str) -> Exported:  # noqa: A002 - its name at every door
    """Stream a project's labels.

    No transaction stays open while the reader takes its time: each page is read by itself, so what
    is labelled meanwhile may be in it or not.

    Args:
        services: those of this process.
        project_id: whose labels.
        format: `jsonl`, `csv` or `csv-raw`, one row per labelled sample with how it was chosen; or
            `events` (JSON Lines), one row per answer, skip, undo and imported label, in their
            order. In `csv` nothing runs as a formula; `csv-raw` leaves every text as it is.

    Raises:
        Invalid: when the format is unknown.
        NotFound: when there is no such project.
    """
    if format not in FORMATS:
        known = ", ".join(FORMATS)
        raise Invalid.field("format", f"{format!r} is unknown.", f"Known are {known}.")
    with services.read() as session:
        project = projects.by_id(session, project_id)
    if project is None:
        raise NotFound(f"There is no project {project_id}.")
    write = FORMATS[format]
    suffix = "csv" if format.startswith("csv") else "jsonl"
    what = "events" if format == "events" else "labels"
    return Exported(
        CSV if suffix == "csv" else JSONL,
        f"{project.name}-{what}.{suffix}",
        _gathered(write(services, project)),
    )


def _jsonl(services: Services, project: Project) -> Iterator[bytes]:
    return formats.write_jsonl(_samples(services, project.id, _in_json(project)))


def _csv(services: Services, project: Project, *, raw: bool = False) -> Iterator[bytes]:
    # a table's columns differ from import to import: one look over all rows, so that none is lost
    names = PAYLOADS.get(project.kind) or _table_columns(services, project.id)
    rows = _samples(services, project.id, _in_cell(project))
    return formats.write_csv(rows, (*LEADING, *names, *TRAILING), raw=raw)


def _events(services: Services, project: Project) -> Iterator[bytes]:
    return formats.write_jsonl(_told(services, project.id, _in_json(project)))


def _in_json(project: Project) -> Shown:
    """Show an answer as JSON: one label as text, several as a list."""
    answer = spec_of(project).answer
    return lambda text: text if answer == "one" else list(answers.read(answer, text))


def _in_cell(project: Project) -> Shown:
    """Show an answer in one cell, in a form that an import reads back."""
    answer = spec_of(project).answer
    return lambda text: text if answer == "one" else together(answers.read(answer, text))


FORMATS: dict[str, Callable[[Services, Project], Iterator[bytes]]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "csv-raw": partial(_csv, raw=True),
    "events": _events,
}


def _samples(services: Services, project_id: int, show: Shown) -> Rows:
    for page in _pages(services, project_id):
        with services.read() as session:
            asked = exports.asked_by(session, [each.sample_id for each in page])
        for each in page:
            yield _row(each, asked.get(each.sample_id, Provenance("imported")), show)


def _pages(services: Services, project_id: int) -> Iterator[list[Labelled]]:
    for stratum in exports.STRATA:
        after = -1
        while True:
            with services.read() as session:
                page = exports.labelled(session, project_id, stratum, after)
            if not page:
                break
            yield page
            after = page[-1].seq


def _row(sample: Labelled, asked: Provenance, show: Shown) -> dict[str, Any]:
    row: dict[str, Any] = {"id": sample.sample_id, "external_id": sample.external_id}
    row |= {_named(name): value for name, value in sample.payload.items()}
    row |= {
        "label": show(sample.label),
        "answers": sample.answers,
        "agreement": sample.agreement,
        "stratum": sample.stratum,
    }
    return row | _how(asked) | {"metadata": sample.meta}


def _how(asked: Provenance) -> dict[str, Any]:
    moment = asked.ranked_at.isoformat() if asked.ranked_at else None
    return asdict(asked) | {"ranked_at": moment}


def _named(field: str) -> str:
    # a table may have a column of the same name as one of ours
    return f"payload.{field}" if field in OURS else field


def _table_columns(services: Services, project_id: int) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for page in _pages(services, project_id):
        for each in page:
            names.update(dict.fromkeys(map(_named, each.payload)))
    return tuple(names)


def _told(services: Services, project_id: int, show: Shown) -> Rows:
    after = 0
    while True:
        with services.read() as session:
            page = exports.events(session, project_id, after)
            offers = exports.offered(
                session, [each.offer_id for each in page if each.offer_id is not None]
            )
        if not page:
            return
        for each in page:
            yield _event(each, offers.get(each.offer_id or 0), show)
        after = page[-1].number


def _event(event: Told, asked: Provenance | None, show: Shown) -> dict[str, Any]:
    row = asdict(event) | {"created_at": event.created_at.isoformat()}
    row["label"] = None if event.label is None else show(event.label)
    how = _how(asked) if asked else None
    return row | {"offer": how}


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces, so that each row is not a packet of its own."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
