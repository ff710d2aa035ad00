"""The HTTP API: one file per resource."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response
from pydantic_core import to_json

from web import metrics, openapi
from web.api import (
    advice,
    assignments,
    drift,
    evaluation,
    explanations,
    exports,
    gold,
    guidelines,
    health,
    imports,
    label_sets,
    labelling,
    learning,
    people,
    projects,
    quality,
    reviews,
    samples,
    searches,
    webhooks,
)
from web.auth import public
from web.routing import Route, Routes

PREFIX = "/api/v1"
RESOURCES: tuple[Routes, ...] = (
    projects.routes,
    imports.routes,
    labelling.routes,
    samples.routes,
    reviews.routes,
    gold.routes,
    assignments.routes,
    label_sets.routes,
    guidelines.routes,
    learning.routes,
    searches.routes,
    evaluation.routes,
    explanations.routes,
    drift.routes,
    quality.routes,
    exports.routes,
    webhooks.routes,
    advice.routes,
    people.routes,
)


def declared() -> Iterator[tuple[str, Route]]:
    """List every route that the OpenAPI document describes, with its prefix."""
    for route in (*health.routes.declared, *metrics.routes.declared):
        yield "", route
    for resource in RESOURCES:
        for route in resource.declared:
            yield PREFIX, route


def install(app: Flask) -> None:
    """Add the API and its description to the app."""
    app.register_blueprint(health.routes.blueprint)
    app.register_blueprint(metrics.routes.blueprint)
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint, url_prefix=PREFIX)
    metrics.measure(app)
    described = to_json(openapi.document(declared()))

    @public
    def describe() -> Response:
        return Response(described, content_type="application/json")

    app.add_url_rule("/api/openapi.json", "openapi", describe)
