from __future__ import annotations

import pytest

from activeloop.learn import recipes
from activeloop.learn.cadence import due
from activeloop.learn.train import Choice, choose_mode
from activeloop.spec import Mode


def _choose(asked: Mode = "auto", name: str = "online", **changed: object) -> Choice:
    facts: dict[str, object] = {
        "parent_classes": ("a", "b"),
        "classes": ("a", "b"),
        "parent_fingerprint": "f",
        "fingerprint": "f",
        "has_parent": True,
    }
    return choose_mode(asked, recipe=recipes.get(name), **{**facts, **changed})  # type: ignore[arg-type]


def test_auto_is_incremental_where_the_recipe_can() -> None:
    assert _choose().mode == "incremental"
    assert _choose(name="linear").mode == "full"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"classes": ("a", "b", "c")}, "does not know the class 'c'"),
        ({"classes": ("b", "a")}, "classes have changed"),
        ({"fingerprint": "g"}, "features are made differently"),
        ({"has_parent": False}, "no earlier version"),
    ],
)
def test_training_is_full_where_it_must_be_even_if_incremental_was_asked_for(
    changed: dict[str, object], words: str
) -> None:
    unasked, asked = (_choose(mode, **changed) for mode in ("auto", "incremental"))  # type: ignore[arg-type]
    for choice in (unasked, asked):
        assert choice.mode == "full"
        assert words in choice.because
    assert "asked for, but" in asked.because


def test_full_is_full_when_asked_for() -> None:
    assert _choose("full").mode == "full"


def test_a_run_is_due_when_enough_new_labels_of_two_classes_are_there() -> None:
    found = due(labels=40, labels_at_last_run=20, every=20, classes_labelled=2)
    assert found.due
    assert found.because == "20 new labels since the last run."


def test_one_label_less_is_waited_for_in_words() -> None:
    found = due(labels=39, labels_at_last_run=20, every=20, classes_labelled=2)
    assert (found.due, found.missing) == (False, 1)
    assert found.because == "1 more label until the next run."


def test_one_class_is_not_enough() -> None:
    found = due(labels=20, labels_at_last_run=0, every=20, classes_labelled=1)
    assert not found.due
    assert "at least two classes" in found.because


def test_a_failed_run_is_not_tried_again_on_the_same_labels() -> None:
    failed = due(labels=20, labels_at_last_run=20, every=20, classes_labelled=3, last_failed=True)
    assert not failed.due
    assert "failed" in failed.because
    assert due(labels=40, labels_at_last_run=20, every=20, classes_labelled=3, last_failed=True).due


def test_nothing_is_due_while_a_run_is_under_way() -> None:
    assert not due(labels=400, labels_at_last_run=20, every=20, classes_labelled=3, active=True).due
