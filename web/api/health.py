"""Whether the process answers, whether it is ready, and how busy it is."""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from activeloop.flows import accounts
from web import schemas
from web.context import services
from web.routing import Routes

routes = Routes(Blueprint("health", __name__))
REGISTRY = "activeloop-metrics"
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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


@routes.get("/metrics", role="public", sends=("text/plain",))
def metrics() -> Response:
    """Give the counts and times of requests, as Prometheus reads them."""
    registry = current_app.extensions[REGISTRY]
    return Response(generate_latest(registry), content_type=METRICS_TYPE)


def measure(app: Flask) -> None:
    """Count every request and its seconds, by route."""
    registry = app.extensions[REGISTRY] = CollectorRegistry()
    counted = Counter(
        "activeloop_requests", "Requests.", ("method", "route", "status"), registry=registry
    )
    timed = Histogram(
        "activeloop_request_seconds", "Seconds.", ("route",), registry=registry, buckets=BUCKETS
    )

    def begin() -> None:
        g.began = time.perf_counter()

    def note(response: Response) -> Response:
        # the rule, not the path: addresses have no end, and label values must
        route = request.url_rule.rule if request.url_rule else "(none)"
        method = request.method if request.url_rule else "(any)"
        counted.labels(method, route, response.status_code).inc()
        if "began" in g:
            timed.labels(route).observe(time.perf_counter() - g.began)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(note)
