"""Replay of label events, and majority."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from activeloop.events import Change, Event
from activeloop.learn.agreement import Rule, agree, majority, replay, tally


def answer(number: int, label: str, *, sample: int = 1, counted: bool = True) -> Event:
    return Event(number, sample, "answer", label, None, counted)


def undo(number: int, of: int, *, sample: int = 1) -> Event:
    return Event(number, sample, "undo", None, of, counted=True)


def test_an_answer_taken_back_does_not_count() -> None:
    agreed = agree([answer(1, "cat"), undo(2, of=1), answer(3, "dog")], Rule())
    assert (agreed.label, agreed.answers, agreed.complete) == ("dog", 1, True)


def test_an_answer_that_came_too_late_does_not_count() -> None:
    agreed = agree([answer(1, "cat"), answer(2, "dog", counted=False)], Rule())
    assert (agreed.label, agreed.agreement) == ("cat", 1.0)


def test_a_sample_is_incomplete_until_it_has_all_answers() -> None:
    assert not agree([answer(1, "cat")], Rule(wanted=2)).complete
    assert agree([answer(1, "cat"), answer(2, "cat")], Rule(wanted=2)).complete


def test_an_imported_label_completes_a_sample_whatever_is_wanted() -> None:
    agreed = agree([Event(1, 1, "imported", "cat", None, counted=True)], Rule(wanted=3))
    assert (agreed.label, agreed.complete) == ("cat", True)


def test_a_tie_has_no_winner_and_three_answers_have_one() -> None:
    assert majority(["cat", "dog"]) == (None, 0.5)
    assert majority(["cat", "dog", "cat"]) == ("cat", 2 / 3)


def test_events_of_samples_do_not_mix() -> None:
    agreed = replay([answer(1, "cat", sample=1), answer(2, "dog", sample=2)], Rule())
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
    agreed = agree(events, Rule())
    assert agreed.answers == len(standing)
    vote = tally(standing, Rule())
    assert agreed.label == (vote.label if vote.settled else None)
    assert agreed.disputed == (len(standing) > 0 and not vote.settled)


def test_people_who_disagree_are_asked_for_one_more_answer_at_a_time_and_no_further() -> None:
    rule = Rule(wanted=2, extra=2)
    story = [answer(1, "cat"), answer(2, "dog"), answer(3, "owl"), answer(4, "emu")]
    wants = [agree(story[:n], rule).wants for n in range(1, 5)]
    assert wants == [2, 3, 4, 4]
    last = agree(story, rule)
    assert (last.label, last.complete, last.disputed) == (None, True, True)
    assert agree([*story[:2], answer(3, "dog")], rule).label == "dog"


def test_a_share_below_what_is_asked_for_is_a_dispute() -> None:
    story = [answer(1, "cat"), answer(2, "cat"), answer(3, "dog")]
    assert agree(story, Rule(wanted=3)).label == "cat"
    strict = agree(story, Rule(wanted=3, least=0.9))
    assert (strict.label, strict.disputed) == (None, True)


def test_a_decision_settles_a_sample_whatever_the_answers_say_until_it_is_taken_back() -> None:
    decision = Event(3, 1, "decision", "owl", None, counted=True)
    story = [answer(1, "cat"), answer(2, "dog"), decision]
    agreed = agree(story, Rule(wanted=2))
    assert (agreed.label, agreed.complete, agreed.disputed) == ("owl", True, False)
    assert agree([*story, undo(4, of=3)], Rule(wanted=2)).disputed


def test_several_labels_are_voted_on_class_by_class() -> None:
    rule = Rule(wanted=3, classes=("a", "b", "c"))
    story = [answer(1, '["a", "b"]'), answer(2, '["a"]'), answer(3, '["b", "c"]')]
    agreed = agree(story, rule)
    assert (agreed.label, agreed.agreement) == ('["a", "b"]', 2 / 3)
    assert tally(["[]", '["a"]'], rule).label is None
    assert tally(["[]", "[]"], rule).label == "[]"


def numbered(number: int, label: str) -> Event:
    return Event(number, 1, "answer", label, None, counted=True, number=number)


def test_values_are_carried_through_the_class_changes_that_came_later() -> None:
    changes = (
        Change(2, "rename", {"cat": "tomcat"}),
        Change(4, "merge", {"tomcat": "animal", "dog": "animal"}),
        Change(6, "retire", {"owl": None}),
    )
    rule = Rule(wanted=2, changes=changes)
    agreed = agree([numbered(1, "cat"), numbered(3, "dog")], rule)
    assert (agreed.label, agreed.agreement) == ("animal", 1.0)
    void = agree([numbered(4, "animal"), numbered(5, "owl")], rule)
    assert (void.answers, void.complete, void.wants) == (1, False, 2)
    assert agree([numbered(7, "owl")], Rule(changes=changes)).label == "owl"


def test_of_several_labels_a_retired_one_is_dropped_and_a_split_one_voids_the_answer() -> None:
    classes = ("a", "b", "b2")
    retired = Rule(classes=classes, changes=[Change(9, "retire", {"b": None})])
    assert agree([numbered(1, '["a", "b"]')], retired).label == '["a"]'
    split = Rule(classes=classes, changes=[Change(9, "split", {"b": None})])
    assert agree([numbered(1, '["a", "b"]')], split).answers == 0
    assert agree([numbered(1, '["a"]')], split).label == '["a"]'


def told(*kinds: tuple[str, str | None]) -> list[Event]:
    """Make a sample's events, numbered from 1."""
    return [
        Event(number, 7, kind, label, undoes=None, counted=True, number=number)
        for number, (kind, label) in enumerate(kinds, start=1)
    ]


def test_a_reviewer_may_ask_for_one_answer_more_than_there_were() -> None:
    said = (("answer", "a"), ("again", None))
    asked = agree(told(*said), Rule())
    assert (asked.complete, asked.wants, asked.label) == (False, 2, "a")
    assert agree(told(*said, ("answer", "b")), Rule()).disputed
    assert agree(told(*said, ("answer", "a")), Rule()).complete


def test_an_imported_label_that_is_asked_again_must_agree_with_the_answer() -> None:
    came = (("imported", "a"), ("again", None))
    asked = agree(told(*came), Rule(wanted=3))
    assert (asked.complete, asked.wants) == (False, 1)
    assert agree(told(*came, ("answer", "b")), Rule()).disputed
    assert agree(told(*came, ("answer", "a")), Rule()).label == "a"
