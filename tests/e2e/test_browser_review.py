"""Adjudication in a real Chromium: read, decide and go on, by keys alone."""

from __future__ import annotations

from itertools import count

import pytest
from sqlmodel import select

from activeloop.flows import accounts, labelling, projects, ruling
from activeloop.store import reviews
from activeloop.store.tables import Consensus, Label, Sample
from tests.browsing import Site, Visitor
from tests.e2e.conftest import Make

NUMBERS = count()
HOSTILE = "<img src=x onerror=alert(1)>"


def disagree(site: Site, project_id: int, *pairs: tuple[str, str]) -> None:
    """Let two people answer as many samples, each pair of answers on one."""
    services = site.services
    with services.write() as session:
        crowd = [
            accounts.add_user(session, f"person {next(NUMBERS)}", "annotator", None).id
            for _ in range(2)
        ]
    for pair in pairs:
        for user, name in zip(crowd, pair, strict=True):
            with services.write() as session:
                project = projects.find(session, project_id)
                held = labelling.offer(session, project, user, count=1, chance=lambda: 0.99).offers
                given = labelling.Given(name, lead_ms=2300)
                labelling.record(
                    session, project, user, given, offer_id=held[0].offer.id, key=str(next(NUMBERS))
                )


@pytest.fixture
def torn(site: Site, make: Make) -> int:
    """Give a project of two answers a sample in which people disagree about three."""
    project_id = make(6, classes=["good", "bad", HOSTILE], answers_per_sample=2, audit_share=0.0)
    disagree(site, project_id, ("good", "bad"), ("good", HOSTILE), ("bad", "good"))
    return project_id


def open_count(site: Site, project_id: int) -> int:
    with site.services.read() as session:
        return sum(reviews.open_counts(session, project_id).values())


def shown(ada: Visitor, *, other_than: str = "") -> str:
    """Wait for a review, another one than the last if asked to, and give its number."""
    changed = f':not([data-shown="{other_than}"])' if other_than else ""
    found = ada.page.wait_for_selector(f"[data-review][data-shown]{changed}")
    assert found is not None
    return found.get_attribute("data-shown") or ""


def test_a_reviewer_reads_the_answers_side_by_side_and_decides_by_keys(
    site: Site, ada: Visitor, torn: int
) -> None:
    ada.go(f"/projects/{torn}/review")
    first = shown(ada)
    said = ada.page.locator("[data-said] li")
    assert said.count() == 2
    assert said.locator(".answer").all_inner_texts() == ["good", "bad"]
    assert "took 2.3 s" in said.first.inner_text()
    assert "no model has an opinion yet" in ada.page.inner_text("[data-sentence]")
    ada.page.keyboard.press("n")
    ada.page.keyboard.type("the ears")
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.press("2")
    ada.page.keyboard.press("Enter")
    second = shown(ada, other_than=first)
    assert ada.page.inner_text("[data-said-last]") == "Decided: bad."
    with site.services.read() as session:
        found = session.exec(select(Label).where(Label.kind == "decision")).all()
        decision = next(each for each in found if each.project_id == torn)
        consensus = session.get_one(Consensus, decision.sample_id)
    assert (decision.label, decision.note, consensus.label) == ("bad", "the ears", "bad")
    ada.page.keyboard.press("ArrowRight")
    third = shown(ada, other_than=second)
    ada.page.keyboard.press("ArrowLeft")
    assert shown(ada, other_than=third) == second
    ada.page.keyboard.press("x")
    shown(ada, other_than=second)
    ada.page.keyboard.press("a")
    ada.page.wait_for_selector("[data-nothing]:not([hidden])")
    assert open_count(site, torn) == 0


def test_a_class_and_a_note_that_hold_markup_are_shown_as_text(
    site: Site, ada: Visitor, torn: int
) -> None:
    with site.services.write() as session:
        project = projects.find(session, torn)
        sample_id = session.exec(select(Sample.id).where(Sample.project_id == torn)).first()
        user = accounts.named(session, "ada").id
        ruling.ask(session, project, user, [sample_id or 0], f"{HOSTILE}<script>alert(2)</script>")
    ada.go(f"/projects/{torn}/review?reason=asked")
    shown(ada)
    assert f"“{HOSTILE}<script>alert(2)</script>”" in ada.page.inner_text("[data-why]")
    ada.go(f"/projects/{torn}/review?reason=disagreement")
    first = shown(ada)
    ada.page.keyboard.press("ArrowRight")
    shown(ada, other_than=first)
    assert ada.page.locator("[data-said] .answer").all_inner_texts() == ["good", HOSTILE]
    assert ada.page.locator("[data-review] img").count() == 0


def test_a_review_that_somebody_else_closed_is_passed_over(
    site: Site, ada: Visitor, torn: int
) -> None:
    ada.may_be_refused = True
    ada.go(f"/projects/{torn}/review")
    first = shown(ada)
    with site.services.write() as session:
        project = projects.find(session, torn)
        user = accounts.named(session, "ben").id
        ruling.rule(session, project, user, int(first), ruling.Ruling("decide", "good"), key="b")
    ada.page.keyboard.press("2")
    ada.page.keyboard.press("Enter")
    shown(ada, other_than=first)
    assert "meanwhile" in ada.page.inner_text("[data-said-last]")
    with site.services.read() as session:
        said = session.exec(
            select(Label.label).where(Label.project_id == torn, Label.kind == "decision")
        ).all()
    assert said == ["good"]


def test_annotators_are_not_let_in(site: Site, ada: Visitor, torn: int) -> None:
    ada.may_be_refused = True
    ada.context.clear_cookies()
    ada.sign_in("ben")
    ada.go(f"/projects/{torn}/review")
    assert "This needs the role reviewer" in ada.page.inner_text("main")
    site.cookies = []


def test_a_narrow_screen_needs_no_sideways_scrolling(ada: Visitor, torn: int) -> None:
    ada.page.set_viewport_size({"width": 390, "height": 844})
    ada.go(f"/projects/{torn}/review")
    shown(ada)
    wide = ada.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
