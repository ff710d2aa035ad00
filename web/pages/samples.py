"""Look through the pool: the list with its filters, one sample, and likely label errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from activeloop import searchable
from activeloop.flows import (
    browsing,
    histories,
    label_errors,
    listing,
    projects,
    second_looks,
)
from activeloop.searchable import Piece
from activeloop.spec import Kind
from web.auth import role
from web.context import services
from web.pages import explanations
from web.routing import validated
from web.schemas_explanations import ExplanationQuery
from web.schemas_samples import SampleQuery

COUNT = 50
LONG = 240
"""Characters of a text that a list shows."""
SHORT = 60
"""Characters of a value of a table that a list shows."""
MANY = 8
"""Values of a table that a list shows."""
SHOWN_SUSPECTS = 100
PAGING = ("after", "count")


class Glance(NamedTuple):
    """What a list shows of a sample: pieces of text, each under a name or none."""

    name: str
    pieces: Sequence[Piece]


def install(pages: Blueprint) -> None:
    """Add the routes."""
    home = "/projects/<int:project_id>"
    pages.add_url_rule(f"{home}/samples", "samples", samples)
    pages.add_url_rule(f"{home}/samples/<int:sample_id>", "sample", sample)
    pages.add_url_rule(f"{home}/label-errors", "suspects", suspects)


@role("reviewer")
def samples(project_id: int) -> str:
    """Show the samples that the address asks for; `?part=list` gives only the list."""
    given = request.args.to_dict()
    query = validated(SampleQuery, {"count": COUNT, **given})
    assert isinstance(query, SampleQuery)  # noqa: S101 - what `validated` gives, for the types
    with services().read() as session:
        project = projects.find(session, project_id)
        spec = projects.spec_of(project)
        choices = listing.choices(session, project)
    wanted = query.wanted(several=spec.answer == "several", order=query.order)
    found = browsing.page(services(), project, wanted, after=query.after, count=query.count)
    with services().read() as session:
        shown = listing.page(session, project, found)
    return render_template(
        "samples.html",
        project=project,
        spec=spec,
        options={
            "class": [(name, name) for name in spec.classes],
            "annotator": [(name, name) for name in choices["people"]],
            "import": [(each["id"], each["name"]) for each in choices["imports"]],
        },
        query=query,
        filters={key: given[key] for key in given if key not in (*PAGING, "order")},
        narrowed=_narrowed(query),
        page=shown,
        glances={
            each["id"]: glance(spec.kind, each["payload"], query.q) for each in shown["samples"]
        },
        next=_address(given, after=shown["next"]) if shown["next"] is not None else None,
        start=_address(given),
    )


def _narrowed(query: SampleQuery) -> bool:
    """Tell whether any filter but the search is used."""
    plain = SampleQuery.model_validate({})
    return any(
        getattr(query, name) != getattr(plain, name)
        for name in SampleQuery.model_fields
        if name not in ("q", *PAGING)
    )


def _address(given: Mapping[str, str], **more: object) -> str:
    kept = {key: value for key, value in given.items() if key not in PAGING and value}
    return "?" + urlencode(kept | {key: str(value) for key, value in more.items()})


def glance(kind: Kind, payload: Mapping[str, Any], needle: str) -> list[Glance]:
    """Give what a list shows of a sample, with the hits of a search marked."""
    if kind == "text":
        return [Glance("", searchable.marked(str(payload.get("text", "")), needle, most=LONG))]
    if kind == "table":
        named = [(name, searchable.said(value)) for name, value in payload.items()]
        sought = searchable.fold(needle)
        hit = [each for each in named if sought and sought in searchable.fold(each[1])]
        shown = list(dict.fromkeys([*hit, *named]))[:MANY]
        return [Glance(name, searchable.marked(text, needle, most=SHORT)) for name, text in shown]
    name = payload.get("name")
    said = str(name) if name else _unnamed(kind, payload)
    return [Glance("", searchable.marked(said, needle, most=LONG))]


def _unnamed(kind: Kind, payload: Mapping[str, Any]) -> str:
    if kind == "vectors":
        return f"{len(payload.get('vector', ())):,} numbers"
    return f"{payload.get('width', '?')} x {payload.get('height', '?')} pixels"


@role("reviewer")
def sample(project_id: int, sample_id: int) -> str:
    """Show a sample and its history; `?part=` gives what asks the versions, which takes longer."""
    part = request.args.get("part")
    query = validated(ExplanationQuery, request.args.to_dict())
    assert isinstance(query, ExplanationQuery)  # noqa: S101 - what `validated` gives, for the types
    if part == "why":
        return explanations.why(project_id, sample_id, query)
    if part == "asked":
        return explanations.asked(project_id, sample_id)
    if part == "overall" and query.version is not None:
        return explanations.overall(project_id, query.version)
    with services().read() as session:
        project = projects.find(session, project_id)
        spec = projects.spec_of(project)
        told = histories.of_sample(session, project, sample_id)
    if part == "looks":
        looks = second_looks.of_sample(services(), str(project_id), sample_id)
        return render_template("parts/looks.html", looks=looks)
    return render_template("sample.html", project=project, spec=spec, s=told)


@role("reviewer")
def suspects(project_id: int) -> str:
    """Show likely label errors; `?part=live` gives only what changes."""
    with services().read() as session:
        project = projects.find(session, project_id)
        kind = projects.spec_of(project).kind
        found = label_errors.newest(session, project, count=SHOWN_SUSPECTS)
    part = request.args.get("part") == "live"
    return render_template(
        "parts/suspects.html" if part else "suspects.html",
        project=project,
        found=found,
        glances={
            each["sample_id"]: glance(kind, each["payload"], "") for each in found["suspects"]
        },
    )
