"""A running site for browser tests: the real app over HTTP, with a worker thread beside it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright
from sqlmodel import col, select

from activeloop.flows import accounts, carrying, importing, projects, status, tick
from activeloop.settings import read_settings
from activeloop.spec import parse_spec
from activeloop.store import schema
from activeloop.store.tables import Label, Offer
from activeloop.wiring import Services, build
from web import create_app
from web.serving import make_server

PASSWORD = "correct horse battery staple"
PATIENCE = 60.0
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Site:
    """The app on a free port, its database, and the two people who use it: ada and ben."""

    def __init__(self, folder: Path) -> None:
        settings = read_settings(data=folder, port=0)
        folder.mkdir(parents=True)
        self.services: Services = build(settings)
        schema.upgrade(self.services.database)
        kept = accounts.hashed(PASSWORD)
        with self.services.write() as session:
            accounts.add_user(session, "ada", "engineer", kept)
            accounts.add_user(session, "ben", "annotator", kept)
        self._server = make_server(create_app(self.services), settings)
        self._serving = threading.Thread(target=self._server.run, daemon=True)
        self._serving.start()
        self.cookies: list[Any] = []
        self._ended = threading.Event()
        self._working = threading.Thread(target=self._work, daemon=True)
        self._working.start()
        self.url = f"http://127.0.0.1:{self._server.effective_port}"

    def _work(self) -> None:
        while not self._ended.wait(0.05):
            for job_id in tick.tick(self.services).sent:
                carrying.carry_out(self.services, job_id, "browser-tests")

    def close(self) -> None:
        """Stop the worker and the server."""
        self._ended.set()
        self._working.join(PATIENCE)
        self._server.close()
        self._serving.join(PATIENCE)
        self.services.database.close()

    def project(
        self,
        rows: list[dict[str, Any]] | None = None,
        *,
        mapping: dict[str, str] | None = None,
        **spec: Any,
    ) -> int:
        """Make a project, import the rows, wait until they are there, and give its id."""
        with self.services.write() as session:
            made = projects.create(session, parse_spec({"kind": "text", **spec}))
            project_id = made.id
        if rows:
            self._import(project_id, rows, mapping or {})
            until(lambda: self.status(project_id)["counts"]["samples"] == len(rows))
        return project_id

    def _import(self, project_id: int, rows: list[dict[str, Any]], mapping: dict[str, str]) -> None:
        self.services.uploads.mkdir(exist_ok=True)
        path = self.services.uploads / f"rows-{project_id}"
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        with self.services.write() as session:
            importing.begin(
                self.services,
                session,
                projects.find(session, project_id),
                name="rows.jsonl",
                media_type="application/jsonl",
                stream_path=path,
                mapping=mapping,
                user_id=None,
            )

    def status(self, project_id: int) -> dict[str, Any]:
        """Give the project's status report."""
        with self.services.read() as session:
            return status.report(session, projects.find(session, project_id))

    def events(self, project_id: int) -> list[tuple[str, str | None]]:
        """Give the project's label events, in order, as (kind, label)."""
        with self.services.read() as session:
            found = session.exec(
                select(Label).where(Label.project_id == project_id).order_by(col(Label.number))
            )
            return [(event.kind, event.label) for event in found]

    def offers(self, project_id: int, state: str) -> int:
        """Count the project's offers in a state."""
        with self.services.read() as session:
            found = session.exec(
                select(Offer).where(Offer.project_id == project_id, Offer.state == state)
            )
            return len(found.all())


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Run Chromium with a profile of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Host(Protocol):
    """Whatever serves the pages."""

    @property
    def url(self) -> str:
        """Give the address that paths are put behind."""


class Visitor:
    """Somebody with a browser: what the console said is kept, for there should be nothing."""

    def __init__(self, site: Host, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.complaints: list[str] = []
        self.may_be_refused = False
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._refuse)

    def _hear(self, message: Any) -> None:
        # a test that cuts the line or signs somebody out causes these itself
        own = ["Failed to load resource: net::"]
        if self.may_be_refused:
            own.append("responded with a status of 4")
        if message.type in ("error", "warning") and not any(each in message.text for each in own):
            self.complaints.append(message.text)

    def _refuse(self, dialog: Dialog) -> None:
        """Note a dialog: a page that ran what it was only to show would open one."""
        self.complaints.append(f"a dialog said {dialog.message!r}")
        dialog.dismiss()

    def sign_in(self, name: str = "ada", password: str = PASSWORD) -> None:
        """Sign in through the form."""
        self.go("/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.site.url}/")

    def come_in(self, site: Site) -> None:
        """Come in as ada, by the session of an earlier visit if it still holds.

        More than ten attempts to sign in within a minute would be refused.
        """
        if site.cookies:
            self.context.add_cookies(site.cookies)
        self.go("/")
        if self.page.url.startswith(f"{site.url}/sign-in"):
            self.sign_in()
            site.cookies = list(self.context.cookies())

    def go(self, path: str) -> None:
        """Open a page of the site."""
        self.page.goto(self.site.url + path)

    def label(self, project_id: int) -> None:
        """Open the labelling page and wait for the first sample."""
        self.go(f"/projects/{project_id}/label")
        self.sample()

    def sample(self, *, other_than: str | None = None) -> str:
        """Wait for a sample, another one than the last if asked to, and give its offer's id."""
        changed = f':not([data-offer="{other_than}"])' if other_than else ""
        shown = self.page.wait_for_selector(f"[data-sample][data-offer]{changed}")
        assert shown is not None
        return shown.get_attribute("data-offer") or ""

    def press(self, key: str) -> None:
        """Press a key and wait until another sample is shown."""
        before = self.sample()
        self.page.keyboard.press(key)
        self.sample(other_than=before)

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something holds, answering meanwhile for the routes that a test has laid."""
        deadline = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < deadline, "it did not happen in time"
            self.page.wait_for_timeout(30)  # asleep, nobody would call the routes' handlers

    def text(self) -> str:
        """Give the text of the sample in sight."""
        return self.page.inner_text("[data-sample] .text")


def until(reached: Callable[[], bool], *, seconds: float = PATIENCE, pause: float = 0.03) -> None:
    """Wait until something holds, looking again after each pause."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)
