"""Guidelines in a real Chromium: written, rendered without harm, and what changed is told."""

from __future__ import annotations

from activeloop.flows import accounts, guidelines, projects
from tests.browsing import Site, Visitor, until
from tests.e2e.conftest import Make

FIRST = "# How to label\n\nBe **kind**. Choose *good* when in doubt.\n\n- one\n- two"
HARM = """
<script>alert(1)</script>
<img src=x onerror=alert(1)>
[press](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>)
![picture](data:image/svg+xml,<svg/onload=alert(1)>) ![far](https://example.org/spy.png)
<a href="javascript:alert(1)">raw</a> [fine](https://example.org/)
"""


def write(ada: Visitor, project_id: int, text: str) -> None:
    ada.go(f"/projects/{project_id}/guidelines")
    ada.page.fill("#text", text)
    ada.page.click("#write button[type=submit]")
    ada.page.wait_for_selector("[data-said].good:not(:empty)")


def seen(site: Site, project_id: int) -> int | None:
    with site.services.read() as session:
        user = accounts.named(session, "ada").id
        found: int | None = guidelines.shown(session, projects.find(session, project_id), user)[
            "seen"
        ]
    return found


def test_guidelines_are_versioned_and_what_changed_is_marked(ada: Visitor, make: Make) -> None:
    project_id = make(2)
    write(ada, project_id, FIRST)
    assert ada.page.inner_text(".guide h1") == "How to label"
    assert ada.page.locator(".guide li").count() == 2
    ada.page.fill("#text", FIRST.replace("kind", "fair"))
    ada.page.click("[data-preview]")
    ada.page.wait_for_selector("[data-shown]:not([hidden])")
    assert ada.page.inner_text("[data-changed] del") == "kind"
    assert ada.page.inner_text("[data-changed] ins") == "fair"
    ada.page.click("#write button[type=submit]")
    ada.page.wait_for_selector("text=Version 2,")
    ada.page.click("summary:has-text('Version 2')")
    assert ada.page.inner_text("details[open] ins") == "fair"


def test_an_annotator_sees_what_changed_until_they_have_seen_it(
    site: Site, ada: Visitor, make: Make
) -> None:
    project_id = make(2, guidelines="Be kind.")
    ada.go(f"/projects/{project_id}/guidelines")
    assert ada.page.locator("#new-title").count() == 0
    until(lambda: seen(site, project_id) == 1)
    with site.services.write() as session:
        project = projects.find(session, project_id)
        guidelines.write(session, project, "Be kind and quick.", user_id=None)
    ada.go(f"/projects/{project_id}/guidelines")
    assert ada.page.inner_text("section .changed ins").strip() == "and quick"
    until(lambda: seen(site, project_id) == 2)
    ada.go(f"/projects/{project_id}/guidelines")
    assert ada.page.locator("#new-title").count() == 0


def test_markdown_can_do_nothing(ada: Visitor, make: Make) -> None:
    project_id = make(2)
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    write(ada, project_id, HARM)
    guide = ada.page.locator(".guide").first
    assert "<script>alert(1)</script>" in guide.inner_text()
    assert guide.locator("script, img, svg, iframe").count() == 0
    links = [each.get_attribute("href") for each in guide.locator("a").all()]
    assert links == ["https://example.org/spy.png", "https://example.org/"]  # nothing is fetched
    ada.page.click("[data-preview]")
    ada.page.wait_for_selector("[data-shown]:not([hidden])")
    assert ada.page.locator("[data-html] :is(script, img, svg, iframe)").count() == 0
    assert not [url for url in asked if "example.org" in url]
