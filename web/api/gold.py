"""Gold samples: list, mark, unmark."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop import answers
from activeloop.errors import Invalid
from activeloop.flows import gold, projects
from web import schemas_reviews as shapes
from web.context import account, services
from web.routing import Routes

routes = Routes(Blueprint("gold", __name__))


@routes.get("/projects/{p}/gold", role="reviewer", query=shapes.GoldQuery, gives=shapes.GoldSamples)
def listed(p: str, query: shapes.GoldQuery) -> dict[str, Any]:
    """List gold samples, with how often each was answered right, and by whom wrongly."""
    with services().read() as session:
        project = projects.find(session, p)
        return gold.listed(session, project, after=query.after, count=query.count)


@routes.post(
    "/projects/{p}/gold",
    role="reviewer",
    status=201,
    body=shapes.NewGold,
    gives=shapes.GoldMarked,
    refuses=(409,),
)
def mark(p: str, body: shapes.NewGold) -> dict[str, Any]:
    """Make samples gold: those named, or those on which so many people agree."""
    if bool(body.sample_ids) == (body.agreed_by is not None):
        raise Invalid.field("sample_ids", "must stand alone: either sample_ids or agreed_by.")
    who = account().id
    with services().write() as session:
        project = projects.find(session, p)
        if body.agreed_by is not None:
            marked = gold.mark_settled(
                session, project, answers_=body.agreed_by, most=body.most, user_id=who
            )
            return {"marked": marked}
        label = body.label
        if body.labels is not None:
            label = answers.joined(body.labels, projects.spec_of(project).classes)
        return {"marked": gold.mark(session, project, body.sample_ids, label=label, user_id=who)}


@routes.add("DELETE", "/projects/{p}/gold/{sample_id}", role="reviewer", status=204)
def unmark(p: str, sample_id: int) -> None:
    """Let a sample be gold no more; its label stays."""
    with services().write() as session:
        gold.unmark(session, projects.find(session, p), sample_id, user_id=account().id)
