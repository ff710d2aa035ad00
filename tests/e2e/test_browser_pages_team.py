"""The team page in a browser: the report is made on demand, and axe finds nothing on it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize

from activeloop.flows import labelling, projects
from activeloop.store import accounts
from activeloop.store.tables import Offer
from tests.browsing import Site, Visitor
from tests.e2e.conftest import Make
from tests.e2e.test_label_access import found

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
ROWS = 24


def answered(site: Site, project_id: int) -> None:
    """Let ada and ben answer all; ben errs now and then, and lets himself be led."""
    with site.services.write() as session:
        people = [user.id for name in ("ada", "ben") if (user := accounts.by_name(session, name))]
    for at, person in enumerate(people):
        with site.services.write() as session:
            project = projects.find(session, project_id)
            offered = labelling.offer(session, project, person, count=ROWS, chance=lambda: 0.99)
            for held in offered.offers:
                seq, offer = held.sample.seq, session.get_one(Offer, held.offer.id)
                offer.suggestion, offer.suggestion_shown = "good", seq % 3 > 0
                said = ("good", "bad", "neither")[(seq + (at and seq % 7 == 0)) % 3]
                given = labelling.Given(said, lead_ms=700 + 40 * seq)
                key = f"{held.offer.id}"
                labelling.record(session, project, person, given, offer_id=held.offer.id, key=key)


@pytest.fixture
def team(site: Site, make: Make) -> int:
    """Give a project that two people have labelled."""
    project_id = make(ROWS, answers_per_sample=2, cost_per_label=0.05, currency="EUR")
    answered(site, project_id)
    return project_id


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_report_is_made_on_demand_and_read_by_everybody(
    site: Site, browser: Browser, team: int, theme: Any, size: Any
) -> None:
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    ada = Visitor(site, context)
    ada.come_in(site)
    ada.go(f"/projects/{team}")
    ada.page.click("nav >> text=Team")
    assert "No report yet" in ada.page.inner_text("#main")
    assert found(ada) == []
    ada.page.click("[data-refresh]")
    ada.page.wait_for_selector("#people-title")
    told = ada.page.inner_text("#main")
    for words in (
        "Krippendorff's alpha",
        "ada",
        "ben",
        "ada and ben",
        "2.40 EUR",
        "Too few answers",
    ):
        assert words in told, words
    assert found(ada) == []
    wider = ada.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wider, "the page scrolls sideways"
    context.close()
    assert ada.complaints == []
