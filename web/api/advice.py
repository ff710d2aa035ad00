"""Is active learning paying, and when is it enough."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import advising, arming
from web import schemas_advice as shapes
from web.context import services, the_project
from web.routing import Routes

routes = Routes(Blueprint("advice", __name__))


@routes.get("/projects/{p}/arms", role="reviewer", gives=shapes.Arms)
def arms(p: str) -> dict[str, Any]:
    """Compare queried labels with as many drawn at random, as the newest report did."""
    with services().read() as session:
        return arming.newest(session, the_project(session, p))


@routes.get("/projects/{p}/advice", role="reviewer", gives=shapes.Advice)
def advice(p: str) -> dict[str, Any]:
    """Say whether labelling can stop, and by what evidence, as the newest report did."""
    with services().read() as session:
        return advising.newest(session, the_project(session, p))
