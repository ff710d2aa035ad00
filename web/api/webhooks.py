"""Webhooks: add, change, try out, remove, and see what arrived."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import webhooks
from web import schemas_webhooks as shapes
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("webhooks", __name__))
ONE = "/projects/{p}/webhooks/{webhook_id}"


@routes.get("/projects/{p}/webhooks", role="engineer", gives=shapes.Webhooks)
def listed(p: str) -> dict[str, Any]:
    """List the webhooks, and the events they may be told of."""
    with services().read() as session:
        found = webhooks.listed(session, the_project(session, p))
    return {"webhooks": found, "events": webhooks.EVENTS}


@routes.post(
    "/projects/{p}/webhooks",
    role="engineer",
    status=201,
    body=shapes.NewWebhook,
    gives=shapes.Webhook,
    refuses=(409,),
)
def add(p: str, body: shapes.NewWebhook) -> dict[str, Any]:
    """Add a webhook; the answer holds its secret, which is not told again."""
    with services().write() as session:
        project, by = the_project(session, p), account().id
        return webhooks.add(session, project, body.url, body.events, secret=body.secret, user_id=by)


@routes.patch(ONE, role="engineer", body=shapes.WebhookChange, gives=shapes.Webhook)
def change(p: str, webhook_id: int, body: shapes.WebhookChange) -> dict[str, Any]:
    """Change where it goes, what it is told, or switch it off and on."""
    with services().write() as session:
        return webhooks.change(
            session,
            the_project(session, p),
            webhook_id,
            user_id=account().id,
            url=body.url,
            events=body.events,
            enabled=body.enabled,
        )


@routes.add("DELETE", ONE, role="engineer", status=204)
def remove(p: str, webhook_id: int) -> None:
    """Remove a webhook; what is on its way to it is dropped."""
    with services().write() as session:
        webhooks.remove(session, the_project(session, p), webhook_id, user_id=account().id)


@routes.post(f"{ONE}/test", role="engineer", status=202, gives=shapes.Delivery)
def test(p: str, webhook_id: int) -> dict[str, Any]:
    """Send it a `webhook.test`, now."""
    with services().write() as session:
        return webhooks.test(session, the_project(session, p), webhook_id)


@routes.get(
    f"{ONE}/deliveries",
    role="engineer",
    query=shapes.DeliveriesQuery,
    gives=shapes.Deliveries,
)
def deliveries(p: str, webhook_id: int, query: shapes.DeliveriesQuery) -> dict[str, Any]:
    """List what was sent to it, newest first."""
    with services().read() as session:
        project = the_project(session, p)
        found = webhooks.log(session, project, webhook_id, before=query.before, count=query.count)
    return {"deliveries": found}


@routes.post(
    f"{ONE}/deliveries/{{delivery_id}}/again", role="engineer", status=202, gives=shapes.Delivery
)
def again(p: str, webhook_id: int, delivery_id: int) -> dict[str, Any]:
    """Send an event once more."""
    with services().write() as session:
        return webhooks.again(session, the_project(session, p), webhook_id, delivery_id)
