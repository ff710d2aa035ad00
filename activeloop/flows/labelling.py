"""What annotators do with a sample in hand: answer it, skip it, keep it or give it back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activeloop import answers
from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import propagating, settling
from activeloop.flows.offering import Offered, OfferedSample, offer
from activeloop.flows.projects import spec_of
from activeloop.learn import agreement
from activeloop.spec import ProjectSpec
from activeloop.store import db, labels, offers, projects
from activeloop.store.db import Session
from activeloop.store.tables import Label, Offer, Project, Sample

__all__ = [
    "Given",
    "Offered",
    "OfferedSample",
    "Recorded",
    "again",
    "keep",
    "offer",
    "record",
    "release",
]


@dataclass(frozen=True)
class Given:
    """What somebody answers.

    Attributes:
        label: the answer's value (see `activeloop.answers`), or None to skip.
        note: why it is skipped.
        lead_ms: how long the sample was in sight.
        group: whether the answer holds for the near-duplicates that were offered with it.
    """

    label: str | None
    note: str = ""
    lead_ms: int | None = None
    group: bool = False

    @property
    def kind(self) -> str:
        """The kind of event that it is."""
        return "skip" if self.label is None else "answer"

    def digest(self, offer_id: int) -> str:
        """Give the sha256 by which the same answer sent twice is recognised."""
        said = [offer_id, self.label, self.label is None]
        more = [self.note, self.group]
        body = json.dumps(said + (more if any(more) else []))
        return hashlib.sha256(body.encode()).hexdigest()


@dataclass(frozen=True)
class Recorded:
    """An acknowledged event. `replayed` means the same key had been recorded before.

    `counted` is true for a gold sample, too: its answer counts for the annotator's score.
    """

    id: int
    number: int
    offer_id: int | None
    sample_id: int
    kind: str
    label: str | None
    late: bool
    counted: bool
    replayed: bool = False
    propagated: int = 0


def record(
    session: Session, project: Project, user_id: int, given: Given, *, offer_id: int, key: str
) -> Recorded:
    """Record an answer or a skip for an offer, once per key.

    An answer that comes after its lease ended is kept; it counts when the sample still wants it.

    Raises:
        Invalid: when the answer names no class of the project, or a reason to skip is missing.
        NotFound: when the person never held that offer.
        Conflict: when the key stands for another answer, or the offer is answered under another.
    """
    spec = spec_of(project)
    body = given.digest(offer_id)
    held = offers.by_id(session, project.id, offer_id)
    if held is None or held.user_id != user_id or held.of_offer is not None:
        raise NotFound(f"You hold no offer {offer_id} in this project.")
    before = labels.by_key(session, project.id, user_id, key)
    if before is not None:
        return again(session, before, body)
    rule = settling.rule_of(session, project, spec)
    given = checked(spec, given, rule)
    if held.state in ("answered", "skipped"):
        raise Conflict(
            f"Offer {offer_id} is {held.state} already; undo that first, or ask for a new offer."
        )
    now = db.now(session)
    sample = offers.sample_of(session, held)
    late = held.state == "expired" or held.leased_until <= now
    counted = _close(session, held, sample, skip=given.label is None)
    event = labels.append(
        session,
        Label(
            project_id=project.id,
            sample_id=sample.id,
            offer_id=held.id,
            user_id=user_id,
            kind=given.kind,
            label=given.label,
            note=given.note,
            key=key,
            body_digest=body,
            lead_ms=given.lead_ms,
            late=late,
            counted=counted and held.kind != offers.GOLD,
            created_at=now,
        ),
    )
    settling.hold_to(session, project.id, rule)
    projects.count(session, project.id, **{"skips" if given.label is None else "answers": 1})
    covered = 0
    if event.counted and given.label is not None:
        settling.settle(session, sample, rule, number=event.number, now=now)
        if given.group:
            covered = propagating.spread(session, held, event, rule, now=now)
        settling.learn_if_due(session, project, spec, now)
    return _recorded(event, gold=held.kind == offers.GOLD, propagated=covered)


def checked(spec: ProjectSpec, given: Given, rule: agreement.Rule) -> Given:
    """Make sure that an answer can be recorded, in the project's words of today.

    A name from a page that was loaded before a class was renamed or merged is carried over.

    Raises:
        Invalid: when it names no class, or a reason to skip is missing.
    """
    if given.label is None:
        if spec.skip_reason == "required" and not given.note.strip():
            raise Invalid.field(
                "note", "must say why the sample is skipped: the project asks for a reason."
            )
        return given
    try:
        named = answers.read(spec.answer, given.label)
    except ValueError as error:
        raise Invalid.field("answer.labels", "must be a list of class names.") from error
    today = [_today(name, spec, rule) for name in named]
    unknown = [name for name in today if name not in spec.classes]
    if unknown:
        some = ", ".join(spec.classes[:10]) + (", ..." if len(spec.classes) > 10 else "")
        where = "answer.label" if spec.answer == "one" else "answer.labels"
        raise Invalid.field(where, f"{unknown[0]!r} is not a class of this project ({some}).")
    return Given(answers.write(spec, today), given.note, given.lead_ms, given.group)


def _today(name: str, spec: ProjectSpec, rule: agreement.Rule) -> str:
    if name in spec.classes:
        return name
    # as if it had been said before the first change: nobody can have meant a later class by it
    single = agreement.Rule(changes=rule.changes)
    return agreement.carried(name, -1, single) or name


def again(session: Session, before: Label, body: str) -> Recorded:
    """Give what was recorded under a key before, when the same is sent again.

    Raises:
        Conflict: when the key stood for another answer.
    """
    if before.body_digest != body:
        raise Conflict(
            f"The key {before.key!r} was used for another answer (label {before.id}); "
            "a new answer needs a new key."
        )
    held = offers.by_id(session, before.project_id, before.offer_id or 0)
    gold = held is not None and held.kind == offers.GOLD
    return _recorded(before, gold=gold, replayed=True)


def _recorded(event: Label, *, gold: bool, replayed: bool = False, propagated: int = 0) -> Recorded:
    return Recorded(
        id=event.id,
        number=event.number,
        offer_id=event.offer_id,
        sample_id=event.sample_id,
        kind=event.kind,
        label=event.label,
        late=event.late,
        counted=event.counted or gold,
        replayed=replayed,
        propagated=propagated,
    )


def _close(session: Session, held: Offer, sample: Sample, *, skip: bool) -> bool:
    """Close an offer and tell whether its answer counts."""
    if held.kind == offers.GOLD:
        _inherits(session, held)
        offers.close(session, held, "skipped" if skip else "answered")
        return True
    holding = held.state == "open" or _inherits(session, held)
    if skip:
        if holding:
            offers.give_back(session, [sample.id])
        offers.close(session, held, "skipped")
        return True
    counted = holding or offers.take_slot(session, sample.id)
    if counted:
        offers.close(session, held, "answered")
    return counted


def _inherits(session: Session, expired: Offer) -> bool:
    """Take over the slot of a newer offer of the same sample to the same person."""
    newer = offers.held(session, expired.sample_id, expired.user_id)
    if newer is None or newer.id == expired.id:
        return False
    if newer.state != "open":
        raise Conflict(f"You have {newer.state} this sample already, under offer {newer.id}.")
    offers.close(session, newer, "expired")
    return True


def release(session: Session, project: Project, user_id: int, offer_ids: Sequence[int]) -> int:
    """Give back offers one will not answer; the next person gets them at once."""
    return offers.release(session, project.id, user_id, offer_ids)


def keep(
    session: Session, project: Project, user_id: int, offer_ids: Sequence[int], *, seconds: int
) -> dict[int, datetime]:
    """Prolong one's leases; what is not in the answer was lost, and may be with somebody else."""
    until = offers.lease(db.now(session), min(seconds, spec_of(project).lease_seconds))
    return dict.fromkeys(offers.keep(session, project.id, user_id, offer_ids, until), until)
