"""Whatever is answered and changed, in any order and at once: replay gives the current labels."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activeloop.errors import ActiveloopError, Conflict, Crossed, Invalid
from activeloop.flows import deciding, label_sets, labelling, projects, taking_back
from activeloop.flows.class_plans import KINDS, Wanted
from activeloop.settings import read_settings
from activeloop.store import db
from activeloop.store.db import Session
from activeloop.store.tables import Project
from activeloop.wiring import Services, build
from tests.flows.handmade import people, pool
from tests.flows.pools import opened
from tests.flows.test_label_sets import change, check_laws, classes, now_of
from tests.flows.test_labelling import answer, take

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["answer"] * 6 + ["skip", "undo", "decide", *KINDS]), st.integers(0, 2**16)
    ),
    min_size=8,
    max_size=30,
)


class Life:
    """A project that things are done to, by chance."""

    def __init__(self, services: Services, project: Project, crowd: list[int]) -> None:
        self.services, self.project, self.crowd = services, project, crowd
        self.events: list[tuple[int, int]] = []
        self.names = 0

    def step(self, what: str, luck: int) -> None:
        chance = random.Random(luck)  # noqa: S311 - chance, no secret
        project = now_of(self.services, self.project)
        known = list(project.spec["classes"])
        try:
            if what in KINDS:
                self._change(what, known, chance)
            elif what == "undo" and self.events:
                user, event = chance.choice(self.events)
                with self.services.write() as session:
                    taking_back.undo(session, project, user, event)
            else:
                self._say(project, what, known, chance)
        except (Conflict, Invalid):
            pass  # it does not fit what was done before

    def _say(self, project: Project, what: str, known: list[str], chance: random.Random) -> None:
        user = chance.choice(self.crowd)
        held = take(self.services, project, user).offers
        if not held:
            return
        label: str | None = chance.choice(known)
        if project.spec["answer"] == "several":
            picked = [name for name in known if chance.random() < 0.5]
            label = "[" + ", ".join(f'"{name}"' for name in picked) + "]"
        key = str(chance.random())
        if what == "decide" and label is not None:
            with self.services.write() as session:
                deciding.decide(
                    session, project, user, sample_id=held[0].sample.id, label=label, note="",
                    key=key,
                )  # fmt: skip
            return
        label = None if what == "skip" else label
        event = answer(self.services, project, user, held[0].offer.id, label, key=key)
        self.events.append((user, event.id))

    def _change(self, what: str, known: list[str], chance: random.Random) -> None:
        self.names += 2
        new = (f"n{self.names}", f"n{self.names + 1}")
        some = tuple(chance.sample(known, min(2, len(known))))
        wanted: dict[str, Wanted] = {
            "rename": Wanted("rename", some[:1], new[:1]),
            "merge": Wanted("merge", some, chance.choice([new[:1], some[:1]])),
            "split": Wanted("split", some[:1], chance.choice([new, (some[0], new[0])])),
            "add": Wanted("add", (), new[:1]),
            "retire": Wanted("retire", some[:1]),
        }
        with self.services.write() as session:
            found = projects.find(session, self.project.id)
            label_sets.apply(session, found, wanted[what], user_id=None)


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, list[int]]]:
    """Give one database for many lives: making it takes longer than a life."""
    services = opened(tmp_path_factory.mktemp("lives") / "data")
    yield services, people(services, 3)
    services.database.close()


@settings(max_examples=15, deadline=None)
@given(steps=STEPS, wanted=st.integers(1, 2), extra=st.integers(0, 1), several=st.booleans())
def test_replaying_events_and_changes_gives_the_current_labels(
    lived_in: tuple[Services, list[int]],
    steps: list[tuple[str, int]],
    wanted: int,
    extra: int,
    *,
    several: bool,
) -> None:
    services, crowd = lived_in
    project = pool(
        services, 5, audit=1, name=f"life-{secrets.token_hex(8)}", classes=["a", "b", "c"],
        answers_per_sample=wanted, extra_answers=extra, answer="several" if several else "one",
    )  # fmt: skip
    life = Life(services, project, crowd)
    for what, luck in steps:
        life.step(what, luck)
    check_laws(services, project)


def test_labels_that_arrive_while_the_classes_change_lose_nothing(services: Services) -> None:
    project = pool(services, 60, classes=["a", "b", "c"], answers_per_sample=2)
    crowd = people(services, 3)
    said: list[int] = []
    faults: list[Exception] = []

    def label(user: int) -> None:
        chance = random.Random(user)  # noqa: S311
        for number in range(20):
            try:
                said.append(_label_one(services, project, user, chance, str(number)))
            except ActiveloopError as error:
                faults.append(error)

    threads = [threading.Thread(target=label, args=(user,)) for user in crowd]
    for each in threads:
        each.start()
    for kind, names in (
        ("rename", "a>x"),
        ("split", "b>y+z"),
        ("merge", "x+y>w"),
        ("retire", "c"),
    ):
        _patiently(partial(change, services, project, kind, names))
    for each in threads:
        each.join()
    assert faults == []
    assert len(said) == 60
    assert classes(services, project) == ["w", "z"]
    check_laws(services, project)


def _label_one(
    services: Services, project: Project, user: int, chance: random.Random, key: str
) -> int:
    def once() -> int:
        held = take(services, project, user).offers[0]
        given = labelling.Given(chance.choice(classes(services, project)))
        with services.write() as session:
            found = projects.find(session, project.id)  # as the door does, in the same transaction
            recorded = labelling.record(
                session, found, user, given, offer_id=held.offer.id, key=f"{key} {given.label}"
            )
        return recorded.id

    return int(_patiently(once))


def _patiently(do: Callable[[], Any]) -> Any:
    """Do it again when it crossed another's, as the web does, or named a class just split."""
    for _ in range(20):
        try:
            return do()
        except (Crossed, Invalid):
            continue
    return do()


def test_an_answer_that_a_change_overtakes_is_written_in_no_words_at_all(
    tmp_path: Path, migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build(read_settings(data=tmp_path / "data", database_url=migrated_postgres_url))
    project, (ann,) = pool(services, 1), people(services, 1)
    (held,) = take(services, project, ann).offers
    read = db.now

    def overtaken(session: Session) -> datetime:
        # after the classes were read, and before the answer has its number
        monkeypatch.undo()
        change(services, project, "rename", "cat>feline")
        return read(session)

    monkeypatch.setattr(db, "now", overtaken)
    with pytest.raises(Crossed):
        answer(services, project, ann, held.offer.id, "cat", key="once")
    answer(services, now_of(services, project), ann, held.offer.id, "cat", key="once")
    check_laws(services, project)
    services.database.close()
