"""The webhooks page in a browser: added, tried out, switched off, and axe finds nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect
from standardwebhooks.webhooks import Webhook

from tests.browsing import Site, Visitor
from tests.e2e.conftest import Make
from tests.e2e.test_label_access import found

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
Heard = list[tuple[dict[str, str], bytes]]


@pytest.fixture
def heard() -> Iterator[tuple[str, Heard]]:
    """Listen on a port of its own."""
    told: Heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def ada(request: pytest.FixtureRequest, site: Site, browser: Browser) -> Iterator[Visitor]:
    """Give an engineer, signed in."""
    theme, size = request.param
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    visitor = Visitor(site, context)
    visitor.come_in(site)
    yield visitor
    context.close()


def add(ada: Visitor, url: str) -> str:
    """Add a webhook by the form and give the secret that is shown."""
    ada.page.fill("#url", url)
    ada.page.click("#webhook button[type=submit]")
    ada.page.wait_for_selector("#secret[open]")
    assert found(ada) == []
    secret = ada.page.inner_text("[data-secret]")
    ada.page.click("#secret button")
    ada.page.wait_for_selector("text=Nothing yet.")
    return secret


def test_a_program_is_told_tried_out_and_switched_off(
    ada: Visitor, make: Make, heard: tuple[str, Heard], tmp_path: Path
) -> None:
    url, told = heard
    project_id = make(4)
    ada.go(f"/projects/{project_id}/webhooks")
    assert found(ada) == []
    secret = add(ada, url)
    ada.page.click("[data-test]")
    for _ in range(60):
        ada.page.wait_for_timeout(250)
        ada.page.reload()
        if ada.page.locator(".tag.good >> text=delivered").count():
            break
    expect(ada.page.locator("td >> text=webhook.test")).to_be_visible()
    headers, body = told[0]
    assert Webhook(secret).verify(body, headers)["type"] == "webhook.test"
    assert json.loads(body)["data"]["project_id"] == project_id
    ada.page.screenshot(path=str(tmp_path / "webhooks.png"), full_page=True)
    assert found(ada) == []
    ada.page.click("[data-switch]")
    expect(ada.page.locator(".tag.warn >> text=off")).to_be_visible()
    ada.page.click("[data-remove]")
    expect(ada.page.locator("text=Nobody yet.")).to_be_visible()
    assert ada.complaints == []


def test_an_address_that_cannot_be_told_is_refused_in_words(ada: Visitor, make: Make) -> None:
    ada.go(f"/projects/{make(1)}/webhooks")
    ada.page.fill("#url", "ftp://example.org")
    ada.page.click("#webhook button[type=submit]")
    expect(ada.page.locator("[data-said]")).to_contain_text("must begin with https")
