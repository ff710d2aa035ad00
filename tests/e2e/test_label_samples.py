"""What is labelled, as it is shown: text in any script, fields, images, near-duplicates, hints."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Route

from tests.browsing import Site, Visitor, until
from tests.e2e.conftest import Make

HOSTILE = "<img src=x onerror=alert(1)>"


def altered(ada: Visitor, change: Callable[[dict[str, Any]], None]) -> None:
    """Change each offer on its way to the page."""

    def pass_on(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for offer in told["offers"]:
            change(offer)
        route.fulfill(response=answer, json=told)

    ada.page.route("**/offers", pass_on)


def test_highlights_are_marked_by_their_places_in_characters_and_by_their_words(
    ada: Visitor, make: Make
) -> None:
    text = "🙂🙂 a Card, another card, and a <b>charge</b>"
    ada.label(make([{"text": text, "highlights": [[3, 4], "card", "<b>"]}]))
    marks = ada.page.locator("[data-sample] mark").all_inner_texts()
    assert marks == ["a", "Card", "card", "<b>"]
    assert ada.text() == text


def test_arabic_runs_from_right_to_left_and_english_below_it_does_not(
    ada: Visitor, make: Make
) -> None:
    ada.label(make([{"text": "هذا نص عن بطاقة\n\nIn English.", "lang": "ar"}]))
    shown = ada.page.locator("[data-sample] .text")
    assert shown.evaluate("each => getComputedStyle(each).direction") == "rtl"
    assert shown.get_attribute("lang") == "ar"
    places = shown.evaluate(
        """each => [0, each.firstChild.data.indexOf("I")].map((at) => {
             const range = document.createRange();
             range.setStart(each.firstChild, at);
             range.setEnd(each.firstChild, at + 1);
             const box = each.getBoundingClientRect();
             return range.getBoundingClientRect().left - box.left > box.width / 2;
           })"""
    )
    assert places == [True, False]


def test_a_long_chinese_text_wraps_at_a_readable_measure_and_scrolls_by_the_arrow_keys(
    ada: Visitor, make: Make
) -> None:
    ada.label(make([{"text": "我的卡还没有到怎么办。" * 300}]))
    shown = ada.page.locator("[data-sample] .text").bounding_box()
    assert shown is not None
    assert 300 < shown["width"] <= 640
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = ada.page.locator("[data-sample]")
    ada.page.keyboard.press("PageDown")
    ada.page.keyboard.press("ArrowDown")
    ada.until(lambda: box.evaluate("each => each.scrollTop") > 100)


def test_a_sample_of_several_fields_shows_each_under_its_name(
    site: Site, ada: Visitor, make: Make
) -> None:
    row = {"subject": "Card <b>lost</b>", "body": "Where is\nmy card?", "mood": "<i>sour</i>"}
    made = make([row], mapping={"text": "subject,body"}, show_metadata=["mood", "nothing"])
    ada.label(made)
    assert ada.page.locator(".fields h2").all_inner_texts() == ["subject", "body"]
    texts = ada.page.locator(".fields .text").all_inner_texts()
    assert texts == ["Card <b>lost</b>", "Where is\nmy card?"]
    assert ada.page.inner_text("[data-beside]").split("\n") == ["mood", "<i>sour</i>"]
    ada.page.keyboard.press("1")
    until(lambda: site.events(made) == [("answer", "good")])


def photograph() -> str:
    """Give a PNG of 600 x 400 in base64."""
    written = io.BytesIO()
    Image.new("RGB", (600, 400), (40, 90, 160)).save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()


def test_an_image_is_zoomed_by_keys_and_wheel_moved_by_dragging_and_lit_by_sliders(
    ada: Visitor, make: Make
) -> None:
    ada.label(make([{"image": photograph()}], kind="image"))
    image = ada.page.locator("[data-sample] img")
    said = ada.page.locator(".tools output")
    ada.page.wait_for_function("document.querySelector('[data-sample] img').complete")

    def matrix() -> list[float]:
        told = image.evaluate("each => getComputedStyle(each).transform")
        return [float(each) for each in told[len("matrix(") : -1].split(",")]

    ada.page.keyboard.press("+")
    ada.page.keyboard.press("+")
    assert said.inner_text() == "196 %"
    ada.page.keyboard.press("-")
    assert said.inner_text() == "140 %"
    ada.page.keyboard.press("0")
    assert said.inner_text() == "100 %"
    frame = ada.page.locator(".frame").bounding_box()
    assert frame is not None
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    ada.page.mouse.move(x, y)
    ada.page.mouse.wheel(0, -400)
    ada.until(lambda: matrix()[0] > 2)
    ada.page.mouse.down()
    ada.page.mouse.move(x + 50, y - 30, steps=3)
    ada.page.mouse.up()
    assert matrix()[4:] == pytest.approx([50, -30], abs=2)
    ada.page.locator(".light input").last.fill("150")
    assert "contrast(1.5)" in image.evaluate("each => getComputedStyle(each).filter")
    ada.page.click("text=Fit")
    assert matrix()[0] == 1


def test_zero_chooses_the_tenth_class_of_an_image_instead_of_fitting_it(
    site: Site, ada: Visitor, make: Make
) -> None:
    digits = [f"class {number}" for number in range(1, 11)]
    made = make([{"image": photograph()}], kind="image", classes=digits)
    ada.label(made)
    ada.page.keyboard.press("0")
    until(lambda: site.events(made) == [("answer", "class 10")])


def test_one_answer_covers_the_near_duplicates_unless_g_turns_them_off(
    site: Site, ada: Visitor, make: Make
) -> None:
    line = "my new card has still not come although the app says that it was sent out last week"
    alike = [{"text": f"{line} {'!' * number}"} for number in range(1, 9)]
    # what is drawn at random, to measure or to compare, is offered without its near-duplicates
    made = make(alike, offer_groups=True, audit_share=0, random_share=0)
    until(lambda: site.status(made)["queue"]["ranking"] is not None)
    until(lambda: not site.status(made)["jobs"])
    ada.label(made)
    strip = ada.page.locator("[data-alike]")
    assert "as well" in strip.inner_text()
    many = strip.locator("li").count()
    assert many > 0
    ada.page.keyboard.press("g")
    assert ada.page.get_attribute("[data-group]", "aria-pressed") == "false"
    ada.page.keyboard.press("g")
    ada.page.keyboard.press("2")
    until(lambda: len(site.events(made)) == 1 + many)
    assert sorted(site.events(made)) == sorted([("answer", "bad"), *[("propagated", "bad")] * many])


def test_a_suggestion_is_marked_but_not_chosen_and_is_taken_by_a_key_of_its_own(
    site: Site, ada: Visitor, make: Make
) -> None:
    hint = {"label": "bad", "labels": ["bad"], "confidence": 0.834, "version": 3}
    made = make(suggestions={"show": True})
    altered(ada, lambda offer: offer.update(suggestion=hint))
    ada.label(made)
    assert "bad · 83 %" in ada.page.inner_text("[data-suggestion]")
    suggested = ada.page.locator("[data-class].suggested")
    assert suggested.get_attribute("data-class") == "bad"
    assert suggested.get_attribute("aria-pressed") is None
    assert "chosen" not in (suggested.get_attribute("class") or "")
    ada.page.wait_for_timeout(400)
    before = ada.sample()
    press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}))"
    ada.page.evaluate(f"() => {{ {press}; {press}; }}")  # the second comes before anyone can read
    ada.sample(other_than=before)
    ada.press(".")
    ada.press("1")
    wanted = ["bad", "bad", "good"]
    ada.until(lambda: [label for _, label in site.events(made)] == wanted)


def test_of_several_labels_a_suggestion_is_taken_over_and_enter_alone_still_means_none(
    site: Site, ada: Visitor, make: Make
) -> None:
    hint = {"label": None, "labels": ["bad", "neither"], "confidence": None, "version": 3}
    made = make(suggestions={"show": True}, answer="several")
    altered(ada, lambda offer: offer.update(suggestion=hint))
    ada.label(made)
    ada.page.wait_for_timeout(400)
    ada.press("Enter")
    ada.page.keyboard.press(".")
    ada.page.keyboard.press("1")
    ada.press("Enter")
    wanted = ["[]", '["good", "bad", "neither"]']
    ada.until(lambda: [label for _, label in site.events(made)] == wanted)


def test_whatever_people_and_files_wrote_is_shown_as_text(
    site: Site, ada: Visitor, make: Make
) -> None:
    told = {"color": "", "description": HOSTILE, "group": HOSTILE, "examples": [HOSTILE]}
    made = make(
        [{"text": f"a {HOSTILE}", "highlights": [HOSTILE], "source": HOSTILE, "lang": HOSTILE}],
        classes=[{"name": HOSTILE, **told}, "plain"],
        show_metadata=["source", "lang"],
        suggestions={"show": True},
        guidelines=f"# {HOSTILE}\n\n[go](javascript:alert(1)) <script>alert(1)</script>",
        skip_reason="optional",
        skip_reasons=[HOSTILE],
    )
    hint = {"label": HOSTILE, "labels": [HOSTILE], "confidence": 1, "version": 3}
    twin = {"id": 1, "payload": {"text": HOSTILE}, "metadata": {}}
    altered(ada, lambda offer: offer.update(suggestion=hint, group=[twin]))
    ada.label(made)
    assert ada.page.inner_text("[data-sample] mark") == HOSTILE
    assert ada.page.inner_text("[data-alike] li") == HOSTILE
    assert ada.page.inner_text("#classes h2") == HOSTILE
    ada.page.keyboard.press("h")
    ada.page.wait_for_selector("#guidelines h3:has-text('onerror')")
    foreign = "main img, main script, dialog img, dialog script, dialog a[href^=javascript]"
    assert ada.page.locator(foreign).count() == 0
    ada.page.keyboard.press("Escape")
    ada.page.wait_for_selector("#guidelines:not([open])", state="attached")
    ada.page.keyboard.press("2")  # what has no heading comes first
    until(lambda: site.events(made) == [("answer", HOSTILE)])
    ada.page.keyboard.press("ArrowLeft")
    ada.until(lambda: HOSTILE in ada.page.inner_text("[data-band]"))
