"""What Prometheus reads: requests of this process, and the state of every project."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Iterable, Iterator

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from activeloop import logs
from activeloop.errors import ActiveloopError, Unauthenticated
from activeloop.flows import gauging
from web.context import services
from web.routing import Routes

routes = Routes(Blueprint("metrics", __name__))
REGISTRY = "activeloop-metrics"
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SAYABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
LONGEST_PATH = 500
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@routes.get("/metrics", role="public", sends=("text/plain",), refuses=(401,))
def metrics() -> Response:
    """Give counts, times and the state of every project, as Prometheus reads them.

    Where a metrics token is set, it must come as the bearer.
    """
    token = services().settings.metrics_token.get_secret_value()
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not hmac.compare_digest(token.encode(), bearer.encode()):
        raise Unauthenticated("The metrics want ACTIVELOOP_METRICS_TOKEN as the bearer token.")
    registry = current_app.extensions[REGISTRY]
    return Response(generate_latest(registry), content_type=METRICS_TYPE)


class Projects(Collector):
    """The state of the projects, read from the database when it is asked for."""

    def collect(self) -> Iterable[Metric]:
        """Give all values, by name."""
        found = [gauging.Gauge("database_up", "Whether the database answers.", 1)]
        try:
            with services().read() as session:
                found += gauging.gauge(session)
        except ActiveloopError:
            # who watches must hear of it, and of the requests there were, just now
            found = [gauging.Gauge("database_up", "Whether the database answers.", 0)]
        families: dict[str, Metric] = {}
        for each in found:
            family = families.setdefault(each.name, _family(each))
            family.add_sample(
                f"activeloop_{each.name}{'_total' if each.grows else ''}", each.labels, each.value
            )
        return families.values()

    def describe(self) -> Iterator[Metric]:
        """Say nothing beforehand: registering must not read the database."""
        return iter(())


def measure(app: Flask) -> None:
    """Count every request and its seconds, by route."""
    registry = app.extensions[REGISTRY] = CollectorRegistry()
    registry.register(Projects())
    counted = Counter(
        "activeloop_requests", "Requests.", ("method", "route", "status"), registry=registry
    )
    timed = Histogram(
        "activeloop_request_seconds", "Seconds.", ("route",), registry=registry, buckets=BUCKETS
    )

    def begin() -> None:
        g.began = time.perf_counter()
        logs.begin(request=_request_id())

    def note(response: Response) -> Response:
        # the rule, not the path: addresses have no end, and label values must
        route = request.url_rule.rule if request.url_rule else "(none)"
        method = request.method if request.url_rule else "(any)"
        counted.labels(method, route, response.status_code).inc()
        if "began" in g:
            seconds = time.perf_counter() - g.began
            timed.labels(route).observe(seconds)
            _told(route, response, seconds)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(note)


def _family(gauge: gauging.Gauge) -> Metric:
    kind = CounterMetricFamily if gauge.grows else GaugeMetricFamily
    return kind(f"activeloop_{gauge.name}", gauge.says)


def _request_id() -> str:
    """Take the id that a proxy gave, when it is one that can be written down, or make one."""
    given = request.headers.get("X-Request-ID", "")
    taken = given if SAYABLE.fullmatch(given) else secrets.token_hex(8)
    g.request_id = taken
    return taken


def _told(route: str, response: Response, seconds: float) -> None:
    response.headers["X-Request-ID"] = g.request_id
    ids = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "ms": round(1000 * seconds, 1),
        "path": request.path[:LONGEST_PATH],
    }
    logs.trace.info("request", extra=ids)
