from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Caller


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/api/v1/me", "/api/v1/nothing", "/nothing", "/api/openapi.json", "/static/x.js"],
)
def test_every_response_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_answers_of_the_api_are_kept_by_nobody(engineer: Caller) -> None:
    assert engineer("GET", "/api/v1/me").headers["Cache-Control"] == "no-store"


def test_plotlys_bundle_is_served_from_its_package_forever(client: FlaskClient) -> None:
    from web.assets import vendor_url

    with client.get(vendor_url("plotly")) as answer:
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/javascript")
        assert len(answer.data) > 1_000_000
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["plotly-0.0.0.min.js", "..%2f..%2fsetup.py", "x"])
def test_no_other_file_is_reached_through_the_vendor_route(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/vendor/{name}").status_code == 404
