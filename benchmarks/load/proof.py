"""What must be true when a crowd is done: each sample answered by so many people, nothing lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from activeloop.store.db import Session
from activeloop.store.tables import Consensus, Label, Sample, User
from benchmarks.load.annotators import Acknowledged


@dataclass(frozen=True)
class Proof:
    """What a project's tables say of a crowd's work.

    Attributes:
        samples: how many there are.
        answers: how many answers count.
        events: how many events there are in all.
        spare: answers that came too late to count, and are kept.
        faults: each broken promise, in a sentence; none should be.
    """

    samples: int
    answers: int
    events: int
    spare: int
    faults: tuple[str, ...]


def prove(session: Session, project_id: int, told: Iterable[Acknowledged], *, wanted: int) -> Proof:
    """Hold a project's events against what its annotators were told."""
    events = session.execute(
        select(
            Label.id, Label.number, Label.sample_id, User.name, Label.kind, Label.key,
            Label.undoes, Label.counted,
        )  # type: ignore[call-overload]
        .join(User, col(User.id) == col(Label.user_id))
        .where(Label.project_id == project_id)
        .order_by(col(Label.number))
    ).all()  # fmt: skip
    samples = session.exec(select(Sample.id).where(Sample.project_id == project_id)).all()
    complete = session.exec(
        select(Consensus.sample_id).where(
            Consensus.project_id == project_id, col(Consensus.complete).is_(True)
        )
    ).all()
    undone = {each.undoes for each in events}
    stand = [each for each in events if each.kind == "answer" and each.id not in undone]
    faults = [
        *_numbers(events),
        *_told(events, set(told)),
        *_people(samples, [each for each in stand if each.counted], wanted),
        *(f"sample {sample} is not complete" for sample in set(samples) - set(complete)),
    ]
    counted = sum(each.counted for each in stand)
    return Proof(len(samples), counted, len(events), len(stand) - counted, tuple(faults))


def _numbers(events: Sequence[Any]) -> Iterator[str]:
    if [each.number for each in events] != list(range(1, len(events) + 1)):
        yield "the numbers of the events have a gap, or one is doubled"


def _told(events: Sequence[Any], told: set[Acknowledged]) -> Iterator[str]:
    there = {
        Acknowledged(each.name, each.id, each.number, each.sample_id, each.key)
        for each in events
        if each.key
    }
    yield from (f"lost, though acknowledged: {each}" for each in told - there)
    yield from (f"recorded, though nobody was told: {each}" for each in there - told)
    keys = Counter((each.name, each.key) for each in events if each.key)
    yield from (f"recorded twice: {key}" for key, times in keys.items() if times > 1)


def _people(samples: Sequence[int], counted: Sequence[Any], wanted: int) -> Iterator[str]:
    by: defaultdict[int, list[str]] = defaultdict(list)
    for each in counted:
        by[each.sample_id].append(each.name)
    for sample in samples:
        if len(by[sample]) != wanted or len(set(by[sample])) != wanted:
            yield f"sample {sample} has the answers of {by[sample]}"
