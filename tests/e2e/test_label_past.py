"""One's own answers: looked back on, changed, taken back; by key, offline, after a new load."""

from __future__ import annotations

from playwright.sync_api import Route

from tests.browsing import Site, Visitor, until
from tests.e2e.conftest import Make


def kinds(site: Site, project_id: int) -> list[str]:
    return [kind for kind, _ in site.events(project_id)]


def labels(site: Site, project_id: int) -> list[str | None]:
    return [label for kind, label in site.events(project_id) if kind == "answer"]


def look_back(ada: Visitor) -> str:
    """Go one answer back, and give the text of its sample."""
    before = ada.page.get_attribute("[data-sample]", "data-answer") or "nothing"
    ada.page.keyboard.press("ArrowLeft")
    ada.page.wait_for_selector(f'[data-sample][data-answer]:not([data-answer="{before}"])')
    return ada.text()


def test_left_shows_one_s_answers_and_choosing_again_changes_one(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    first = ada.text()
    ada.press("1")
    ada.press("2")
    live, here = ada.text(), ada.sample()
    look_back(ada)
    assert look_back(ada) == first
    assert "good" in ada.page.inner_text("[data-band]")
    assert ada.page.get_attribute("[data-class=good]", "aria-pressed") == "true"
    until(lambda: kinds(site, pool) == ["answer", "answer"])
    ada.page.keyboard.press("3")
    until(lambda: kinds(site, pool) == ["answer", "answer", "undo", "answer"])
    assert labels(site, pool)[-1] == "neither"
    assert "bad" in ada.page.inner_text("[data-band]")  # one answer further
    ada.page.keyboard.press("ArrowRight")
    assert ada.sample() == here
    assert ada.text() == live
    assert site.status(pool)["counts"]["labelled"] == 2
    assert ada.page.inner_text("[data-mine]") == "2"


def test_answers_from_before_the_page_was_loaded_are_changed_as_well(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    first = ada.text()
    ada.press("1")
    ada.press(" ")
    until(lambda: len(site.events(pool)) == 2)
    ada.page.reload()
    here = ada.sample()
    look_back(ada)
    assert "skipped" in ada.page.inner_text("[data-band]")
    assert look_back(ada) == first
    ada.page.keyboard.press(" ")
    until(lambda: kinds(site, pool) == ["answer", "skip", "undo", "skip"])
    ada.page.keyboard.press("ArrowLeft")
    until(lambda: "Your answer" in ada.page.inner_text("[data-band]"))
    ada.page.keyboard.press("Escape")
    assert ada.sample() == here


def test_an_unsent_answer_that_is_changed_is_sent_once_as_it_is_now(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    ada.page.wait_for_timeout(300)
    ada.context.set_offline(True)
    ada.press("1")  # this one is on its way, in vain
    ada.press("1")
    look_back(ada)
    ada.page.keyboard.press("2")
    look_back(ada)
    look_back(ada)
    ada.page.keyboard.press("3")
    ada.context.set_offline(False)
    until(lambda: len(site.events(pool)) >= 4)
    until(lambda: "unsent" not in ada.page.inner_text("[data-state]"))
    assert site.events(pool) == [
        ("answer", "good"),
        ("answer", "bad"),
        ("undo", None),
        ("answer", "neither"),
    ]


def test_undo_takes_a_change_back_before_it_takes_the_answer_back(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    first = ada.text()
    ada.press("1")
    look_back(ada)
    ada.page.keyboard.press("2")
    until(lambda: labels(site, pool) == ["good", "bad"])
    ada.page.keyboard.press("u")
    until(lambda: labels(site, pool) == ["good", "bad", "good"])
    assert "good" in ada.page.inner_text("[data-band]")
    before = ada.page.get_attribute("[data-sample]", "data-offer")
    ada.page.keyboard.press("u")
    assert ada.sample(other_than=before) != before
    assert ada.text() == first
    until(lambda: kinds(site, pool)[-1] == "undo")
    assert site.status(pool)["counts"]["labelled"] == 0
    assert ada.page.inner_text("[data-mine]") == "0"


def test_a_change_that_is_refused_leaves_the_answer_as_it_was(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.may_be_refused = True
    ada.label(pool)
    ada.press("1")
    until(lambda: len(site.events(pool)) == 1)
    refusal = '{"title": "Conflict", "detail": "Somebody settled it."}'
    ada.page.route("**/revise", lambda route: route.fulfill(status=409, body=refusal))
    look_back(ada)
    ada.page.keyboard.press("2")
    ada.until(lambda: "Somebody settled it" in ada.page.inner_text("[data-state]"))
    look_back(ada)
    assert ada.page.get_attribute("[data-class=good]", "aria-pressed") == "true"
    assert labels(site, pool) == ["good"]


def test_an_undo_that_outlives_the_page_still_finds_its_answer(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    ada.press("1")
    until(lambda: len(site.events(pool)) == 1)
    ada.page.wait_for_function("() => !Object.keys(localStorage).some((k) => k.includes('unsent'))")
    ada.page.evaluate("() => { window.fetch = async () => { throw new TypeError('cut'); }; }")
    ada.press("u")
    ada.page.wait_for_selector("[data-state]:has-text('1 answer unsent')")
    ada.go("/")
    ada.label(pool)
    until(lambda: kinds(site, pool) == ["answer", "undo"])


def test_what_was_chosen_of_several_labels_is_there_again_after_looking_back(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make(answer="several")
    ada.label(made)
    ada.page.keyboard.press("1")
    ada.press("Enter")
    ada.page.keyboard.press("3")
    look_back(ada)
    chosen = ada.page.locator("[data-class][aria-pressed=true]")
    assert [each.get_attribute("data-class") for each in chosen.all()] == ["good"]
    ada.page.keyboard.press("2")
    ada.page.keyboard.press("Enter")
    ada.sample()
    assert [each.get_attribute("data-class") for each in chosen.all()] == ["neither"]
    until(lambda: labels(site, made) == ['["good"]', '["good", "bad"]'])


def test_history_that_arrives_late_disturbs_nobody_who_has_gone_on(
    site: Site, ada: Visitor, pool: int
) -> None:
    waiting: list[Route] = []
    ada.page.route("**/history?*", lambda route: waiting.append(route))  # noqa: PLW0108
    ada.label(pool)
    ada.page.keyboard.press("ArrowLeft")
    ada.until(lambda: len(waiting) == 1)
    ada.press("1")
    here = ada.sample()
    waiting[0].continue_()
    until(lambda: len(site.events(pool)) == 1)
    ada.page.wait_for_timeout(200)
    assert ada.sample() == here
    assert not ada.page.locator("[data-band]").is_visible()
