"""Labelling: samples in hand, answers, and taking answers back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint

from activeloop import answers
from activeloop.errors import Invalid
from activeloop.flows import deciding, labelling, own, projects, taking_back
from activeloop.logs import trace
from activeloop.spec import ProjectSpec
from activeloop.store.db import Session
from web import schemas
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("labelling", __name__))


@routes.post("/projects/{p}/offers", role="annotator", body=schemas.HowMany, gives=schemas.Offers)
def offer(p: str, body: schemas.HowMany) -> dict[str, Any]:
    """Bring what one holds up to `count` samples, one's own open ones first.

    When there is none, `waiting_for` says in a sentence what is waited for.
    """
    who, chance = account().id, services().chance

    def offered(session: Session) -> dict[str, Any]:
        project = the_project(session, p)
        return labelling.offer(
            session, project, who, count=body.count, chance=chance, seconds=body.seconds
        ).as_json()

    told = services().settle(offered)
    for each in told["offers"]:
        ids = {"user": who, "offer": each["id"], "sample": each["sample"]["id"]}
        trace.info("offered", extra=ids)
    return told


@routes.post(
    "/projects/{p}/offers/release",
    role="annotator",
    body=schemas.OfferIds,
    gives=schemas.Released,
)
def release(p: str, body: schemas.OfferIds) -> dict[str, Any]:
    """Give back samples one will not answer; the next person gets them at once."""
    with services().write() as session:
        project = the_project(session, p)
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
    with services().write() as session:
        project = the_project(session, p)
        given = _given(projects.spec_of(project), body)
        recorded = labelling.record(
            session, project, account().id, given, offer_id=body.offer_id, key=body.key
        )
    _traced("label recorded", recorded)
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
        undone = taking_back.undo(session, the_project(session, p), account().id, label_id)
        offered = undone.offered.as_json() if undone.offered else None
    return {
        "id": undone.id,
        "number": undone.number,
        "replayed": undone.replayed,
        "offer": offered,
    }


@routes.post(
    "/projects/{p}/labels/{label_id}/revise",
    role="annotator",
    status=201,
    body=schemas.Revision,
    gives=schemas.Label,
    refuses=(409,),
)
def revise(p: str, label_id: int, body: schemas.Revision) -> dict[str, Any]:
    """Change one's own answer: the old one is taken back and the new one recorded, at once."""
    with services().write() as session:
        project = the_project(session, p)
        recorded = taking_back.revise(
            session,
            project,
            account().id,
            _given(projects.spec_of(project), body),
            label_id=label_id,
            key=body.key,
        )
    _traced("label revised", recorded)
    return asdict(recorded)


@routes.post(
    "/projects/{p}/offers/keep", role="annotator", body=schemas.KeptOffers, gives=schemas.Kept
)
def keep(p: str, body: schemas.KeptOffers) -> dict[str, Any]:
    """Prolong the leases of what one holds; what is not in the answer was lost."""
    with services().write() as session:
        project = the_project(session, p)
        kept = labelling.keep(session, project, account().id, body.offer_ids, seconds=body.seconds)
    return {"kept": {str(offer_id): until.isoformat() for offer_id, until in kept.items()}}


@routes.get("/projects/{p}/history", role="annotator", query=schemas.Page, gives=schemas.History)
def history(p: str, query: schemas.Page) -> dict[str, Any]:
    """List one's own answers and skips, newest first; `before` is the number of an event."""
    with services().read() as session:
        project = the_project(session, p)
        found = own.history(session, project, account().id, before=query.before, count=query.count)
    return {"answers": found}


@routes.get("/projects/{p}/me", role="annotator", gives=schemas.OwnProgress)
def me(p: str) -> dict[str, Any]:
    """Tell one's own progress, pace, and what one's answers changed."""
    with services().read() as session:
        return own.progress(session, the_project(session, p), account().id)


@routes.post(
    "/projects/{p}/flags", role="annotator", status=201, body=schemas.Flag, gives=schemas.Flagged
)
def flag(p: str, body: schemas.Flag) -> dict[str, Any]:
    """Flag a sample for the reviewers, with a note; it stays in hand."""
    who = account()
    with services().write() as session:
        event = deciding.flag(
            session,
            the_project(session, p),
            who.id,
            sample_id=body.sample_id,
            note=body.note,
            key=body.key,
            anywhere=who.may("reviewer"),
        )
        return {"id": event.id, "number": event.number, "sample_id": event.sample_id}


def _given(spec: ProjectSpec, body: schemas.NewLabel | schemas.Revision) -> labelling.Given:
    """Read what is answered.

    Raises:
        Invalid: when it holds none or more than one of label, labels and skip.
    """
    return labelling.Given(
        _value(spec, body.answer),
        note=body.note,
        lead_ms=body.lead_ms,
        group=body.group,
    )


def _value(spec: ProjectSpec, answer: schemas.Answer) -> str | None:
    said = [answer.label is not None, answer.labels is not None, answer.skip]
    if sum(said) != 1:
        raise Invalid.field("answer", "must have exactly one of label, labels and skip.")
    if answer.skip:
        return None
    names = answer.labels if answer.labels is not None else [answer.label or ""]
    if spec.answer == "one" and len(names) != 1:
        raise Invalid.field(
            "answer.labels", f"holds {len(names)} names; a sample has one label here."
        )
    return answers.write(spec, names)


def _traced(what: str, recorded: labelling.Recorded) -> None:
    """Tell the log, so that the label can be followed; a version's snapshot is such a number."""
    ids = {
        "user": account().id,
        "offer": recorded.offer_id,
        "sample": recorded.sample_id,
        "label": recorded.id,
        "number": recorded.number,
        "replayed": recorded.replayed,
    }
    trace.info(what, extra=ids)
