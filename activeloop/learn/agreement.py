"""From label events to current labels: replay and majority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from activeloop import answers
from activeloop.events import Agreed, Change, Event
from activeloop.spec import ProjectSpec

SAID = ("answer", "propagated")
"""Kinds of events by which an annotator answers; each takes one of the sample's slots."""
AGAIN = "again"
"""The kind of event by which a reviewer asks for one more answer."""


@dataclass(frozen=True)
class Rule:
    """When the answers to a sample settle its label.

    Attributes:
        wanted: answers by different people, to begin with.
        extra: how many more are asked for, one at a time, while people disagree.
        least: share of the answers that must agree (0.5..1), and more than half of them.
        classes: the class names, in order, when an answer is a set of them; else None.
        changes: the class changes to carry values through, by number.
    """

    wanted: int = 1
    extra: int = 0
    least: float = 0.5
    classes: tuple[str, ...] | None = None
    changes: Sequence[Change] = ()

    @classmethod
    def of(cls, spec: ProjectSpec, changes: Sequence[Change] = ()) -> Rule:
        """Read the rule from a project's spec."""
        return cls(
            wanted=spec.answers_per_sample,
            extra=spec.extra_answers,
            least=spec.min_agreement,
            classes=spec.classes if spec.answer == "several" else None,
            changes=changes,
        )


@dataclass(frozen=True)
class Vote:
    """What some answers come to: the label, the share behind it, and whether that settles it."""

    label: str | None
    share: float
    settled: bool


def agree(events: Iterable[Event], rule: Rule) -> Agreed:
    """Settle one sample's label from its events, in order.

    An answer counts unless it was undone or came when the sample had all it wanted. A label that
    was imported with the sample completes it, and so does a reviewer's decision, whatever the
    answers say. A reviewer may ask for one answer more than there were (`again`).

    Example:
        >>> agree([Event(1, 7, "answer", "cat", None, True)], Rule())
        Agreed(label='cat', answers=1, agreement=1.0, complete=True, disputed=False, wants=1)
    """
    events = list(events)
    standing = list(stands(events, rule))
    asked = _asked_again(events, rule)
    said = [value for event, value in standing if event.kind != "decision"]
    people = sum(event.kind in SAID for event, _ in standing)
    decisions = [value for event, value in standing if event.kind == "decision"]
    if decisions:
        share = said.count(decisions[-1]) / len(said) if said else 1.0
        return Agreed(decisions[-1], len(said), share, complete=True, wants=people)
    vote = tally(said, rule)
    # with a label that came with the file nobody need answer
    wanted = max(asked, rule.wanted if len(said) == people else 0)
    if people < wanted:
        return Agreed(vote.label, len(said), vote.share, complete=False, wants=wanted)
    if vote.settled:
        return Agreed(vote.label, len(said), vote.share, complete=True, wants=people)
    if people < rule.wanted + rule.extra:
        return Agreed(None, len(said), vote.share, complete=False, wants=people + 1)
    return Agreed(None, len(said), vote.share, complete=True, disputed=True, wants=people)


def _asked_again(events: Sequence[Event], rule: Rule) -> int:
    """Tell how many answers a reviewer has asked for; 0 when none did."""
    asked = 0
    for place, event in enumerate(events):
        if event.kind == AGAIN:
            before = stands(events[:place], rule)
            people = sum(each.kind in SAID for each, _ in before)
            asked = max(asked, people + 1)
    return asked


def stands(events: Iterable[Event], rule: Rule) -> Iterable[tuple[Event, str]]:
    """Give the events that count and were not taken back, with their values in today's words."""
    standing: dict[int, tuple[Event, str]] = {}
    for event in events:
        if event.kind == "undo" and event.undoes is not None:
            standing.pop(event.undoes, None)
        elif event.kind in (*SAID, "imported", "decision") and event.counted:
            value = carried(event.label, event.number, rule)
            if value is not None:
                standing[event.id] = (event, value)
    return standing.values()


def carried(value: str | None, number: int, rule: Rule) -> str | None:
    """Carry a value through the class changes after event `number`; None when it is void then.

    One label is void when it was split or retired. Of several labels a retired one is dropped and
    the others stand; one that was split voids them all, because a part of it is still to be chosen.
    """
    if value is None or not rule.changes:
        return value
    later = [change for change in rule.changes if change.number > number]
    if not later:
        return value
    if rule.classes is None:
        return _followed(value, later)
    names: set[str] = set()
    for name in answers.read("several", value):
        followed = _followed(name, later)
        if followed is not None:
            names.add(followed)
        elif _ended_by(name, later) != "retire":
            return None
    return answers.joined(names, rule.classes)


def _followed(name: str, changes: Sequence[Change]) -> str | None:
    at: str | None = name
    for change in changes:
        at = change.mapping.get(at, at) if at is not None else None
    return at


def _ended_by(name: str, changes: Sequence[Change]) -> str:
    for change in changes:
        followed = change.mapping.get(name, name)
        if followed is None:
            return change.kind
        name = followed
    return ""


def tally(values: Sequence[str], rule: Rule) -> Vote:
    """Count answers.

    Several labels are voted on class by class: one that more than half name is in. The share is
    then that of the class people agree on least.

    Example:
        >>> tally(["cat", "dog"], Rule())
        Vote(label=None, share=0.5, settled=False)
        >>> tally(['["a", "b"]', '["a"]', '["a"]'], Rule(classes=("a", "b")))
        Vote(label='["a"]', share=0.6666666666666666, settled=True)
    """
    if rule.classes is None:
        label, share = majority(values)
    else:
        label, share = _by_class(values, rule.classes)
    return Vote(label, share, label is not None and share > 0.5 and share >= rule.least)


def majority(labels: Sequence[str]) -> tuple[str | None, float]:
    """Give the most frequent label and its share; None when two labels are tied.

    Example:
        >>> majority(["cat", "dog", "cat"])
        ('cat', 0.6666666666666666)
        >>> majority(["cat", "dog"])
        (None, 0.5)
    """
    if not labels:
        return None, 1.0
    ranked = Counter(labels).most_common(2)
    label, votes = ranked[0]
    tied = len(ranked) > 1 and ranked[1][1] == votes
    return (None if tied else label), votes / len(labels)


def _by_class(values: Sequence[str], classes: Sequence[str]) -> tuple[str | None, float]:
    if not values:
        return None, 1.0
    named = Counter(name for value in values for name in answers.read("several", value))
    n = len(values)
    share = min((max(votes, n - votes) / n for votes in named.values()), default=1.0)
    tied = any(2 * votes == n for votes in named.values())
    label = answers.joined((name for name, votes in named.items() if 2 * votes > n), classes)
    return (None if tied else label), share


def replay(events: Iterable[Event], rule: Rule) -> dict[int, Agreed]:
    """Settle every sample's label from a project's events, in order of their number."""
    by_sample: dict[int, list[Event]] = {}
    for event in events:
        by_sample.setdefault(event.sample_id, []).append(event)
    return {sample: agree(its, rule) for sample, its in by_sample.items()}
