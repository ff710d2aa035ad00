"""Whether the process answers, and whether it is ready."""

from __future__ import annotations

from flask import Blueprint

from activeloop.flows import accounts
from web import schemas
from web.context import services
from web.routing import Routes

routes = Routes(Blueprint("health", __name__))


@routes.get("/healthz", role="public", gives=schemas.Health)
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@routes.get("/readyz", role="public", gives=schemas.Health, refuses=(503,))
def readyz() -> dict[str, str]:
    """Say that the database answers, too."""
    with services().read() as session:
        accounts.ready(session)
    return {"status": "ready"}
