"""Whatever people do, in any order: no lease doubled, no answer lost, no sample answered twice."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from activeloop.errors import Conflict, Crossed, NotFound
from activeloop.flows.labelling import Given
from activeloop.flows.ruling import Ruling, Verdict
from activeloop.settings import read_settings
from activeloop.store import schema
from activeloop.wiring import Services, build
from tests.flows import crowd_laws
from tests.flows.crowd import CLASSES, Crowd, Held, Said, crowd
from tests.flows.handmade import people

REFUSED = (Conflict, NotFound)
"""What may be said of an act that comes too late or was done already."""

PEOPLE = 3
ACTS = 40
"""What each tab does."""
WHO = st.integers(0, PEOPLE - 1)
NAMES = st.lists(st.sampled_from(CLASSES), min_size=0, max_size=2, unique=True)
LUCK = st.integers(0, 2**16)


class Labelling(RuleBasedStateMachine):
    """Three people, six samples, every act there is."""

    offers = Bundle("offers")
    said = Bundle("said")

    def __init__(self, services: Services, users: Sequence[int]) -> None:
        super().__init__()
        self.services, self.users = services, users
        self.crowd: Crowd
        self.state: crowd_laws.State

    @initialize(
        wanted=st.integers(1, 3),
        extra=st.integers(0, 2),
        least=st.sampled_from([0.5, 0.7]),
        several=st.booleans(),
    )
    def begin(self, wanted: int, extra: int, least: float, *, several: bool) -> None:
        self.crowd = crowd(
            self.services,
            self.users,
            samples=6,
            answers_per_sample=wanted,
            extra_answers=extra,
            min_agreement=least,
            answer="several" if several else "one",
        )

    @rule(target=offers, who=WHO, count=st.integers(1, 4), luck=LUCK)
    def ask(self, who: int, count: int, luck: int) -> Any:
        return multiple(*self.crowd.offer(self.users[who], count, luck))

    @rule(target=said, who=WHO, names=NAMES, luck=LUCK, group=st.booleans())
    def work(self, who: int, names: list[str], luck: int, *, group: bool) -> Any:
        """Ask for a sample and answer it at once: an open offer's answer is always taken."""
        held = self.crowd.offer(self.users[who], 1, luck)
        if not held:
            return multiple()
        given = Given(self.crowd.value(names), group=group)
        return self.crowd.answer(held[0], given)

    @rule(target=said, held=offers, names=NAMES, group=st.booleans())
    def answer(self, held: Held, names: list[str], *, group: bool) -> Any:
        """Answer what may have been lost, released or answered long since."""
        return self._tried(
            lambda: self.crowd.answer(held, Given(self.crowd.value(names), group=group))
        )

    @rule(target=said, held=offers)
    def skip(self, held: Held) -> Any:
        return self._tried(lambda: self.crowd.answer(held, Given(None)))

    def _tried(self, do: Callable[[], Said]) -> Any:
        try:
            return do()
        except REFUSED:
            return multiple()

    @rule(said=said)
    def send_again(self, said: Said) -> None:
        """The same key and body give the same event back, however late."""
        held = Held(said.user, said.offer_id or 0, 0)
        again = self.crowd.answer(held, said.given, said.key)
        assert (again.label_id, again.number) == (said.label_id, said.number)

    @rule(said=said, other=st.sampled_from(CLASSES))
    def use_a_key_for_something_else(self, said: Said, other: str) -> None:
        given = Given(self.crowd.value([other]), note="something else")
        with pytest.raises(Conflict, match="key"):
            self.crowd.answer(Held(said.user, said.offer_id or 0, 0), given, said.key)

    @rule(said=said)
    def undo(self, said: Said) -> None:
        with contextlib.suppress(*REFUSED):
            self.crowd.undo(said)
            assert self.crowd.undo(said).replayed

    @rule(target=said, said=said, names=NAMES, group=st.booleans())
    def revise(self, said: Said, names: list[str], *, group: bool) -> Any:
        return self._tried(
            lambda: self.crowd.revise(said, Given(self.crowd.value(names), group=group))
        )

    @rule(held=offers)
    def release(self, held: Held) -> None:
        self.crowd.release(held)
        assert not self.crowd.keep(held)

    @rule(held=offers)
    def keep(self, held: Held) -> None:
        self.crowd.keep(held)

    @rule(held=offers)
    def run_out(self, held: Held) -> None:
        self.crowd.run_out(held)

    @rule(nth=LUCK)
    def lose(self, nth: int) -> None:
        """Lose a lease that somebody has: the way to most of what can go wrong."""
        for held in self._some("open", nth):
            self.crowd.run_out(held)
            self.crowd.tick()

    @rule(target=said, nth=LUCK, name=st.sampled_from(CLASSES))
    def answer_late(self, nth: int, name: str) -> Any:
        """Answer what was lost."""
        given = Given(self.crowd.value([name]))
        found = self._some("expired", nth)
        return self._tried(lambda: self.crowd.answer(found[0], given)) if found else multiple()

    def _some(self, state: str, nth: int) -> list[Held]:
        found = [each for each in self.state.offers if each.state == state]
        if not found:
            return []
        row = found[nth % len(found)]
        return [Held(row.user_id, row.id, row.sample_id)]

    @rule()
    def tick(self) -> None:
        self.crowd.tick()

    @rule(held=offers, who=WHO, names=NAMES)
    def decide(self, held: Held, who: int, names: list[str]) -> None:
        self.crowd.decide(self.users[who], held.sample_id, self.crowd.value(names))

    @rule(nth=LUCK, who=WHO, names=NAMES, verdict=st.sampled_from(["decide", "dismiss", "again"]))
    def review(self, nth: int, who: int, names: list[str], verdict: Verdict) -> None:
        waiting = self.crowd.waiting()
        if waiting:
            label = self.crowd.value(names) if verdict == "decide" else None
            self.crowd.rule(self.users[who], waiting[nth % len(waiting)], Ruling(verdict, label))

    @rule(held=offers, who=WHO, names=NAMES)
    def mark_as_gold(self, held: Held, who: int, names: list[str]) -> None:
        self.crowd.mark(self.users[who], held.sample_id, self.crowd.value(names))

    @rule(held=offers, who=WHO)
    def unmark(self, held: Held, who: int) -> None:
        with contextlib.suppress(NotFound):
            self.crowd.unmark(self.users[who], held.sample_id)

    @rule(held=offers)
    def flag(self, held: Held) -> None:
        self.crowd.flag(held)

    @invariant()
    def laws(self) -> None:
        if hasattr(self, "crowd"):
            self.state = crowd_laws.check(
                self.services, self.crowd.project, self.crowd.acknowledged
            )


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Give one throw-away database for all runs: making it takes longer than a run."""
    home = tmp_path_factory.mktemp("machine") / "data"
    services = build(read_settings(data=home), durable=False)
    schema.upgrade(services.database)
    yield services
    services.database.close()


def test_no_order_of_acts_doubles_a_lease_or_loses_an_answer(fast: Services) -> None:
    users = people(fast, PEOPLE)
    run_state_machine_as_test(
        lambda: Labelling(fast, users),  # type: ignore[arg-type]
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def lost(party: Crowd, user: int) -> Held:
    """Give somebody a sample, and let the clock take it back."""
    (held,) = party.offer(user, 1, luck=0)
    party.run_out(held)
    party.tick()
    return held


def too_late(party: Crowd, users: Sequence[int]) -> tuple[Held, Said]:
    """Let an answer come when two others hold the sample, who then give it back."""
    late, *others = users
    held = lost(party, late)
    theirs = [party.offer(user, 1, luck=0)[0] for user in others]
    assert {each.sample_id for each in theirs} == {held.sample_id}
    said = party.answer(held, Given("a"))
    for each in theirs:
        party.release(each)
    return held, said


def test_taking_back_a_late_answer_that_counted_for_nothing_gives_no_second_lease(
    services: Services,
) -> None:
    users = people(services, 3)
    party = crowd(services, users, answers_per_sample=2, gold_share=0.0, audit_share=0.0)
    held, said = too_late(party, users)
    party.answer(held, Given("b"))
    assert party.undo(said).offered is None
    crowd_laws.check(services, party.project, party.acknowledged)


def test_taking_back_a_late_answer_leaves_the_sample_under_the_newer_lease(
    services: Services,
) -> None:
    users = people(services, 3)
    party = crowd(services, users, answers_per_sample=2, gold_share=0.0, audit_share=0.0)
    _, said = too_late(party, users)
    (again,) = party.offer(users[0], 1, luck=0)
    offered = party.undo(said).offered
    assert offered is not None
    assert offered.offer.id == again.offer_id
    crowd_laws.check(services, party.project, party.acknowledged)


def test_what_was_answered_with_a_group_has_no_offer_of_its_own(services: Services) -> None:
    users = people(services, 1)
    party = crowd(services, users, gold_share=0.0, audit_share=0.0)
    (held,) = party.offer(users[0], 1, luck=0)
    said = party.answer(held, Given("a", group=True))
    party.undo(said)
    state = crowd_laws.check(services, party.project, party.acknowledged)
    given = [each for each in state.offers if each.kind == "propagated"]
    assert given
    for each in given:
        with pytest.raises(NotFound):
            party.answer(Held(each.user_id, each.id, each.sample_id), Given("b"))


class Tab:
    """A browser tab that does what comes to mind; a person may have several."""

    def __init__(self, party: Crowd, user: int, seed: int) -> None:
        self.party, self.user = party, user
        self.chance = random.Random(seed)  # noqa: S311 - chance, no secret
        self.held: list[Held] = []
        self.said: list[Said] = []
        self.faults: list[BaseException] = []

    def live(self) -> None:
        try:
            for _ in range(ACTS):
                self.act()
        except BaseException as fault:  # noqa: BLE001 - told by the test, whatever it is
            self.faults.append(fault)

    def act(self) -> None:
        what = self.chance.choices(
            (self.ask, self.answer, self.double, self.undo, self.revise, self.let_go, self.lose,
             self.decide),
            (16, 20, 4, 6, 6, 4, 4, 1),
        )[0]  # fmt: skip
        with contextlib.suppress(*REFUSED, Crossed, IndexError):  # IndexError: nothing to act upon
            what()

    def ask(self) -> None:
        luck = self.chance.randrange(2**16)
        self.held += self.party.offer(self.user, self.chance.randint(1, 4), luck)

    def answer(self) -> None:
        held = self.chance.choice(self.held[-6:])
        self.said.append(self.party.answer(held, self.given()))

    def given(self) -> Given:
        skip = self.chance.random() < 0.2
        group = self.chance.random() < 0.3
        return Given(None if skip else self.chance.choice(CLASSES), group=group)

    def double(self) -> None:
        said = self.chance.choice(self.said)
        again = self.party.answer(Held(said.user, said.offer_id or 0, 0), said.given, said.key)
        assert again.label_id == said.label_id

    def undo(self) -> None:
        self.party.undo(self.chance.choice(self.said[-5:]))

    def revise(self) -> None:
        self.said.append(self.party.revise(self.chance.choice(self.said[-5:]), self.given()))

    def let_go(self) -> None:
        self.party.release(self.chance.choice(self.held[-6:]))

    def lose(self) -> None:
        self.party.run_out(self.chance.choice(self.held[-6:]))
        self.party.tick()

    def decide(self) -> None:
        held = self.chance.choice(self.held)
        self.party.decide(self.user, held.sample_id, self.chance.choice(CLASSES))


def test_eight_tabs_at_once_keep_every_law(services: Services) -> None:
    users = people(services, 5)
    party = crowd(services, users, samples=48, answers_per_sample=2, extra_answers=1)
    tabs = [Tab(party, users[n % len(users)], n) for n in range(8)]
    threads = [threading.Thread(target=tab.live) for tab in tabs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [fault for tab in tabs for fault in tab.faults] == []
    state = crowd_laws.check(services, party.project, party.acknowledged)
    kinds = {each.kind for each in state.events}
    assert kinds == {"answer", "skip", "undo", "propagated", "decision"}
