"""What a change of the label set touches: worked out beforehand, or settled anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activeloop.events import Change
from activeloop.flows.class_plans import Names, Plan
from activeloop.learn import agreement
from activeloop.store import label_sets, labels, projects, reviews, rewording
from activeloop.store.db import Session
from activeloop.store.label_sets import Outcome, Standing

FAST = ("rename", "merge")
"""Kinds after which answers that were all alike are all alike still."""


@dataclass
class Effect:
    """What a change comes to.

    Attributes:
        samples: how many were ever said to be one of the classes.
        answers: how many answers name them, those taken back included.
        relabelled: how many samples get another label, or the same under another name.
        void: how many answers no longer stand.
        requeued: how many samples are asked again.
        agreed: how many samples people no longer disagree on.
        gold: how many gold samples have one of the classes.
        gold_lost: how many of them are gold no more.
        queue: for how many samples of the queue a suggestion is cleared.
    """

    samples: int = 0
    answers: int = 0
    relabelled: int = 0
    void: int = 0
    requeued: int = 0
    agreed: int = 0
    gold: int = 0
    gold_lost: int = 0
    queue: int = 0

    def as_json(self) -> dict[str, int]:
        """Give the counts by their names."""
        return dict(vars(self))


@dataclass(frozen=True)
class Touch:
    """Where a change reaches: the classes' names, of today and before, and the rules about it."""

    project_id: int
    plan: Plan
    names: Sequence[str]
    said: Sequence[str]
    rule: agreement.Rule
    next_rule: agreement.Rule
    only: agreement.Rule = field(repr=False)

    @property
    def several(self) -> bool:
        """Whether an answer names several classes."""
        return self.rule.classes is not None

    @property
    def alike(self) -> bool:
        """Whether labels on which all agree only need to be put into other words."""
        return self.plan.kind in FAST or (self.several and self.plan.kind == "retire")

    def carried(self, text: str) -> str | None:
        """Carry a label of today through the change."""
        return agreement.carried(text, 0, self.only)


def touch(session: Session, project_id: int, plan: Plan, number: int) -> Touch:
    """Read what is needed to carry a project through a change that will have this number."""
    changes = labels.changes(session, project_id)
    change = Change(number, plan.kind, plan.mapping)
    return Touch(
        project_id=project_id,
        plan=plan,
        names=list(plan.mapping),
        said=_once_called(list(plan.mapping), [each.mapping for each in changes]),
        rule=agreement.Rule.of(plan.before, changes),
        next_rule=agreement.Rule.of(plan.after, [*changes, change]),
        only=agreement.Rule.of(plan.after, [Change(1, plan.kind, plan.mapping)]),
    )


def _once_called(names: Sequence[str], mappings: Sequence[Names]) -> list[str]:
    """Add what some classes were called before, through all earlier changes."""
    found = dict.fromkeys(names)
    for mapping in reversed(mappings):
        found |= dict.fromkeys(old for old, new in mapping.items() if new in found)
    return list(found)


def hold(session: Session, project_id: int, plan: Plan) -> None:
    """Lock the samples whose answers will be counted anew, before the events stand still."""
    label_sets.lock(session, _divided(session, touch(session, project_id, plan, 0)))


def preview(session: Session, project_id: int, plan: Plan) -> Effect:
    """Work out what a change would come to."""
    at = touch(session, project_id, plan, projects.tally(session, project_id).events + 1)
    effect = _reach(session, at)
    for outcomes in _outcomes(session, at):
        _add_up(effect, outcomes)
    return effect


def carry_over(
    session: Session, project_id: int, plan: Plan, *, number: int, now: datetime
) -> Effect:
    """Carry labels, gold, slots, reviews and suggestions through a change of that number."""
    at = touch(session, project_id, plan, number)
    effect = _reach(session, at)
    answer = plan.before.answer
    counts = {"labelled_train": 0, "labelled_audit": 0}
    for outcomes in _outcomes(session, at):
        _add_up(effect, outcomes)
        _settle(session, project_id, outcomes, number=number, now=now)
        for outcome, _ in outcomes:
            before, after = outcome.standing.before, outcome.agreed
            step = int(after.complete and after.label is not None) - int(before.labelled)
            counts[f"labelled_{outcome.standing.stratum}"] += step
    # after those that are counted anew: they are found by what their answers were
    words = {text: at.carried(text) or "" for text in _texts(session, at)}
    rewording.reword(session, project_id, words, all_=plan.kind == "rename")
    gold = rewording.gold_texts(session, project_id, at.names, answer)
    rewording.reword_gold(session, project_id, {text: at.carried(text) for text in gold})
    rewording.forget_suggestions(session, project_id, at.names, answer)
    projects.count(session, project_id, **counts)
    return effect


def _reach(session: Session, at: Touch) -> Effect:
    """Count what names the classes."""
    answer = at.plan.before.answer
    if not at.names:
        return Effect()
    ids = label_sets.touched(session, at.project_id, at.said, answer, split_only=False)
    texts = _texts(session, at)
    gold = rewording.gold_texts(session, at.project_id, at.names, answer)
    return Effect(
        samples=len(ids),
        answers=rewording.count_answers(session, at.project_id, at.said, answer),
        relabelled=sum(texts.values()),
        gold=sum(gold.values()),
        gold_lost=sum(number for text, number in gold.items() if at.carried(text) is None),
        queue=rewording.suggested(session, at.project_id, at.names, answer),
    )


def _texts(session: Session, at: Touch) -> dict[str, int]:
    """Count the labels that only need to be put into other words, by their text."""
    if not at.alike:
        return {}
    answer, all_ = at.plan.before.answer, at.plan.kind == "rename"
    found = rewording.texts(session, at.project_id, at.names, answer, all_=all_)
    return {text: n for text, n in found.items() if at.carried(text) not in (None, text)}


def _divided(session: Session, at: Touch) -> list[int]:
    """List the samples whose answers must be counted anew."""
    if not at.names or at.plan.kind == "rename":
        return []
    return label_sets.touched(
        session, at.project_id, at.said, at.plan.before.answer, split_only=at.alike
    )


Voided = tuple[Outcome, list[int]]
"""What a sample comes to, and the events that no longer stand."""


def _outcomes(session: Session, at: Touch) -> Iterator[list[Voided]]:
    for chunk in label_sets.standing(session, _divided(session, at)):
        yield [_outcome(each, at) for each in chunk]


def _outcome(sample: Standing, at: Touch) -> Voided:
    stood = {event.id: event for event, _ in agreement.stands(sample.events, at.rule)}
    stays = {event.id for event, _ in agreement.stands(sample.events, at.next_rule)}
    void = [event for event_id, event in stood.items() if event_id not in stays]
    agreed = agreement.agree(sample.events, at.next_rule)
    # a slot was taken by each answer that no longer stands
    freed = sum(event.kind in agreement.SAID for event in void)
    slots = freed + agreed.wants - sample.before.wants
    return Outcome(sample, agreed, slots), [event.id for event in void]


def _add_up(effect: Effect, outcomes: Sequence[Voided]) -> None:
    for outcome, void in outcomes:
        before, after = outcome.standing.before, outcome.agreed
        effect.relabelled += int(before.label != after.label)
        effect.void += len(void)
        effect.requeued += int(outcome.slots > 0)
        effect.agreed += int(before.disputed and not after.disputed and after.complete)


def _settle(
    session: Session,
    project_id: int,
    outcomes: Sequence[Voided],
    *,
    number: int,
    now: datetime,
) -> None:
    label_sets.settle(session, project_id, [outcome for outcome, _ in outcomes], number=number)
    gone = [event_id for _, void in outcomes for event_id in void]
    label_sets.void(session, label_sets.offers_of(session, gone))
    disputed: dict[int, Mapping[str, Any]] = {}
    settled: list[int] = []
    for outcome, _ in outcomes:
        sample_id, after = outcome.standing.sample_id, outcome.agreed
        if after.disputed and not outcome.standing.before.disputed:
            disputed[sample_id] = {"answers": after.answers, "agreement": after.agreement}
        elif outcome.standing.before.disputed and not after.disputed:
            settled.append(sample_id)
    reviews.settle_many(session, settled, reviews.DISAGREEMENT, now=now)
    reviews.open_many(session, project_id, disputed, reviews.DISAGREEMENT, now=now)
