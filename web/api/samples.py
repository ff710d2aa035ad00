"""Samples: look for them, look at one, act on many; and labels that are likely wrong."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.errors import Invalid
from activeloop.flows import (
    acting,
    browsing,
    histories,
    label_errors,
    listing,
    projects,
    second_looks,
)
from web import schemas_samples as shapes
from web.context import account, services
from web.routing import Routes

routes = Routes(Blueprint("samples", __name__))


@routes.get(
    "/projects/{p}/samples", role="reviewer", query=shapes.SampleQuery, gives=shapes.PoolPage
)
def listed(p: str, query: shapes.SampleQuery) -> dict[str, Any]:
    """List the samples that fit; go on with `after`, the `next` of the answer."""
    with services().read() as session:
        project = projects.find(session, p)
        several = projects.spec_of(project).answer == "several"
    wanted = query.wanted(several=several, order=query.order)
    found = browsing.page(services(), project, wanted, after=query.after, count=query.count)
    with services().read() as session:
        return listing.page(session, project, found)


@routes.get("/projects/{p}/samples/{sample_id}", role="reviewer", gives=shapes.SampleShown)
def show(p: str, sample_id: int) -> dict[str, Any]:
    """Show a sample, its history, and what the ten newest versions make of it."""
    with services().read() as session:
        told = histories.of_sample(session, projects.find(session, p), sample_id)
    return told | {"predictions": second_looks.of_sample(services(), p, sample_id)}


@routes.post(
    "/projects/{p}/samples/actions",
    role="reviewer",
    body=shapes.SampleAction,
    gives=shapes.ActionDone,
)
def act(p: str, body: shapes.SampleAction) -> dict[str, Any]:
    """Flag, send to review, remove, restore or make gold.

    A preview fixes the samples, says what would be touched, and gives a token; the token confirms.
    """
    with services().read() as session:
        project = projects.find(session, p)
    if sum((body.filter is not None, body.ids is not None, body.token is not None)) != 1:
        raise Invalid.field("action", "wants exactly one of filter, ids and token.")
    if body.preview:
        return _preview(project, body)
    user, note = account().id, body.note
    if body.token is not None:
        done = acting.confirm(services(), project, user, body.action, token=body.token, note=note)
    elif body.ids is not None and body.key is not None:
        done = acting.act(
            services(), project, user, body.action, ids=body.ids, key=body.key, note=note
        )
    else:
        wanted = "a token: what fits may be others by now" if body.filter else "a key"
        raise Invalid.field("preview", f"is false, which wants {wanted}.", "Preview it first.")
    return {"action": body.action, "done": done}


def _preview(project: Any, body: shapes.SampleAction) -> dict[str, Any]:
    if body.token is not None:
        raise Invalid.field("token", "confirms; send preview: false with it.")
    several = projects.spec_of(project).answer == "several"
    shown = acting.preview(
        services(),
        project,
        account().id,
        body.action,
        wanted=body.filter.wanted(several=several) if body.filter else None,
        ids=body.ids or (),
    )
    with services().read() as session:
        examples = listing.rows(session, project, shown.examples)
    return {"action": body.action, "done": None, "examples": examples, **acting.as_json(shown)}


@routes.get("/projects/{p}/label-errors", role="reviewer", gives=shapes.LabelErrors)
def suspects(p: str) -> dict[str, Any]:
    """List labels that are likely wrong, by confident learning, the likeliest first."""
    with services().read() as session:
        return label_errors.newest(session, projects.find(session, p))


@routes.post(
    "/projects/{p}/label-errors", role="reviewer", status=202, gives=shapes.LabelErrors,
    refuses=(409,),
)  # fmt: skip
def look(p: str) -> dict[str, Any]:
    """Look for labels that are likely wrong, in the background."""
    with services().write() as session:
        project = projects.find(session, p)
        label_errors.ask(session, project, user_id=account().id)
        return label_errors.newest(session, project, count=0)


@routes.post(
    "/projects/{p}/label-errors/review",
    role="reviewer",
    status=201,
    body=shapes.SuspectsToReview,
    gives=shapes.SuspectsSent,
)
def send(p: str, body: shapes.SuspectsToReview) -> dict[str, Any]:
    """Send suspects to review: those named, or the likeliest whose label still stands."""
    with services().write() as session:
        sent = label_errors.send(
            session,
            projects.find(session, p),
            user_id=account().id,
            sample_ids=body.sample_ids,
            top=body.top,
        )
    return {"sent": sent}
