"""From label events to current labels: replay and majority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from activeloop.events import Agreed, Event


def agree(events: Iterable[Event], *, wanted: int) -> Agreed:
    """Settle one sample's label from its events, in order.

    An answer counts unless it was undone or came when the sample had all it wanted. A label
    that was imported with the sample completes it.

    Example:
        >>> agree([Event(1, 7, "answer", "cat", None, True)], wanted=1)
        Agreed(label='cat', answers=1, agreement=1.0, complete=True)
    """
    standing: dict[int, Event] = {}
    imported = False
    for event in events:
        if event.kind == "undo" and event.undoes is not None:
            standing.pop(event.undoes, None)
        elif event.kind in ("answer", "imported") and event.counted and event.label is not None:
            standing[event.id] = event
            imported = imported or event.kind == "imported"
    labels = [event.label for event in standing.values() if event.label is not None]
    label, agreement = majority(labels)
    return Agreed(label, len(labels), agreement, imported or len(labels) >= wanted)


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


def replay(events: Iterable[Event], *, wanted: int) -> dict[int, Agreed]:
    """Settle every sample's label from a project's events, in order of their number."""
    by_sample: dict[int, list[Event]] = {}
    for event in events:
        by_sample.setdefault(event.sample_id, []).append(event)
    return {sample: agree(its, wanted=wanted) for sample, its in by_sample.items()}
