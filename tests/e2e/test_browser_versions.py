"""Versions, their comparison, drift and progress in a browser; axe finds nothing on them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from activeloop.flows import projects, training
from tests.browsing import Site, Visitor, until
from tests.e2e.test_label_access import found

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
NUMBERS = count()
WORDS = {
    "cards": ["card", "pin", "chip", "stolen", "blocked"],
    "transfers": ["transfer", "sent", "pending", "fee", "abroad"],
    "app": ["login", "crash", "screen", "update", "phone"],
}


def rows(how_many: int, seed: int) -> list[dict[str, Any]]:
    """Make questions whose words mostly, not always, belong to their class."""
    chance = random.Random(seed)  # noqa: S311 - words, no secrets
    made = []
    for n in range(how_many):
        label = chance.choice(list(WORDS))
        said = [
            chance.choice(WORDS[label if chance.random() < 0.6 else chance.choice(list(WORDS))])
            for _ in range(5)
        ]
        meta = {"channel": chance.choice(["mail", "chat"]), "group": chance.choice(["a", "b"])}
        made.append({"text": f"{' '.join(said)} {seed}-{n}", "label": label, **meta})
    return made


@pytest.fixture(scope="module")
def trained(site: Site) -> int:
    """Give a project of two versions."""
    project_id = site.project(
        rows(240, 1),
        name=f"trained {next(NUMBERS)}",
        classes=list(WORDS),
        audit_share=0.4,
        slices=["channel"],
        fairness=["group"],
        retrain={"every": 100},
    )
    until(lambda: ended(site, project_id) >= 1)
    with site.services.write() as session:
        project = projects.find(session, project_id)
        training.ask(session, project, mode="full", because="asked for by a test", user_id=None)
    until(lambda: ended(site, project_id) >= 2 and not site.status(project_id)["jobs"])
    return project_id


def ended(site: Site, project_id: int) -> int:
    return sum(run["status"] == "done" for run in site.status(project_id)["runs"])


@pytest.fixture(params=[("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def ada(request: pytest.FixtureRequest, site: Site, browser: Browser) -> Iterator[Visitor]:
    """Give an engineer, signed in."""
    theme, size = request.param
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    visitor = Visitor(site, context)
    visitor.come_in(site)
    yield visitor
    context.close()


@pytest.mark.parametrize(
    "page", ["versions", "versions/2", "compare/1/2", "training", "drift", "progress"]
)
def test_axe_finds_nothing_and_the_policy_is_kept(ada: Visitor, trained: int, page: str) -> None:
    ada.go(f"/projects/{trained}/{page}")
    ada.page.wait_for_timeout(500)
    assert found(ada) == []
    assert ada.complaints == []
    wide = ada.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "the page is pushed sideways"


def test_a_number_of_the_confusion_opens_its_samples(ada: Visitor, trained: int) -> None:
    ada.go(f"/projects/{trained}/versions/2")
    cell = ada.page.locator(".confusion .wrong-cell a").first
    behind = int(cell.inner_text())
    cell.click()
    ada.page.wait_for_selector("#list-title")
    assert ada.page.locator("tbody tr").count() == behind
    ada.page.locator("tbody a").first.click()
    ada.page.wait_for_url("**/samples/*")
    assert ada.complaints == []


def test_two_different_versions_stand_ready_to_be_compared(ada: Visitor, trained: int) -> None:
    ada.go(f"/projects/{trained}/versions")
    chosen = {ada.page.input_value("#a"), ada.page.input_value("#b")}
    assert chosen == {"1", "2"}
    ada.page.click("button:has-text('Compare')")
    ada.page.wait_for_selector("text=audit labels")
    assert "/compare/" in ada.page.url


def test_the_calibration_is_a_plot_and_a_table_that_can_be_saved(
    ada: Visitor, trained: int
) -> None:
    ada.go(f"/projects/{trained}/versions/2")
    ada.page.wait_for_selector("#calibration .main-svg path.point", state="attached")
    table = ada.page.locator("figure:has(#calibration) table")
    ada.page.click("figure:has(#calibration) summary")
    with ada.page.expect_download() as saved:
        ada.page.click("[data-save=calibration]")
    lines = saved.value.path().read_text().strip().splitlines()
    assert saved.value.suggested_filename == "calibration.csv"
    assert len(lines) == table.locator("tr").count()


def test_a_version_is_noted_pinned_and_brought_back(site: Site, ada: Visitor, trained: int) -> None:
    champion = site.status(trained)["champion"]["number"]
    other = 3 - champion
    ada.go(f"/projects/{trained}/versions/{other}")
    ada.page.fill("#notes", "before the holidays")
    ada.page.click("[data-notes]")
    expect(ada.page.locator("[data-said]")).to_have_text("The notes are kept.")
    ada.page.click("[data-pin=true]")
    expect(ada.page.locator(".tag >> text=pinned")).to_be_visible()
    ada.page.wait_for_load_state()
    ada.page.click("[data-promote]")
    ada.page.click("[data-confirm-yes]")
    expect(ada.page.locator("h1 .tag.good")).to_have_text("champion")
    assert site.status(trained)["champion"]["number"] == other
    expect(ada.page.locator("text=by ada")).to_be_visible()
    expect(ada.page.locator("#notes")).to_have_value("before the holidays")
    ada.page.wait_for_load_state()
    ada.page.click("[data-pin=false]")
    expect(ada.page.locator(".tag >> text=pinned")).to_have_count(0)
