"""The labelling page in a real Chromium: keys, undo, the network going away."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route

from tests.browsing import Site, Visitor, until


def test_digits_choose_and_space_skips_and_u_takes_back(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    for key in ("1", "2", "3", " "):
        ada.press(key)
    until(lambda: len(site.events(pool)) == 4)  # an answer that was not sent yet would be dropped
    ada.press("u")
    ada.press("1")
    answers = [("answer", "good"), ("answer", "bad"), ("answer", "neither"), ("skip", None)]
    wanted = [*answers, ("undo", None), ("answer", "good")]
    until(lambda: len(site.events(pool)) >= len(wanted))
    assert [kind for kind, _ in site.events(pool)] == [kind for kind, _ in wanted]
    assert [label for kind, label in site.events(pool) if kind == "answer"] == [
        "good",
        "bad",
        "neither",
        "good",
    ]


@pytest.mark.parametrize("key", ["u", "Control+z", "Backspace"])
def test_undo_shows_the_sample_again_and_its_new_answer_is_the_one_that_counts(
    site: Site, ada: Visitor, pool: int, key: str
) -> None:
    ada.label(pool)
    first = ada.text()
    ada.press("1")
    until(lambda: site.status(pool)["counts"]["labelled"] == 1)
    ada.press(key)
    assert ada.text() == first
    ada.press("2")
    until(lambda: [kind for kind, _ in site.events(pool)] == ["answer", "undo", "answer"])
    assert site.status(pool)["counts"]["labelled"] == 1
    assert ada.page.inner_text("[data-mine]") == "1"


def test_the_next_sample_shows_without_waiting_for_the_server(ada: Visitor, pool: int) -> None:
    ada.label(pool)
    ada.page.wait_for_timeout(300)  # the buffer fills
    ada.context.set_offline(True)
    seen = {ada.text()}
    for _ in range(4):
        ada.press("1")
        seen.add(ada.text())
    assert len(seen) == 5


def test_answers_given_offline_are_sent_later_exactly_once_and_in_order(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    ada.page.wait_for_timeout(300)
    ada.context.set_offline(True)
    ada.press("1")
    ada.press("2")
    ada.page.wait_for_selector("[data-state]:has-text('2 answers unsent')")
    assert site.events(pool) == []
    ada.context.set_offline(False)
    until(lambda: len(site.events(pool)) == 2)
    until(lambda: "unsent" not in ada.page.inner_text("[data-state]"))
    ada.page.wait_for_timeout(1500)
    assert site.events(pool) == [("answer", "good"), ("answer", "bad")]


def test_an_answer_whose_acknowledgement_is_lost_counts_once(
    site: Site, ada: Visitor, pool: int
) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().text())
            route.abort()

    ada.label(pool)
    ada.page.route("**/labels", lose_the_first)
    ada.press("1")
    ada.press("2")
    ada.until(lambda: len(site.events(pool)) == 2)
    ada.page.wait_for_timeout(800)
    assert lost
    assert site.events(pool) == [("answer", "good"), ("answer", "bad")]


def test_unsent_answers_outlive_the_page(site: Site, ada: Visitor, pool: int) -> None:
    ada.label(pool)
    # neither a route nor being offline holds back what a page sends while it closes
    ada.page.evaluate("() => { window.fetch = async () => { throw new TypeError('cut'); }; }")
    ada.press("3")
    ada.page.wait_for_selector("[data-state]:has-text('1 answer unsent')")
    ada.go("/")
    assert site.events(pool) == []
    ada.label(pool)
    until(lambda: site.events(pool) == [("answer", "neither")])
    until(lambda: "unsent" not in str(ada.page.evaluate("Object.keys(localStorage)")))


def test_leaving_the_page_gives_the_samples_in_hand_back(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.label(pool)
    until(lambda: site.offers(pool, "open") >= 5)
    ada.go("/")
    until(lambda: site.offers(pool, "open") == 0)


def test_a_class_called_by_a_digit_has_that_key(site: Site, ada: Visitor) -> None:
    made = site.project(
        [{"text": f"row {n}"} for n in range(8)],
        name="scans",
        classes=[str(digit) for digit in range(10)],
    )
    ada.label(made)
    ada.press("7")
    ada.press("0")
    until(lambda: site.events(made) == [("answer", "7"), ("answer", "0")])


def test_many_classes_are_filtered_by_typing_and_enter_picks_the_first(
    site: Site, ada: Visitor
) -> None:
    names = [f"topic_{number:02}" for number in range(75)] + ["card_arrival", "unable_to_pay"]
    made = site.project([{"text": f"row {n}"} for n in range(8)], name="bank", classes=names)
    ada.label(made)
    before = ada.sample()
    ada.page.keyboard.type("card arr")
    assert ada.page.locator("#classes button:visible").count() == 1
    ada.page.keyboard.press("Enter")
    before = ada.sample(other_than=before)
    ada.page.keyboard.type("/unable")
    ada.page.keyboard.press("Enter")
    before = ada.sample(other_than=before)
    ada.page.keyboard.press("2")
    ada.sample(other_than=before)
    wanted = [("answer", "card_arrival"), ("answer", "unable_to_pay"), ("answer", "topic_01")]
    until(lambda: site.events(made) == wanted)


def test_keys_are_off_while_typing_and_while_the_key_sheet_is_open(
    site: Site, ada: Visitor
) -> None:
    names = [f"topic {number}" for number in range(12)]
    made = site.project([{"text": f"row {n}"} for n in range(8)], name="typing", classes=names)
    ada.label(made)
    shown = ada.sample()
    ada.page.keyboard.type("/12 3")
    ada.page.keyboard.press("Backspace")
    assert ada.page.input_value("#filter") == "12 "
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.press("?")
    assert ada.page.locator("#keys").is_visible()
    ada.page.keyboard.press("1")
    ada.page.keyboard.press("Escape")
    ada.page.wait_for_timeout(300)
    assert ada.sample() == shown
    assert site.events(made) == []


def test_a_key_held_down_answers_once(site: Site, ada: Visitor, pool: int) -> None:
    ada.label(pool)
    before = ada.sample()
    for _ in range(5):
        ada.page.keyboard.down("1")
    ada.page.keyboard.up("1")
    ada.sample(other_than=before)
    until(lambda: len(site.events(pool)) == 1)
    ada.page.wait_for_timeout(300)
    assert len(site.events(pool)) == 1


def test_a_mouse_click_leaves_space_to_skipping(site: Site, ada: Visitor, pool: int) -> None:
    ada.label(pool)
    before = ada.sample()
    ada.page.click("[data-class='bad']")
    ada.sample(other_than=before)
    ada.press(" ")
    until(lambda: site.events(pool) == [("answer", "bad"), ("skip", None)])


def test_an_empty_pool_says_what_is_waited_for(site: Site, ada: Visitor) -> None:
    made = site.project(name="empty", classes=["a", "b"])
    ada.go(f"/projects/{made}/label")
    ada.page.wait_for_selector("[data-sample]:has-text('The pool is empty')")


KINDS: list[tuple[str, dict[str, Any], str]] = [
    ("table", {"colour": "red", "weight": 3.5, "note": None}, "dl.row dd"),
    ("vectors", {"vector": [0.5, -1.0, 2.0]}, ".vector svg path"),
]


@pytest.mark.parametrize(("kind", "row", "selector"), KINDS)
def test_every_kind_of_sample_is_shown(
    site: Site, ada: Visitor, kind: str, row: dict[str, Any], selector: str
) -> None:
    made = site.project([row], name=f"kind {kind}", kind=kind, classes=["a", "b"])
    ada.label(made)
    assert ada.page.locator(selector).first.is_visible()


def test_answers_go_on_after_signing_in_again_in_another_tab(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.may_be_refused = True
    ada.label(pool)
    other = Visitor(site, ada.context)
    other.go("/")
    other.page.click("text=Sign out")
    ada.page.bring_to_front()
    ada.press("1")
    until(lambda: "signed out" in ada.page.inner_text("[data-state]"))
    other.sign_in()
    until(lambda: site.events(pool) == [("answer", "good")])


def test_answers_of_one_person_are_never_sent_as_another_s(
    site: Site, ada: Visitor, pool: int
) -> None:
    ada.may_be_refused = True
    ada.label(pool)
    other = Visitor(site, ada.context)
    other.go("/")
    other.page.click("text=Sign out")
    other.sign_in("ben")
    ada.page.bring_to_front()
    ada.press("1")
    until(lambda: "1 answer unsent" in ada.page.inner_text("[data-state]"))
    ada.page.wait_for_timeout(1500)
    assert site.events(pool) == []
    other.page.click("text=Sign out")
    other.sign_in("ada")
    until(lambda: site.events(pool) == [("answer", "good")])
