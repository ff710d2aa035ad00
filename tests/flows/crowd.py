"""People who label one project at once, each act in a transaction of its own, as the doors do."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from sqlmodel import select

from activeloop import answers
from activeloop.flows import deciding, gold, labelling, projects, taking_back
from activeloop.flows.ruling import Ruling, rule
from activeloop.store import db, offers, rankings, reviews
from activeloop.store.db import Session
from activeloop.store.tables import Label, Offer, Project, Ranking, Sample
from activeloop.wiring import Services
from tests.flows.handmade import NOW, pool

CLASSES = ("a", "b", "c")
GOLD, RANKED = 1, 2
"""Sample 0 is for audit; those from RANKED on are ranked, in threes alike, but for the last."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Held:
    """An offer that somebody was given, whatever has become of it."""

    user: int
    offer_id: int
    sample_id: int


@dataclass(frozen=True)
class Said:
    """An event that was acknowledged."""

    user: int
    label_id: int
    number: int
    offer_id: int | None
    kind: str
    given: labelling.Given
    key: str


@dataclass
class Crowd:
    """A project, its people, and what the service has told them.

    Attributes:
        services: where the project is.
        project: the project.
        people: the users who label it.
        acknowledged: event number to event id and kind, of every event told to anybody.
    """

    services: Services
    project: Project
    people: Sequence[int]
    acknowledged: dict[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def several(self) -> bool:
        """Whether an answer may name several classes."""
        return bool(self.project.spec["answer"] == "several")

    def value(self, names: Sequence[str]) -> str:
        """Give the text of an answer that names these; of one label the first counts."""
        return answers.joined(names, CLASSES) if self.several else (*names, CLASSES[0])[0]

    def act(self, do: Callable[[Session, Project], Result]) -> Result:
        """Do something in a transaction of its own, again when it crossed another's."""
        return self.services.settle(lambda session: do(session, self._found(session)))

    def _found(self, session: Session) -> Project:
        return projects.find(session, self.project.id)

    def offer(self, user: int, count: int, luck: int) -> list[Held]:
        """Ask for samples."""

        def asked(session: Session, project: Project) -> list[Held]:
            chance = random.Random(luck).random  # noqa: S311 - chance, no secret
            given = labelling.offer(session, project, user, count=count, chance=chance)
            assert len({each.sample.id for each in given.offers}) == len(given.offers)
            return [Held(user, each.offer.id, each.sample.id) for each in given.offers]

        return self.act(asked)

    def answer(self, held: Held, given: labelling.Given, key: str = "") -> Said:
        """Answer or skip.

        Raises:
            Conflict: when it comes too late, or the key stands for another answer.
        """
        used = key or secrets.token_hex(8)

        def told(session: Session, project: Project) -> labelling.Recorded:
            return labelling.record(
                session, project, held.user, given, offer_id=held.offer_id, key=used
            )

        return self._said(held.user, self.act(told), given, used)

    def revise(self, said: Said, given: labelling.Given, key: str = "") -> Said:
        """Change an answer.

        Raises:
            Conflict: when it is too late for that.
        """
        used = key or secrets.token_hex(8)

        def told(session: Session, project: Project) -> labelling.Recorded:
            return taking_back.revise(
                session, project, said.user, given, label_id=said.label_id, key=used
            )

        return self._said(said.user, self.act(told), given, used)

    def _said(
        self, user: int, recorded: labelling.Recorded, given: labelling.Given, key: str
    ) -> Said:
        self._note(recorded.number, recorded.id, recorded.kind)
        return Said(
            user, recorded.id, recorded.number, recorded.offer_id, recorded.kind, given, key
        )

    def _note(self, number: int, label_id: int, kind: str) -> None:
        assert self.acknowledged.setdefault(number, (label_id, kind)) == (label_id, kind)

    def undo(self, said: Said) -> taking_back.Undone:
        """Take an answer back.

        Raises:
            Conflict: when it is too late for that.
        """
        undone = self.act(
            lambda session, project: taking_back.undo(session, project, said.user, said.label_id)
        )
        if not undone.replayed:
            with self.services.read() as session:
                label_id = session.exec(
                    select(Label.id).where(
                        Label.project_id == self.project.id, Label.number == undone.number
                    )
                ).one()
            self._note(undone.number, label_id, "undo")
        return undone

    def release(self, held: Held) -> int:
        """Give a sample back."""
        return self.act(
            lambda session, project: labelling.release(session, project, held.user, [held.offer_id])
        )

    def keep(self, held: Held) -> bool:
        """Prolong a lease, and tell whether it still ran."""
        kept = self.act(
            lambda session, project: labelling.keep(
                session, project, held.user, [held.offer_id], seconds=60
            )
        )
        return held.offer_id in kept

    def decide(self, user: int, sample_id: int, label: str, key: str = "") -> None:
        """Settle a sample as a reviewer does."""
        self._say(
            "decision", deciding.decide, user, sample_id=sample_id, label=label, note="", key=key
        )

    def flag(self, held: Held) -> None:
        """Flag a sample that is or was in hand."""
        self._say("flag", deciding.flag, held.user, sample_id=held.sample_id, note="odd", key="")

    def _say(self, kind: str, do: Any, user: int, *, key: str, **what: Any) -> None:
        used = key or secrets.token_hex(8)
        event = self.act(lambda session, project: do(session, project, user, key=used, **what))
        self._note(event.number, event.id, kind)

    def mark(self, user: int, sample_id: int, label: str | None) -> None:
        """Make a sample gold."""
        self.act(
            lambda session, project: gold.mark(
                session, project, [sample_id], label=label, user_id=user
            )
        )

    def unmark(self, user: int, sample_id: int) -> None:
        """Let a sample be gold no more.

        Raises:
            NotFound: when it is not gold.
        """
        self.act(lambda session, project: gold.unmark(session, project, sample_id, user_id=user))

    def waiting(self) -> list[int]:
        """List the open reviews."""
        with self.services.read() as session:
            return [each.id for each in reviews.queue(session, self.project.id)]

    def rule(self, user: int, review_id: int, ruling: Ruling) -> None:
        """Rule on a review.

        Raises:
            Conflict: when it was closed meanwhile.
        """
        key = secrets.token_hex(8)
        self.act(lambda session, project: rule(session, project, user, review_id, ruling, key=key))

    def run_out(self, held: Held) -> None:
        """Let a lease end; the clock has not come round yet."""
        with self.services.write() as session:
            session.get_one(Offer, held.offer_id).leased_until -= timedelta(days=1)

    def tick(self) -> int:
        """Let the clock take back what has run out."""
        with self.services.write() as session:
            return offers.expire(session, db.now(session))


def crowd(services: Services, people: Sequence[int], samples: int = 7, **changes: Any) -> Crowd:
    """Make a project with an audit sample, a gold one, a ranking with near-duplicates, and more."""
    changes = {
        "name": f"crowd-{secrets.token_hex(8)}",
        "classes": CLASSES,
        "gold_share": 0.2,
    } | changes
    project = pool(services, samples, audit=1, **changes)
    made = Crowd(services, project, people)
    with services.read() as session:
        known = session.exec(
            select(Sample.id).where(Sample.project_id == project.id, Sample.seq == GOLD)
        ).one()
    made.mark(people[0], known, made.value(CLASSES[:1]))
    with services.write() as session:
        ranked = range(RANKED, samples - 1)
        picks = [rankings.Pick(seq, 1, 1) for seq in ranked[::3]]
        picks += [
            rankings.Pick(seq, 1, 1, twin_of=seq - (seq - RANKED) % 3)
            for seq in ranked
            if (seq - RANKED) % 3
        ]
        rankings.flip(session, _ranking(project, samples), picks)
    return made


def _ranking(project: Project, samples: int) -> Ranking:
    return Ranking(
        project_id=project.id,
        strategy="margin-badge",
        because="by version 1",
        version=1,
        seed=0,
        scored=samples,
        length=samples,
        samples=samples,
        seconds=0.0,
        created_at=NOW,
    )
