"""No waiting and no loss: leases that a heartbeat keeps; pace; guidelines that changed."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from activeloop.flows import guidelines, projects
from activeloop.store import db, offers
from activeloop.store.tables import Offer
from tests.browsing import Site, Visitor, until
from tests.e2e.conftest import Make


def held(site: Site, project_id: int) -> list[tuple[int, timedelta]]:
    """Give the open offers of a project, each with how long its lease still runs."""
    with site.services.read() as session:
        now = db.now(session)
        wanted = select(Offer).where(Offer.project_id == project_id, Offer.state == "open")
        found = session.exec(wanted.order_by(col(Offer.id)))
        return [(each.id, each.leased_until - now) for each in found]


def shorten(site: Site, project_id: int, *, by: timedelta) -> None:
    """Let the leases of a project end earlier."""
    with site.services.write() as session:
        for each in session.exec(select(Offer).where(Offer.project_id == project_id)):
            each.leased_until -= by
            session.add(each)


def test_what_is_held_in_advance_is_leased_for_two_minutes_and_kept_by_a_heartbeat(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.page.clock.install()
    ada.label(pool)
    until(lambda: len(held(site, pool)) >= 5)
    assert all(left <= timedelta(seconds=120) for _, left in held(site, pool))
    shorten(site, pool, by=timedelta(seconds=60))
    before = [number for number, _ in held(site, pool)]
    ada.page.clock.run_for(31_000)
    ada.until(lambda: all(left > timedelta(seconds=90) for _, left in held(site, pool)))
    assert [number for number, _ in held(site, pool)] == before


def test_somebody_who_comes_back_late_is_given_another_sample(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.page.clock.install()
    ada.label(pool)
    before = ada.sample()
    until(lambda: len(held(site, pool)) >= 5)
    with site.services.write() as session:
        given_back = [number for number, _ in held(site, pool)]
        user = session.get(Offer, given_back[0])
        assert user is not None
        offers.release(session, pool, user.user_id, given_back)
    ada.page.clock.fast_forward(11 * 60_000)  # timers of that long ago ring once, unheard
    ada.page.keyboard.press("Shift")
    ada.sample(other_than=before)
    assert "while you were away" in ada.page.inner_text("[data-state]")
    ada.page.keyboard.press("1")
    ada.until(lambda: site.events(pool) == [("answer", "good")])
    assert site.status(pool)["counts"]["labelled"] == 1


def test_a_page_that_nobody_touches_lets_its_samples_go(
    site: Site, ada: Visitor, pool: int
) -> None:
    asked: list[str] = []
    ada.page.on("request", lambda sent: asked.append(sent.url))
    ada.page.clock.install()
    ada.label(pool)
    until(lambda: len(held(site, pool)) >= 5)
    ada.page.clock.run_for(10 * 60_000 + 1000)
    beats = len([url for url in asked if url.endswith("/keep")])
    assert 15 <= beats <= 21
    ada.page.clock.run_for(5 * 60_000)
    assert len([url for url in asked if url.endswith("/keep")]) == beats


def test_one_s_own_progress_and_pace_are_told(site: Site, ada: Visitor, pool: int) -> None:
    ada.label(pool)
    for key in "1213":
        ada.press(key)
    until(lambda: len(site.events(pool)) == 4)
    assert ada.page.inner_text("[data-mine]") == "4"
    ada.page.reload()
    ada.until(lambda: "4 today" in ada.page.inner_text("[data-today]"))
    assert "a minute" in ada.page.inner_text("[data-pace]")
    assert ada.page.inner_text("[data-mine]") == "0"


def test_guidelines_are_shown_by_h_and_a_change_is_told_once(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make(guidelines="# Be kind\n\nAnd **quick**.")
    with ada.page.expect_response("**/guidelines/seen"):
        ada.label(made)
    notice = ada.page.locator("[data-guide-notice]")
    assert not notice.is_visible()
    with site.services.write() as session:
        project = projects.find(session, made)
        guidelines.write(session, project, "# Be kind\n\nAnd **careful**.", user_id=None)
    ada.page.reload()
    notice.wait_for(state="visible")
    with ada.page.expect_response("**/guidelines/seen"):
        ada.page.keyboard.press("h")
    assert ada.page.inner_text("[data-guide] h3") == "Be kind"
    assert ada.page.inner_text("[data-guide] strong") == "careful"
    assert ada.page.inner_text("[data-guide-changed] ins") == "careful"
    assert not notice.is_visible()
    ada.page.reload()
    with ada.page.expect_response("**/guidelines"):
        ada.sample()
    assert not notice.is_visible()


def test_what_one_s_answers_changed_is_told_in_a_quiet_line(ada: Visitor, pool: int) -> None:
    told = "Version 4 learned 20 new answers, 18 of them yours: it moved 312 of 9,000 predictions."
    said = {"answers": 40, "today": 40, "per_minute": 12.4, "learned": [told]}
    ada.page.route("**/me", lambda route: route.fulfill(json=said))
    ada.label(pool)
    ada.press("1")  # the greeting of the first visit makes room
    ada.until(lambda: ada.page.inner_text("[data-state]") == told)
    assert "12 a minute" in ada.page.inner_text("[data-pace]")


def test_a_page_says_when_the_classes_have_changed_since_it_was_loaded(
    site: Site, ada: Visitor, pool: int
) -> None:
    told = {**site.status(pool), "project": {"classes": ["good", "bad", "neither", "new"]}}
    ada.page.route("**/status", lambda route: route.fulfill(json=told))
    ada.label(pool)
    ada.press("1")
    ada.until(lambda: "classes of this project have changed" in ada.page.inner_text("[data-state]"))
