"""The words for label events, shared by those who keep them and those who count them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """What replay needs of a label event; `number` orders the events of a project."""

    id: int
    sample_id: int
    kind: str
    label: str | None
    undoes: int | None
    counted: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """The consensus on one sample.

    Attributes:
        label: the majority's label; None while nobody answered, or when the vote is tied.
        answers: how many answers count.
        agreement: share of the answers that say the most frequent label (0..1).
        complete: whether the sample has all the answers it wants, or came with a label.
    """

    label: str | None
    answers: int
    agreement: float
    complete: bool
