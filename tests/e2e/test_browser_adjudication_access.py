"""Review, classes, guidelines, gold and people by WCAG 2.2 AA: axe finds nothing, narrow fits."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize

from activeloop.flows import accounts, gold, label_sets, projects
from activeloop.flows.class_plans import Wanted
from tests.browsing import Site, Visitor
from tests.e2e.test_browser_review import disagree
from tests.e2e.test_label_access import found

PAGES = ("review", "classes", "guidelines", "gold", "people")
GUIDE = "# How\n\nBe *kind*.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> so it is"


@pytest.fixture(scope="module")
def busy(site: Site) -> int:
    """Give a project with disagreements, gold, groups and guidelines."""
    made = site.project(
        [{"text": f"my card number {number} did not come"} for number in range(12)],
        name="busy",
        classes=[
            {"name": "good", "color": "#239b56", "key": "2", "description": "All is well."},
            {"name": "bad", "color": "#c0392b", "examples": ["Oh no.", "Never again."]},
            *[f"topic {number}" for number in range(10)],
        ],
        answers_per_sample=2,
        audit_share=0.0,
        guidelines=GUIDE,
        retrain={"every": 1000},
    )
    disagree(site, made, ("good", "bad"), ("good", "good"), ("bad", "topic 3"), ("bad", "bad"))
    with site.services.write() as session:
        project = projects.find(session, made)
        user = accounts.named(session, "ada").id
        gold.mark_settled(session, project, answers_=2, most=5, user_id=user)
        label_sets.apply(session, project, Wanted("add", (), ("other",)), user_id=user)
    return made


def opened(visitor: Visitor, project_id: int, page: str) -> None:
    """Open a page and all that it can show."""
    visitor.go(f"/projects/{project_id}/{page}")
    if page == "review":
        visitor.page.wait_for_selector("[data-review][data-shown]")
    elif page == "classes":
        visitor.page.click("#details summary >> nth=0")
        visitor.page.locator(".olds label").first.click()
        visitor.page.fill("#news", "better")
        visitor.page.click("#change button[type=submit]")
        visitor.page.wait_for_selector("[data-effect]:not([hidden])")
    elif page == "guidelines":
        visitor.page.fill("#text", GUIDE.replace("kind", "fair"))
        visitor.page.click("[data-preview]")
        visitor.page.wait_for_selector("[data-shown]:not([hidden])")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(
    site: Site, browser: Browser, busy: int, theme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(color_scheme=theme)
    visitor = Visitor(site, context)
    visitor.come_in(site)
    for page in PAGES:
        opened(visitor, busy, page)
        assert found(visitor) == [], page
    context.close()
    assert visitor.complaints == []


def test_a_narrow_screen_needs_no_sideways_scrolling(
    site: Site, browser: Browser, busy: int
) -> None:
    context = browser.new_context(viewport=ViewportSize(width=390, height=844))
    visitor = Visitor(site, context)
    visitor.come_in(site)
    for page in PAGES:
        opened(visitor, busy, page)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390, page
    context.close()
    assert visitor.complaints == []
