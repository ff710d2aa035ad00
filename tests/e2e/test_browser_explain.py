"""Why this label, in a browser: tints, the grid over a picture, another class, no attack runs."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, ViewportSize
from sqlmodel import select

from activeloop.flows import importing, projects, training
from activeloop.store.tables import Sample
from tests.browsing import Site, Visitor, until
from tests.e2e.test_browser_samples import HOSTILE
from tests.e2e.test_label_access import found

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
WHY = "[data-fill=why]:not([aria-busy])"


def learn(site: Site, project_id: int) -> None:
    with site.services.write() as session:
        held = projects.find(session, project_id)
        training.ask(session, held, mode="full", because="a test", user_id=None)
    until(lambda: site.status(project_id)["champion"] is not None)


def address(site: Site, project_id: int, seq: int) -> str:
    with site.services.read() as session:
        wanted = select(Sample.id).where(Sample.project_id == project_id, Sample.seq == seq)
        return f"/projects/{project_id}/samples/{session.exec(wanted).one()}"


@pytest.fixture(scope="module")
def weather(site: Site) -> str:
    """Give the page of a sample whose text is an attack, as those learned from are, but a word."""
    rows = [
        {
            "text": f"{('cold rain', 'sunny day', 'strong wind')[n % 3]} {HOSTILE} {n // 3}",
            "label": "abc"[n % 3],
        }
        for n in range(60)
    ]
    classes = ["a", "b", "c"]
    project_id = site.project(
        [*rows, {"text": f"sunny {HOSTILE}"}],
        name="explained",
        classes=classes,
        retrain={"every": 1000},
        offer_groups=False,
    )
    learn(site, project_id)
    return address(site, project_id, 60)


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_axe_finds_nothing_in_an_explanation(
    site: Site, browser: Browser, weather: str, theme: Any, size: Any
) -> None:
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    ada = Visitor(site, context)
    ada.come_in(site)
    ada.go(weather)
    ada.page.wait_for_selector(f"{WHY} .tinted")
    ada.page.wait_for_selector("[data-fill=looks]:not([aria-busy])")
    ada.page.click("details.more summary")
    ada.page.wait_for_selector(".overall h3")
    assert found(ada) == []
    assert ada.page.evaluate("document.documentElement.scrollWidth") == size["width"]
    context.close()
    assert ada.complaints == []


def test_another_class_is_explained_and_the_attack_stays_a_text(ada: Visitor, weather: str) -> None:
    ada.go(weather)
    text = ada.page.wait_for_selector(f"{WHY} p.tinted")
    assert text is not None
    assert text.inner_text() == f"sunny {HOSTILE}"
    ada.page.select_option("select[name=class]", "b")
    ada.page.wait_for_selector("p.tinted span.for-5 >> text=sunny")
    ada.page.focus("select[name=class]")
    ada.page.select_option("select[name=class]", "c")
    ada.page.wait_for_selector("p.tinted span.against-5 >> text=sunny")
    assert ada.page.evaluate("document.activeElement.name") == "class", "the focus stays"
    assert "Score of c" in ada.page.inner_text("[data-adds]")
    assert ada.page.locator("[data-fill] img").count() == 0


def test_the_grid_over_a_picture_fits_it_and_can_be_switched_off(site: Site, ada: Visitor) -> None:
    project_id = site.project(
        name="pictures", kind="image", classes=["left", "right"], retrain={"every": 1000}
    )
    path = site.services.uploads / "pictures.zip"
    site.services.uploads.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(24):
            picture = Image.new("RGB", (96, 48), (5 * n, 90, 90))
            picture.paste((250, 250, 250), (0, 0, 24, 24) if n % 2 else (72, 24, 96, 48))
            file = io.BytesIO()
            picture.save(file, "png")
            archive.writestr(f"{('right', 'left')[n % 2]}/{n}.png", file.getvalue())
    with site.services.write() as session:
        importing.begin(
            site.services,
            session,
            projects.find(session, project_id),
            name=path.name,
            media_type="application/zip",
            stream_path=path,
            mapping={},
            user_id=None,
        )
    until(lambda: site.status(project_id)["counts"]["samples"] == 24)
    learn(site, project_id)
    ada.go(address(site, project_id, 1))
    grid = ada.page.locator(f"{WHY} .heat svg")
    grid.wait_for()
    over, under = grid.bounding_box(), ada.page.locator(".heat img").bounding_box()
    assert over == under
    assert over is not None
    assert over["width"] == pytest.approx(2 * over["height"], abs=1)
    ada.page.uncheck("[data-overlay]")
    assert not grid.is_visible()
    ada.page.check("[data-overlay]")
    assert grid.is_visible()
