"""Reviews: what people disagree on, flagged or suspect, and what a reviewer makes of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop import answers
from activeloop.errors import Invalid
from activeloop.flows import projects, reviewing, ruling
from activeloop.spec import ProjectSpec
from web import schemas_reviews as shapes
from web.context import account, services
from web.routing import Routes

routes = Routes(Blueprint("reviews", __name__))


@routes.get(
    "/projects/{p}/reviews", role="reviewer", query=shapes.ReviewQuery, gives=shapes.Reviews
)
def listed(p: str, query: shapes.ReviewQuery) -> dict[str, Any]:
    """List open reviews, oldest first; page on with `after`."""
    with services().read() as session:
        project = projects.find(session, p)
        return reviewing.listed(
            session, project, reason=query.reason, after=query.after, count=query.count
        )


@routes.get("/projects/{p}/reviews/{review_id}", role="reviewer", gives=shapes.ReviewShown)
def show(p: str, review_id: int) -> dict[str, Any]:
    """Show a review: the sample, the answers side by side, and what the model thinks."""
    return reviewing.shown(services(), p, review_id)


@routes.post(
    "/projects/{p}/reviews",
    role="reviewer",
    status=201,
    body=shapes.SamplesToReview,
    gives=shapes.SentToReview,
)
def ask(p: str, body: shapes.SamplesToReview) -> dict[str, Any]:
    """Send samples to review by hand."""
    with services().write() as session:
        project = projects.find(session, p)
        return {"sent": ruling.ask(session, project, account().id, body.sample_ids, body.note)}


@routes.post(
    "/projects/{p}/reviews/{review_id}/decide",
    role="reviewer",
    body=shapes.Ruling,
    gives=shapes.Review,
    refuses=(409,),
)
def decide(p: str, review_id: int, body: shapes.Ruling) -> dict[str, Any]:
    """Decide the sample's label, dismiss the review, or ask for one more answer.

    A decision settles the sample whatever its answers say. Sent again with the same `key` it is
    the same.
    """
    with services().write() as session:
        project = projects.find(session, p)
        asked = _ruling(projects.spec_of(project), body)
        return ruling.rule(session, project, account().id, review_id, asked, key=body.key)


def _ruling(spec: ProjectSpec, body: shapes.Ruling) -> ruling.Ruling:
    if sum((body.answer is not None, body.dismiss, body.again)) != 1:
        raise Invalid.field("answer", "must stand alone: one of answer, dismiss and again.")
    if body.answer is None:
        return ruling.Ruling("dismiss" if body.dismiss else "again", note=body.note)
    label, labels = body.answer.label, body.answer.labels
    if (label is None) == (labels is None):
        raise Invalid.field("answer", "must have exactly one of label and labels.")
    named = [label] if label is not None else list(labels or ())
    if spec.answer == "one" and len(named) != 1:
        raise Invalid.field("answer.labels", f"holds {len(named)} names; a sample has one label.")
    text = named[0] if spec.answer == "one" else answers.joined(named, spec.classes)
    return ruling.Ruling("decide", text, body.note)
