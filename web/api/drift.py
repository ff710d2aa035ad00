"""Drift over time, and the campaigns that measure what drifted."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import campaigns, monitoring
from web import schemas_drift as shapes
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("drift", __name__))


@routes.get("/projects/{p}/drift", role="annotator", gives=shapes.Drift)
def drift(p: str) -> dict[str, Any]:
    """List the newest windows of incoming samples, each with its comparisons."""
    with services().read() as session:
        return monitoring.timeline(session, the_project(session, p))


@routes.get("/projects/{p}/campaigns", role="reviewer", gives=shapes.Campaigns)
def listed(p: str) -> dict[str, Any]:
    """List labelling campaigns, newest first."""
    with services().read() as session:
        return {"campaigns": campaigns.listed(session, the_project(session, p))}


@routes.post(
    "/projects/{p}/campaigns",
    role="engineer",
    status=201,
    body=shapes.NewCampaign,
    gives=shapes.Campaign,
    refuses=(409,),
)
def add(p: str, body: shapes.NewCampaign) -> dict[str, Any]:
    """Put up samples drawn at random from a part of the pool; they are offered first."""
    with services().write() as session:
        return campaigns.open_by_person(
            session,
            the_project(session, p),
            reason=body.reason,
            first=body.first,
            last=body.last,
            wanted=body.wanted,
            user_id=account().id,
        )


@routes.post(
    "/projects/{p}/campaigns/{campaign_id}/close",
    role="engineer",
    gives=shapes.Campaign,
    refuses=(409,),
)
def close(p: str, campaign_id: int) -> dict[str, Any]:
    """Close a campaign before it has all its labels; no run is asked for."""
    with services().write() as session:
        project = the_project(session, p)
        return campaigns.close(session, project, campaign_id, user_id=account().id)
