"""The evaluation of a version, and the samples behind its confusions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import measuring
from web import schemas_evaluation as shapes
from web.context import services, the_project
from web.routing import Routes

routes = Routes(Blueprint("evaluation", __name__))


@routes.get("/projects/{p}/versions/{number}/evaluation", role="annotator", gives=shapes.Evaluation)
def show(p: str, number: int) -> dict[str, Any]:
    """Show the newest evaluation: every figure with its interval, by class, slice and group."""
    with services().read() as session:
        return measuring.shown(session, the_project(session, p), number)


@routes.post(
    "/projects/{p}/versions/{number}/evaluation",
    role="engineer",
    status=202,
    gives=shapes.EvaluationAsked,
)
def refresh(p: str, number: int) -> dict[str, Any]:
    """Ask for an evaluation on the labels of now, made in the background."""
    with services().write() as session:
        measuring.refresh(session, the_project(session, p), number)
    return {"asked": True}


@routes.get(
    "/projects/{p}/versions/{number}/confusion",
    role="reviewer",
    query=shapes.CellQuery,
    gives=shapes.Cell,
)
def confusion(p: str, number: int, query: shapes.CellQuery) -> dict[str, Any]:
    """List the audit samples of one class that the version takes for another."""
    with services().read() as session:
        return measuring.behind(
            session,
            the_project(session, p),
            number,
            true=query.true,
            predicted=query.predicted,
        )
