"""Labelling: samples in hand, answers, and taking answers back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint

from activeloop.errors import Invalid
from activeloop.flows import labelling, projects
from activeloop.store.db import Session
from web import schemas
from web.context import account, services
from web.routing import Routes

routes = Routes(Blueprint("labelling", __name__))


@routes.post("/projects/{p}/offers", role="annotator", body=schemas.HowMany, gives=schemas.Offers)
def offer(p: str, body: schemas.HowMany) -> dict[str, Any]:
    """Bring what one holds up to `count` samples, one's own open ones first.

    When there is none, `waiting_for` says in a sentence what is waited for.
    """
    who, chance = account().id, services().chance

    def offered(session: Session) -> dict[str, Any]:
        project = projects.find(session, p)
        return labelling.offer(session, project, who, count=body.count, chance=chance).as_json()

    return services().settle(offered)


@routes.post(
    "/projects/{p}/offers/release",
    role="annotator",
    body=schemas.OfferIds,
    gives=schemas.Released,
)
def release(p: str, body: schemas.OfferIds) -> dict[str, Any]:
    """Give back samples one will not answer; the next person gets them at once."""
    with services().write() as session:
        project = projects.find(session, p)
        return {"released": labelling.release(session, project, account().id, body.offer_ids)}


@routes.post(
    "/projects/{p}/labels",
    role="annotator",
    status=201,
    body=schemas.NewLabel,
    gives=schemas.Label,
    refuses=(409,),
)
def record(p: str, body: schemas.NewLabel) -> dict[str, Any]:
    """Record an answer or a skip.

    Once this is answered the label is on disk. Sent again with the same `key` it gives the same
    answer; the same key with another body is a conflict.
    """
    label = _label(body.answer)
    with services().write() as session:
        recorded = labelling.record(
            session,
            projects.find(session, p),
            account().id,
            offer_id=body.offer_id,
            label=label,
            skip=body.answer.skip,
            lead_ms=body.lead_ms,
            key=body.key,
        )
    return asdict(recorded)


@routes.post(
    "/projects/{p}/labels/{label_id}/undo",
    role="annotator",
    gives=schemas.Undone,
    refuses=(409,),
)
def undo(p: str, label_id: int) -> dict[str, Any]:
    """Take back one's own answer or skip; the sample is in hand again."""
    with services().write() as session:
        undone = labelling.undo(session, projects.find(session, p), account().id, label_id)
        offered = undone.offered.as_json() if undone.offered else None
    return {
        "id": undone.id,
        "number": undone.number,
        "replayed": undone.replayed,
        "offer": offered,
    }


def _label(answer: schemas.Answer) -> str | None:
    """Read the one label out of an answer.

    Raises:
        Invalid: when it holds none or more than one of label, labels and skip.
    """
    said = [answer.label is not None, answer.labels is not None, answer.skip]
    if sum(said) != 1:
        raise Invalid.field("answer", "must have exactly one of label, labels and skip.")
    if answer.labels is None:
        return answer.label
    if len(answer.labels) != 1:
        raise Invalid.field(
            "answer.labels", f"holds {len(answer.labels)} names; a sample has one label here."
        )
    return answer.labels[0]
