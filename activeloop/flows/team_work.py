"""What a team did in a project, read once and in today's words, for the reports about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from activeloop.flows.snapshots import settle
from activeloop.learn import agreement
from activeloop.learn.crowd import believing
from activeloop.learn.crowd.believing import Said
from activeloop.learn.types import Estimate
from activeloop.spec import ProjectSpec
from activeloop.store.offers import GOLD
from activeloop.store.teamwork import Act


@dataclass(frozen=True)
class Answer:
    """An answer that somebody gave and did not take back.

    Attributes:
        value: what they said, in today's words; None when a class change made it void.
        counts: whether it counts for the sample's label; one to a gold sample does not.
        suggestion: what the model said of the sample, in today's words, seen or not.
    """

    sample: int
    person: int
    value: str | None
    at: datetime
    lead_ms: int | None
    offer: str | None
    counts: bool
    suggestion: str | None
    shown: bool

    @property
    def gold(self) -> bool:
        """Whether it was given to a sample whose label is known."""
        return self.offer == GOLD


@dataclass(frozen=True)
class TeamWork:
    """All that a report looks at.

    Attributes:
        answers: in order; those given to near-duplicates of a sample are not among them.
        others: (person, kind) of each skip, flag and propagated answer that stands.
        moments: when each person answered or skipped, in order, also what they took back.
        said: what stands for each sample, propagated answers included.
        labels: what training takes as each sample's label.
        disputed: how many samples are disputed now.
    """

    spec: ProjectSpec
    answers: Sequence[Answer]
    others: Sequence[tuple[int, str]]
    moments: Mapping[int, Sequence[datetime]]
    said: Said
    labels: Mapping[int, str]
    disputed: int


def team_work(spec: ProjectSpec, rule: agreement.Rule, acts: Iterable[Act]) -> TeamWork:
    """Put a project's events, in order, into the form that reports need."""
    told = list(acts)
    events = [act.event for act in told]
    undone = {event.undoes for event in events if event.kind == "undo"}
    by_sample = agreement.replay(events, rule)
    moments: dict[int, list[datetime]] = {}
    others: list[tuple[int, str]] = []
    answers: list[Answer] = []
    for act in told:
        person, kind = act.event.user_id or 0, act.event.kind
        if kind in ("answer", "skip"):
            moments.setdefault(person, []).append(act.at)
        if act.event.id in undone:
            continue
        if kind == "answer":
            answers.append(_answer(act, rule))
        elif kind in ("skip", "flag", "propagated"):
            others.append((person, kind))
    return TeamWork(
        spec=spec,
        answers=answers,
        others=others,
        moments=moments,
        said=believing.gathered(events, rule),
        labels=settle(spec, rule, events),
        disputed=sum(each.disputed for each in by_sample.values()),
    )


def _answer(act: Act, rule: agreement.Rule) -> Answer:
    event = act.event
    value = agreement.carried(event.label, event.number, rule)
    return Answer(
        sample=event.sample_id,
        person=event.user_id or 0,
        value=value,
        at=act.at,
        lead_ms=act.lead_ms,
        offer=act.offer,
        counts=event.counted and value is not None,
        suggestion=agreement.carried(act.suggestion, event.number, rule),
        shown=act.shown,
    )


def told(estimate: Estimate | None) -> dict[str, Any] | None:
    """Give a figure as JSON."""
    return None if estimate is None else asdict(estimate)
