"""Hands on the keys: presets, several labels, reasons to skip, flags, many classes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Browser

from activeloop.store.tables import Label
from tests.browsing import Site, Visitor, until
from tests.e2e.conftest import Make

PRESETS = [
    ("activeloop", ["2", " ", "u"]),
    ("prodigy", ["2 a", " ", "Backspace"]),
    ("label-studio", ["2 Control+Enter", "Control+Space", "Control+z"]),
    ("doccano", ["2 Enter", "ArrowRight", "Control+z"]),
]
"""The keys that choose and send, skip, and undo."""


def open_sheet(ada: Visitor) -> None:
    ada.page.keyboard.press("?")
    ada.page.wait_for_selector("#keys[open]")


def close(ada: Visitor, dialog: str) -> None:
    ada.page.keyboard.press("Escape")
    ada.page.wait_for_selector(f"#{dialog}:not([open])", state="attached")


def kept(site: Site, project_id: int) -> list[tuple[str, str | None, str]]:
    """Give the project's label events as (kind, label, note)."""
    from sqlmodel import col, select

    with site.services.read() as session:
        wanted = select(Label).where(Label.project_id == project_id).order_by(col(Label.number))
        return [(each.kind, each.label, each.note) for each in session.exec(wanted)]


@pytest.mark.parametrize(("preset", "keys"), PRESETS)
def test_a_preset_answers_by_the_keys_of_its_tool(
    site: Site, ada: Visitor, make: Make, preset: str, keys: list[str]
) -> None:
    made = make()
    ada.label(made)
    open_sheet(ada)
    ada.page.check(f"[name=preset][value={preset}]")
    close(ada, "keys")
    choose, skip, undo = keys
    before = ada.sample()
    for key in choose.split():
        assert ada.sample() == before
        ada.page.keyboard.press(key)
    ada.sample(other_than=before)
    ada.press(skip)
    until(lambda: len(site.events(made)) == 2)
    ada.press(undo)
    until(lambda: [kind for kind, _ in site.events(made)] == ["answer", "skip", "undo"])
    assert site.events(made)[0] == ("answer", "bad")


def test_what_is_chosen_in_the_key_sheet_is_kept_and_shown_on_the_buttons(
    ada: Visitor, make: Make
) -> None:
    ada.label(make())
    open_sheet(ada)
    assert ada.page.is_checked("[name=advance]")
    ada.page.check("[name=preset][value=label-studio]")
    assert not ada.page.is_checked("[name=advance]")
    close(ada, "keys")
    assert ada.page.inner_text("[data-cap=skip]") == "Ctrl Space"
    ada.page.reload()
    ada.sample()
    assert ada.page.inner_text("[data-cap=skip]") == "Ctrl Space"
    assert ada.page.inner_text("[data-class=good] kbd") == "1"


def test_choosing_first_and_then_enter_sends_the_last_choice(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make()
    ada.label(made)
    open_sheet(ada)
    ada.page.uncheck("[name=advance]")
    close(ada, "keys")
    before = ada.sample()
    ada.page.keyboard.press("Enter")
    until(lambda: "Choose a class first" in ada.page.inner_text("[data-state]"))
    ada.page.keyboard.press("1")
    ada.page.keyboard.press("3")
    assert ada.page.get_attribute("[data-class=good]", "aria-pressed") == "false"
    assert ada.page.get_attribute("[data-class=neither]", "aria-pressed") == "true"
    assert ada.sample() == before
    ada.press("Enter")
    assert ada.page.locator("[aria-pressed=true][data-class]").count() == 0
    until(lambda: site.events(made) == [("answer", "neither")])


def test_several_labels_are_chosen_by_digits_and_sent_by_enter_also_none(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make(answer="several")
    ada.label(made)
    ada.page.keyboard.press("3")
    ada.page.keyboard.press("2")
    ada.page.keyboard.press("1")
    ada.page.keyboard.press("2")
    pressed = ada.page.locator("[data-class][aria-pressed=true]")
    assert [each.get_attribute("data-class") for each in pressed.all()] == ["good", "neither"]
    assert "Submit 2" in ada.page.inner_text("[data-submit]")
    ada.press("Enter")
    assert pressed.count() == 0
    assert "none of them" in ada.page.inner_text("[data-submit]")
    ada.press("Control+Enter")
    until(lambda: site.events(made) == [("answer", '["good", "neither"]'), ("answer", "[]")])


def test_a_class_is_chosen_by_its_own_key_and_the_others_by_the_digits_left(
    site: Site, ada: Visitor, make: Make
) -> None:
    classes = ["one", {"name": "praise", "key": "p"}, {"name": "two", "key": "1"}, "three"]
    made = make(classes=classes)
    ada.label(made)
    caps = {name: ada.page.inner_text(f"[data-class={name}] kbd") for name in ("one", "praise")}
    assert caps == {"one": "2", "praise": "P"}
    for key in ("p", "1", "2", "3"):
        ada.press(key)
    wanted = ["praise", "two", "one", "three"]
    until(lambda: [label for _, label in site.events(made)] == wanted)


def test_prodigy_s_shift_and_digit_choose_the_eleventh_class_and_on(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make(classes=[f"class {number}" for number in range(1, 16)])
    ada.label(made)
    open_sheet(ada)
    ada.page.check("[name=preset][value=prodigy]")
    close(ada, "keys")
    ada.page.keyboard.press("Shift+Digit2")
    ada.press("a")
    ada.page.keyboard.press("0")
    ada.press("a")
    until(lambda: site.events(made) == [("answer", "class 12"), ("answer", "class 10")])


def test_a_flag_goes_with_a_note_and_the_sample_stays(site: Site, ada: Visitor, make: Make) -> None:
    made = make()
    ada.label(made)
    before = ada.sample()
    ada.page.keyboard.press("f")
    ada.page.wait_for_selector("#flag[open]")
    ada.page.keyboard.type("1 of 2 halves")
    ada.page.keyboard.press("Enter")
    until(lambda: kept(site, made) == [("flag", None, "1 of 2 halves")])
    assert ada.sample() == before
    assert "Flagged" in ada.page.inner_text("[data-state]")


def test_a_reason_to_skip_is_chosen_by_a_digit_or_typed_where_it_is_required(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make(skip_reason="required", skip_reasons=["unclear", "<i>torn</i>"])
    ada.label(made)
    before = ada.sample()
    ada.page.keyboard.press(" ")
    ada.page.wait_for_selector("#skip[open]")
    assert ada.page.locator("#skip [data-without]").count() == 0
    ada.page.keyboard.press("2")
    before = ada.sample(other_than=before)
    ada.page.keyboard.press(" ")
    ada.page.click("#skip button.first")  # without a reason it goes nowhere
    assert ada.page.locator("#skip").is_visible()
    ada.page.fill("#skip-reason", "3 pages missing")
    ada.page.keyboard.press("Enter")
    ada.sample(other_than=before)
    wanted = [("skip", None, "<i>torn</i>"), ("skip", None, "3 pages missing")]
    until(lambda: kept(site, made) == wanted)


def test_space_and_enter_skip_without_a_reason_where_it_is_optional(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make(skip_reason="optional")
    ada.label(made)
    before = ada.sample()
    ada.page.keyboard.press(" ")
    ada.page.wait_for_selector("#skip[open]")
    ada.page.keyboard.press("Enter")
    ada.sample(other_than=before)
    until(lambda: kept(site, made) == [("skip", None, "")])


def banking() -> list[dict[str, Any]]:
    """Give 77 classes under three headings, some with a colour and a description."""
    heads = ["Cards", "", "Transfers"]
    made: list[dict[str, Any]] = [
        {"name": f"topic_{number:02}", "group": heads[number % 3], "color": "#2e86c1"}
        for number in range(75)
    ]
    made.append({"name": "card_arrival", "group": "Cards", "description": "It is on its way."})
    made.append({"name": "Überweisung", "group": "Transfers"})
    return made


def test_seventy_seven_classes_stand_under_headings_and_are_found_by_typing(
    site: Site, ada: Visitor, make: Make
) -> None:
    made = make(classes=banking())
    ada.label(made)
    headings = ada.page.locator("#classes h2")
    assert headings.all_inner_texts() == ["Cards", "Transfers"]
    assert ada.page.locator("#classes [data-class]").count() == 77
    before = ada.sample()
    ada.page.keyboard.type("/uber")
    assert ada.page.locator("#classes h2:visible").all_inner_texts() == ["Transfers"]
    ada.page.keyboard.press("Enter")
    before = ada.sample(other_than=before)
    ada.page.keyboard.type("/on its way")  # the name says nothing of it, the description does
    assert ada.page.locator("#classes [data-class]:visible").count() == 1
    ada.page.keyboard.press("Enter")
    before = ada.sample(other_than=before)
    assert ada.page.input_value("#filter") == ""
    ada.page.keyboard.press("2")  # classes without a heading come first and have the digits
    ada.sample(other_than=before)
    wanted = ["Überweisung", "card_arrival", "topic_04"]
    until(lambda: [label for _, label in site.events(made)] == wanted)


def test_a_colour_is_a_swatch_beside_the_name(ada: Visitor, make: Make) -> None:
    ada.label(make(classes=[{"name": "blue", "color": "#2e86c1"}, "plain"]))
    paint = "each => getComputedStyle(each).backgroundColor"
    assert ada.page.locator("[data-class=blue] .swatch").evaluate(paint) == "rgb(46, 134, 193)"
    assert ada.page.locator("[data-class=plain] .swatch").count() == 0
    assert ada.page.inner_text("[data-class=blue] .name") == "blue"


def test_a_new_annotator_labels_after_the_sign_in_with_two_keys(
    site: Site, browser: Browser, make: Make
) -> None:
    made = make()
    context = browser.new_context()
    ben = Visitor(site, context)
    began = time.monotonic()
    ben.sign_in("ben")
    first = ben.page.locator("a.button.first:focus")
    assert first.inner_text() == "Label"
    ben.page.keyboard.press("Enter")
    ben.sample()
    assert "Press a class" in ben.page.inner_text("[data-state]")
    ben.go(f"/projects/{made}/label")  # in this site there are others before it
    ben.press("1")
    until(lambda: site.events(made) == [("answer", "good")])
    assert time.monotonic() - began < 30
    context.close()
    assert ben.complaints == []
