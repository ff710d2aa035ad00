"""The label set: the classes, what is told of them, and changing them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import label_sets
from activeloop.flows.class_plans import Wanted
from web import schemas_guidelines as shapes
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("label_sets", __name__))


@routes.get("/projects/{p}/label-set", role="annotator", gives=shapes.LabelSet)
def show(p: str) -> dict[str, Any]:
    """Give the classes, what annotators are told of them, and every change so far."""
    with services().read() as session:
        return label_sets.shown(session, the_project(session, p))


@routes.post(
    "/projects/{p}/label-set",
    role="engineer",
    body=shapes.LabelSetChange,
    gives=shapes.LabelSetEffect,
    refuses=(409,),
)
def change(p: str, body: shapes.LabelSetChange) -> dict[str, Any]:
    """Rename, merge, split, add or retire classes; or see what that would touch."""
    asked = body.change
    wanted = Wanted(asked.kind, tuple(asked.classes), tuple(asked.into), asked.details)
    if body.preview:
        with services().read() as session:
            return label_sets.preview(session, the_project(session, p), wanted)
    with services().write() as session:
        project = the_project(session, p)
        return label_sets.apply(session, project, wanted, user_id=account().id, seen=body.seen)


@routes.post(
    "/projects/{p}/label-set/details",
    role="engineer",
    body=shapes.ClassDetails,
    gives=shapes.LabelSet,
)
def describe(p: str, body: shapes.ClassDetails) -> dict[str, Any]:
    """Set what annotators are told of classes: colour, key, description, group, examples."""
    with services().write() as session:
        project = the_project(session, p)
        label_sets.describe(session, project, body.details, user_id=account().id)
        return label_sets.shown(session, project)
