"""The labelling page by WCAG 2.2 AA: axe finds nothing, whatever the theme and the screen."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, ViewportSize

from tests.browsing import Site, Visitor
from tests.e2e.conftest import Make
from tests.e2e.test_label_samples import altered, photograph

WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DIALOGS = {"keys": "?", "guidelines": "h", "flag": "f", "skip": " "}
HINT = {"label": "bad", "labels": ["bad"], "confidence": 0.9, "version": 1}


def found(visitor: Visitor) -> list[str]:
    """Run axe over the page as it is."""
    told = Axe().run(visitor.page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return [
        f"{each['id']}: {node['html'][:150]} {node['failureSummary']}"
        for each in told.response["violations"]
        for node in each["nodes"]
    ]


@pytest.fixture(scope="module")
def rich(site: Site) -> int:
    """Give a project that shows everything at once."""
    row = {"source": "chat", "highlights": ["card"], "lang": "en"}
    classes: list[Any] = [
        {"name": "good", "color": "#239b56", "description": "All is well.", "group": "Feelings"},
        {"name": "bad", "color": "#c0392b", "key": "b", "examples": ["Oh no."]},
        *[f"topic {number}" for number in range(12)],
    ]
    return site.project(
        [{"text": f"my card number {number} did not come. " * 40, **row} for number in range(12)],
        name="rich",
        classes=classes,
        show_metadata=["source", "lang"],
        suggestions={"show": True},
        skip_reason="optional",
        guidelines="# How\n\n- a list\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[more](https://example.org)",
        retrain={"every": 1000},
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_on_the_page_and_in_its_dialogs(
    site: Site, browser: Browser, rich: int, theme: Any, size: Any
) -> None:
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    ada = Visitor(site, context)
    ada.come_in(site)
    twin = {"id": 1, "payload": {"text": "my card"}, "metadata": {}}
    altered(ada, lambda offer: offer.update(suggestion=HINT, group=[twin]))
    ada.label(rich)
    wrong = found(ada)
    for dialog, key in DIALOGS.items():
        ada.page.keyboard.press(key)
        ada.page.wait_for_selector(f"#{dialog}[open]")
        wrong += found(ada)
        ada.page.keyboard.press("Escape")
        ada.page.wait_for_selector(f"#{dialog}:not([open])", state="attached")
    ada.press("b")
    ada.page.keyboard.press("ArrowLeft")
    ada.page.wait_for_selector("[data-sample][data-answer]")
    wrong += found(ada)
    ada.page.keyboard.press("u")
    ada.page.keyboard.type("/top")
    wrong += found(ada)
    assert wrong == []
    ada.page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert ada.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_around_an_image_and_several_labels(
    site: Site, browser: Browser, make: Make, theme: Any
) -> None:
    made = make([{"image": photograph()}], kind="image", answer="several")
    context = browser.new_context(viewport=WIDE, color_scheme=theme, reduced_motion="reduce")
    ada = Visitor(site, context)
    ada.come_in(site)
    ada.label(made)
    ada.page.keyboard.press("2")
    assert found(ada) == []
    context.close()


def test_the_page_for_annotators_has_nothing_wrong_either(
    site: Site, browser: Browser, rich: int
) -> None:
    context = browser.new_context()
    ben = Visitor(site, context)
    ben.sign_in("ben")
    assert ben.page.locator(f"a[href='/projects/{rich}/label']").is_visible()
    assert found(ben) == []
    context.close()


def test_every_control_can_be_hit_by_a_finger(site: Site, browser: Browser, rich: int) -> None:
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    ada = Visitor(site, context)
    ada.come_in(site)
    ada.label(rich)
    assert "Tap" in ada.page.inner_text("[data-state]")
    boxes = [each.bounding_box() for each in ada.page.locator("main button:visible").all()]
    assert len(boxes) > 10
    assert all(box and min(box["width"], box["height"]) >= 24 for box in boxes)
    context.close()
