"""What holds of a project after every act of its people, read from its tables alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Table, bindparam, select

from activeloop.events import Agreed, Event
from activeloop.flows import projects, settling
from activeloop.learn import agreement
from activeloop.store.db import Session
from activeloop.store.tables import Consensus, Gold, Label, Offer, Project, Review, Sample, Tally
from activeloop.wiring import Services

Row = Any

_TABLES: dict[str, Table] = {
    model.__name__: model.__table__  # type: ignore[union-attr]
    for model in (Tally, Sample, Offer, Label, Consensus, Gold, Review)
}
_OF_PROJECT = {
    name: select(table)
    .where(table.c.project_id == bindparam("project"))
    .order_by(*([table.c.number] if name == "Label" else table.primary_key.columns))
    for name, table in _TABLES.items()
}


@dataclass(frozen=True)
class State:
    """All that a project's tables say, read at one moment."""

    rule: agreement.Rule
    tally: Row
    samples: Sequence[Row]
    offers: Sequence[Row]
    events: Sequence[Row]
    kept: Mapping[int, Row]
    gold: frozenset[int]
    reviews: frozenset[tuple[int, str]]

    @cached_property
    def undone(self) -> frozenset[int]:
        """Events that were taken back."""
        return frozenset(each.undoes for each in self.events if each.undoes is not None)

    @cached_property
    def agreed(self) -> dict[int, Agreed]:
        """What the events come to."""
        return agreement.replay((_event(each) for each in self.events), self.rule)

    @cached_property
    def unseen(self) -> frozenset[int]:
        """Offers of gold, which take no slot and whose answers make no label."""
        return frozenset(each.id for each in self.offers if each.kind == "gold")

    @cached_property
    def standing(self) -> list[Row]:
        """Answers by people that count, for a label or for a score."""
        return [
            each
            for each in self.events
            if each.kind in agreement.SAID
            and each.id not in self.undone
            and (each.counted or each.offer_id in self.unseen)
        ]

    @cached_property
    def open(self) -> list[Row]:
        """Offers under a lease, also one that has run out since the clock last came."""
        return [each for each in self.offers if each.state == "open"]


def _event(row: Row) -> Event:
    return Event(
        row.id, row.sample_id, row.kind, row.label, row.undoes, row.counted, row.number, row.user_id
    )


def read(services: Services, project: Project) -> State:
    """Read a project's tables."""
    with services.read() as session:
        found = projects.find(session, project.id)
        (tally,) = _rows(session, project, "Tally")
        reviews = _rows(session, project, "Review")
        return State(
            rule=settling.rule_of(session, found, projects.spec_of(found)),
            tally=tally,
            samples=_rows(session, project, "Sample"),
            offers=_rows(session, project, "Offer"),
            events=_rows(session, project, "Label"),
            kept={each.sample_id: each for each in _rows(session, project, "Consensus")},
            gold=frozenset(each.sample_id for each in _rows(session, project, "Gold")),
            reviews=frozenset(
                (each.sample_id, each.state) for each in reviews if each.reason == "disagreement"
            ),
        )


def _rows(session: Session, project: Project, name: str) -> Sequence[Row]:
    return session.connection().execute(_OF_PROJECT[name], {"project": project.id}).all()


def check(
    services: Services, project: Project, acknowledged: Mapping[int, tuple[int, str]] | None = None
) -> State:
    """Check every law; `acknowledged` is event number to event id and kind."""
    state = read(services, project)
    _nothing_lost(state, acknowledged or {})
    _nobody_twice(state)
    _slots(state)
    _consensus(state)
    _counts(state)
    _groups(state)
    return state


def _nothing_lost(state: State, acknowledged: Mapping[int, tuple[int, str]]) -> None:
    assert [each.number for each in state.events] == list(range(1, state.tally.events + 1))
    there = {each.number: (each.id, each.kind) for each in state.events}
    assert {number: there.get(number) for number in acknowledged} == dict(acknowledged)
    undoing = [each.undoes for each in state.events if each.undoes is not None]
    assert len(undoing) == len(state.undone), "an event was taken back twice"


def _nobody_twice(state: State) -> None:
    """Nobody has two answers to a sample that count, nor one and a lease beside it."""
    has = Counter((each.sample_id, each.user_id) for each in [*state.standing, *state.open])
    assert max(has.values(), default=0) <= 1, has.most_common(1)


def _slots(state: State) -> None:
    """A sample's slots are the answers it wants, less those that count, less the open leases.

    A lease that has run out is open, and holds its slot, until the clock takes it back. Slots are
    below nought while somebody holds a sample that wants no more, as after a reviewer's decision.
    What is offered as gold is outside all this.
    """
    people = Counter(each.sample_id for each in state.standing if each.counted)
    leases = Counter(each.sample_id for each in state.open if each.kind != "gold")
    once_more = {each.sample_id for each in state.events if each.kind == agreement.AGAIN}
    for sample in state.samples:
        wants = state.kept[sample.id].wants if sample.id in state.kept else state.rule.wanted
        assert people[sample.id] <= wants, sample.seq
        assert sample.slots == wants - people[sample.id] - leases[sample.id], sample.seq
        if sample.id not in once_more:
            most = state.rule.wanted + state.rule.extra
            assert people[sample.id] + max(sample.slots, 0) <= most, sample.seq


def _consensus(state: State) -> None:
    nothing = agreement.agree([], state.rule)
    for sample in state.samples:
        kept = state.kept.get(sample.id)
        there = nothing if kept is None else _as_agreed(kept)
        assert there == state.agreed.get(sample.id, nothing), sample.seq
    disputed = {sample_id for sample_id, each in state.kept.items() if each.disputed}
    waiting = {sample_id for sample_id, at in state.reviews if at == "open"}
    dismissed = {sample_id for sample_id, at in state.reviews if at == "dismissed"}
    assert waiting <= disputed <= waiting | dismissed


def _as_agreed(kept: Row) -> Agreed:
    return Agreed(
        kept.label,
        kept.answers,
        kept.agreement,
        complete=kept.complete,
        disputed=kept.disputed,
        wants=kept.wants,
    )


def _counts(state: State) -> None:
    stand = Counter(each.kind for each in state.events if each.id not in state.undone)
    settled = Counter(
        sample.stratum
        for sample in state.samples
        if (agreed := state.agreed.get(sample.id)) and agreed.complete and agreed.label is not None
    )
    found = state.tally
    assert (found.answers, found.skips) == (stand["answer"], stand["skip"])
    assert (found.labelled_train, found.labelled_audit) == (settled["train"], settled["audit"])


def _groups(state: State) -> None:
    """What was given to near-duplicates stands only while an answer under its offer does."""
    under = {
        each.offer_id
        for each in state.events
        if each.kind == "answer" and each.id not in state.undone
    }
    of_offer = {each.id: each.of_offer for each in state.offers if each.kind == "propagated"}
    for each in state.events:
        if each.kind == "propagated" and each.id not in state.undone:
            assert of_offer[each.offer_id] in under, each.number
