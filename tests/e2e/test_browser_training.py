"""The training page in a browser: triggers are changed, a recipe is searched for and adopted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import Site, Visitor, until

NUMBERS = count()


@pytest.fixture(scope="module")
def learned(site: Site) -> int:
    """Give a project whose labels came with its import."""
    chance = random.Random(5)  # noqa: S311 - numbers, no secrets
    rows = [
        {"vector": [n % 3 + chance.random(), chance.random()], "label": "abc"[n % 3]}
        for n in range(150)
    ]
    project_id = site.project(
        rows,
        name=f"searched {next(NUMBERS)}",
        kind="vectors",
        classes=list("abc"),
        audit_share=0.3,
        retrain={"every": 60},
    )
    until(lambda: any(run["status"] == "done" for run in site.status(project_id)["runs"]))
    return project_id


@pytest.fixture
def ada(site: Site, browser: Browser) -> Iterator[Visitor]:
    """Give an engineer, signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    visitor = Visitor(site, context)
    visitor.come_in(site)
    visitor.may_be_refused = True
    yield visitor
    context.close()


def test_a_schedule_is_set_and_a_wrong_one_told_beside_its_field(
    ada: Visitor, learned: int
) -> None:
    ada.go(f"/projects/{learned}/training")
    row = ada.page.locator("[data-trigger=schedule]")
    expect(row).to_contain_text("There is no schedule.")
    ada.page.fill("#schedule", "0 25 * * *")
    ada.page.click("#retrain button")
    expect(ada.page.locator('[data-wrong="retrain.schedule"]')).to_contain_text("minute, hour, day")
    ada.page.fill("#schedule", "30 4 * * 1")
    ada.page.fill("#every", "25")
    ada.page.fill("#on_drop", "5")
    ada.page.click("#retrain button")
    expect(row).to_contain_text("04:30 UTC")
    expect(ada.page.locator("[data-trigger=labels]")).to_contain_text("After 25 new")
    expect(ada.page.locator("[data-trigger=drop]")).to_contain_text("more than 5 points")
    expect(ada.page.locator("#on_drop")).to_have_value("5.0")
    assert ada.complaints == []


def test_a_recipe_is_searched_for_and_adopted(site: Site, ada: Visitor, learned: int) -> None:
    before = len(site.status(learned)["runs"])
    ada.go(f"/projects/{learned}/training")
    ada.page.fill("#trials", "0")
    ada.page.click("#search button")
    expect(ada.page.locator('[data-wrong="trials"]')).not_to_be_empty()
    ada.page.fill("#trials", "3")
    ada.page.click("#search button")
    expect(ada.page.locator("text=3 recipes were tried")).to_be_visible(timeout=60_000)
    board = ada.page.locator("[aria-label=Leaderboard] tbody tr")
    assert 1 <= board.count() <= 3
    recipe = board.first.locator("th").inner_text()
    ada.page.click("[data-adopt='1']")
    ada.page.click("[data-confirm-yes]")
    expect(ada.page.locator("[data-said]")).to_contain_text("Adopted")
    until(lambda: len(site.status(learned)["runs"]) > before)
    newest = site.status(learned)["runs"][0]
    assert "rank 1 of a search was adopted" in newest["because"]
    assert recipe in newest["because"]
    assert ada.complaints == []
