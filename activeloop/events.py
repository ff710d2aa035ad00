"""The words for label events, shared by those who keep them and those who count them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """What replay needs of a label event.

    Attributes:
        label: the answer's value as text, in the words of its time (see `activeloop.answers`).
        undoes: the id of the event that this one takes back.
        counted: false for an answer that came when the sample had all it wanted.
        number: orders the events and the class changes of a project.
        user_id: who said it; None when it came with a file.
    """

    id: int
    sample_id: int
    kind: str
    label: str | None
    undoes: int | None
    counted: bool
    number: int = 0
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the label set: values of events with a lower number are carried through it.

    Attributes:
        number: its place in the project's sequence of events.
        kind: rename, merge, split, add or retire.
        mapping: old name to new name, or to None where the old one has no successor.
    """

    number: int
    kind: str
    mapping: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Agreed:
    """The consensus on one sample.

    Attributes:
        label: what most say, as text; None while nobody answered, when the vote is tied, and when
            people disagree for good.
        answers: how many answers count.
        agreement: share of the answers that say the most frequent label (0..1).
        complete: whether the sample has all answers it wants, came with a label, or was decided.
        disputed: whether it has all answers, and they disagree.
        wants: how many answers by annotators it wants now.
    """

    label: str | None
    answers: int
    agreement: float
    complete: bool
    disputed: bool = False
    wants: int = 1
