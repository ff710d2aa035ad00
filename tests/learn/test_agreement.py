"""Replay of label events, and majority."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from activeloop.events import Event
from activeloop.learn.agreement import agree, majority, replay


def answer(number: int, label: str, *, sample: int = 1, counted: bool = True) -> Event:
    return Event(number, sample, "answer", label, None, counted)


def undo(number: int, of: int, *, sample: int = 1) -> Event:
    return Event(number, sample, "undo", None, of, counted=True)


def test_an_answer_taken_back_does_not_count() -> None:
    agreed = agree([answer(1, "cat"), undo(2, of=1), answer(3, "dog")], wanted=1)
    assert (agreed.label, agreed.answers, agreed.complete) == ("dog", 1, True)


def test_an_answer_that_came_too_late_does_not_count() -> None:
    agreed = agree([answer(1, "cat"), answer(2, "dog", counted=False)], wanted=1)
    assert (agreed.label, agreed.agreement) == ("cat", 1.0)


def test_a_sample_is_incomplete_until_it_has_all_answers() -> None:
    assert not agree([answer(1, "cat")], wanted=2).complete
    assert agree([answer(1, "cat"), answer(2, "cat")], wanted=2).complete


def test_an_imported_label_completes_a_sample_whatever_is_wanted() -> None:
    agreed = agree([Event(1, 1, "imported", "cat", None, counted=True)], wanted=3)
    assert (agreed.label, agreed.complete) == ("cat", True)


def test_a_tie_has_no_winner_and_three_answers_have_one() -> None:
    assert majority(["cat", "dog"]) == (None, 0.5)
    assert majority(["cat", "dog", "cat"]) == ("cat", 2 / 3)


def test_events_of_samples_do_not_mix() -> None:
    agreed = replay([answer(1, "cat", sample=1), answer(2, "dog", sample=2)], wanted=1)
    assert {sample: each.label for sample, each in agreed.items()} == {1: "cat", 2: "dog"}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_replay_keeps_exactly_the_answers_not_taken_back(story: list[tuple[str, bool]]) -> None:
    events, standing = [], []
    for number, (label, taken_back) in enumerate(story):
        events.append(answer(2 * number, label))
        if taken_back:
            events.append(undo(2 * number + 1, of=2 * number))
        else:
            standing.append(label)
    agreed = agree(events, wanted=1)
    assert agreed.answers == len(standing)
    assert agreed.label == majority(standing)[0]
