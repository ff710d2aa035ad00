"""Changing the classes in a real Chromium: see what is touched, confirm, and find it done."""

from __future__ import annotations

from activeloop.flows import projects
from tests.browsing import Site, Visitor
from tests.e2e.conftest import Make
from tests.e2e.test_browser_review import HOSTILE, disagree


def classes(site: Site, project_id: int) -> list[str]:
    with site.services.read() as session:
        return list(projects.find(session, project_id).spec["classes"])


def ask(ada: Visitor, kind: str, olds: list[str], news: str = "") -> None:
    """Fill the form and look at what is touched."""
    page = ada.page
    page.check(f'input[name="kind"][value="{kind}"]')
    for old in olds:
        page.locator(".olds label").filter(has=page.get_by_text(old, exact=True)).click()
    if news:
        page.fill("#news", news)
    page.click("#change button[type=submit]")


def confirm(ada: Visitor) -> str:
    """Confirm what is shown; give what the page says when it is done."""
    ada.page.wait_for_selector("[data-effect]:not([hidden])")
    ada.page.click("[data-apply]")
    ada.page.wait_for_selector("[data-said].good:not(:empty)")
    return ada.page.inner_text("[data-said]")


def test_a_split_is_seen_before_it_is_done_and_told_in_the_history(
    site: Site, ada: Visitor, make: Make
) -> None:
    project_id = make(6, answers_per_sample=2, audit_share=0.0)
    disagree(site, project_id, ("good", "good"), ("good", "bad"))
    ada.go(f"/projects/{project_id}/classes")
    ask(ada, "split", ["good"], "kind\njust")
    ada.page.wait_for_selector("[data-effect]:not([hidden])")
    told = ada.page.inner_text("[data-effect]")
    assert "split 'good' into 'kind' and 'just'" in told.lower()
    assert "3 answers no longer stand" in told
    assert "2 samples are asked again" in told
    assert ada.page.locator("[data-effect] blockquote").count() >= 1
    assert classes(site, project_id) == ["good", "bad", "neither"]
    assert "Done: split 'good' into 'kind' and 'just'." in confirm(ada)
    assert classes(site, project_id) == ["kind", "just", "bad", "neither"]
    assert "split 'good' into 'kind' and 'just'" in ada.page.inner_text("table")
    ada.go(f"/projects/{project_id}/guidelines")
    assert "choose among 'kind' and 'just'" in ada.page.inner_text(".guide")


def test_a_change_that_does_not_fit_says_why_and_changes_nothing(
    site: Site, ada: Visitor, make: Make
) -> None:
    ada.may_be_refused = True
    project_id = make(1)
    ada.go(f"/projects/{project_id}/classes")
    ask(ada, "rename", ["good"], "bad")
    ada.page.wait_for_selector("[data-said].bad:not(:empty)")
    assert "'bad' is a class of this project already" in ada.page.inner_text("[data-said]")
    assert ada.page.is_hidden("[data-effect]")
    assert classes(site, project_id) == ["good", "bad", "neither"]


def test_a_class_may_be_called_by_markup_and_stays_text_everywhere(
    site: Site, ada: Visitor, make: Make
) -> None:
    project_id = make(2)
    ada.go(f"/projects/{project_id}/classes")
    ask(ada, "rename", ["good"], HOSTILE)
    confirm(ada)
    assert classes(site, project_id)[0] == HOSTILE
    for path in ("classes", "label", "guidelines", "review"):
        ada.go(f"/projects/{project_id}/{path}")
        assert ada.page.locator("img").count() == 0, path
    ada.go(f"/projects/{project_id}/guidelines")
    assert HOSTILE in ada.page.inner_text(".guide")


def test_what_annotators_are_told_is_saved(site: Site, ada: Visitor, make: Make) -> None:
    project_id = make(1)
    ada.go(f"/projects/{project_id}/classes")
    ada.page.click('[data-detail="bad"] summary')
    bad = ada.page.locator('[data-detail="bad"]')
    bad.locator('[data-field="color"]').fill("#a8261f")
    bad.locator('[data-field="key"]').fill("b")
    bad.locator('[data-field="description"]').fill("When it hurts.")
    bad.locator('[data-field="examples"]').fill("ouch\n\nno <b>way</b>")
    ada.page.click("#details button[type=submit]")
    ada.page.wait_for_selector("[data-said].good:not(:empty)")
    with site.services.read() as session:
        kept = projects.find(session, project_id).spec["class_details"]
    assert kept == {
        "bad": {
            "color": "#a8261f",
            "key": "b",
            "description": "When it hurts.",
            "group": "",
            "examples": ["ouch", "no <b>way</b>"],
        }
    }
