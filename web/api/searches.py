"""What makes a project train, and searches for a better recipe."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import searching, status, triggers
from web import schemas, schemas_training
from web import schemas_searches as shapes
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("searches", __name__))


@routes.get("/projects/{p}/triggers", role="annotator", gives=schemas_training.Triggers)
def listed(p: str) -> dict[str, Any]:
    """Show what asks for a run, and how far each trigger is."""
    with services().read() as session:
        return triggers.listed(session, the_project(session, p))


@routes.post(
    "/projects/{p}/searches",
    role="engineer",
    status=202,
    body=shapes.NewSearch,
    gives=shapes.SearchAsked,
    refuses=(409,),
)
def search(p: str, body: shapes.NewSearch) -> dict[str, Any]:
    """Try recipes by cross-validation on the training labels, in the background.

    The audit stratum is never looked at. Needs the extra `tune`.
    """
    with services().write() as session:
        project = the_project(session, p)
        return {"job": searching.ask(session, project, trials=body.trials, seconds=body.seconds)}


@routes.get("/projects/{p}/searches/newest", role="annotator", gives=shapes.Search)
def newest(p: str) -> dict[str, Any]:
    """Show the newest search and its leaderboard."""
    with services().read() as session:
        return searching.newest(session, the_project(session, p))


@routes.post(
    "/projects/{p}/searches/adopt",
    role="engineer",
    status=202,
    body=shapes.Adopted,
    gives=schemas.Run,
    refuses=(409,),
)
def adopt(p: str, body: shapes.Adopted) -> dict[str, Any]:
    """Make a recipe of the leaderboard the project's, and train it in full; the gate decides."""
    with services().write() as session:
        project = the_project(session, p)
        run = searching.adopt(session, project, body.rank, user_id=account().id)
        return status.run_json(session, run)
