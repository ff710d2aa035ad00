"""What annotators do with a sample in hand: answer, skip, take back. One transaction each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import due
from activeloop.flows.offering import Offered, OfferedSample, offer, shown
from activeloop.flows.projects import spec_of
from activeloop.learn import agreement
from activeloop.spec import ProjectSpec
from activeloop.store import db, labels, offers, projects, rankings
from activeloop.store.db import Session
from activeloop.store.tables import Label, Offer, Project, Sample

__all__ = ["Offered", "OfferedSample", "Recorded", "Undone", "offer", "record", "release", "undo"]


@dataclass(frozen=True)
class Recorded:
    """An acknowledged event. `replayed` means the same key had been recorded before."""

    id: int
    number: int
    offer_id: int | None
    sample_id: int
    kind: str
    label: str | None
    late: bool
    counted: bool
    replayed: bool = False


@dataclass(frozen=True)
class Undone:
    """An answer taken back, and its sample in hand again."""

    id: int
    number: int
    offered: OfferedSample | None
    replayed: bool = False


def record(
    session: Session,
    project: Project,
    user_id: int,
    *,
    offer_id: int,
    label: str | None,
    skip: bool,
    lead_ms: int | None,
    key: str,
) -> Recorded:
    """Record an answer or a skip for an offer, once per key.

    An answer that comes after its lease ended is kept; it counts when the sample still wants it.

    Raises:
        Invalid: when the answer names no class of the project, or neither label nor skip.
        NotFound: when the person never held that offer.
        Conflict: when the key stands for another answer, or the offer is answered under another.
    """
    spec = spec_of(project)
    _check(spec, label, skip=skip)
    body = _digest(offer_id, label, skip)
    held = offers.by_id(session, project.id, offer_id)
    if held is None or held.user_id != user_id:
        raise NotFound(f"You hold no offer {offer_id} in this project.")
    before = labels.by_key(session, project.id, user_id, key)
    if before is not None:
        return _again(before, body)
    if held.state in ("answered", "skipped"):
        raise Conflict(
            f"Offer {offer_id} is {held.state} already; undo that first, or ask for a new offer."
        )
    now = db.now(session)
    sample = offers.sample_of(session, held)
    late = held.state == "expired" or held.leased_until <= now
    counted = _close(session, held, sample, skip=skip)
    event = labels.append(
        session,
        Label(
            project_id=project.id,
            sample_id=sample.id,
            offer_id=held.id,
            user_id=user_id,
            kind="skip" if skip else "answer",
            label=label,
            key=key,
            body_digest=body,
            lead_ms=lead_ms,
            late=late,
            counted=counted,
            created_at=now,
        ),
    )
    projects.count(session, project.id, **{"skips" if skip else "answers": 1})
    if counted and not skip:
        _settle(session, spec, sample, event.number)
        due.ask_if_due(session, project, spec, now)
    return _recorded(event)


def _check(spec: ProjectSpec, label: str | None, *, skip: bool) -> None:
    if skip == (label is not None):
        raise Invalid.field("answer", "must have exactly one of 'label' and 'skip'.")
    if label is not None and label not in spec.classes:
        some = ", ".join(spec.classes[:10]) + (", ..." if len(spec.classes) > 10 else "")
        raise Invalid.field("answer.label", f"{label!r} is not a class of this project ({some}).")


def _digest(offer_id: int, label: str | None, skip: bool) -> str:  # noqa: FBT001 - the wire's words
    return hashlib.sha256(json.dumps([offer_id, label, skip]).encode()).hexdigest()


def _again(before: Label, body: str) -> Recorded:
    if before.body_digest != body:
        raise Conflict(
            f"The key {before.key!r} was used for another answer (label {before.id}); "
            "a new answer needs a new key."
        )
    return _recorded(before, replayed=True)


def _recorded(event: Label, *, replayed: bool = False) -> Recorded:
    return Recorded(
        id=event.id,
        number=event.number,
        offer_id=event.offer_id,
        sample_id=event.sample_id,
        kind=event.kind,
        label=event.label,
        late=event.late,
        counted=event.counted,
        replayed=replayed,
    )


def _close(session: Session, held: Offer, sample: Sample, *, skip: bool) -> bool:
    """Close an offer and tell whether its answer counts."""
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
    if newer is None:
        return False
    if newer.state != "open":
        raise Conflict(f"You have {newer.state} this sample already, under offer {newer.id}.")
    offers.close(session, newer, "expired")
    return True


def _settle(session: Session, spec: ProjectSpec, sample: Sample, number: int) -> None:
    events = labels.of_sample(session, sample.id)
    agreed = agreement.agree(events, wanted=spec.answers_per_sample)
    labels.settle(session, sample, agreed, number=number)


def undo(session: Session, project: Project, user_id: int, label_id: int) -> Undone:
    """Take back one's own answer or skip; its sample is in hand again.

    Raises:
        NotFound: when the person has no such answer.
        Conflict: when the sample has since been completed by others.
    """
    event = labels.by_id(session, project.id, label_id)
    if event is None or event.user_id != user_id or event.kind not in ("answer", "skip"):
        raise NotFound(f"You have no answer {label_id} in this project.")
    spec = spec_of(project)
    now = db.now(session)
    held = offers.by_id(session, project.id, event.offer_id or 0)
    if held is None:
        raise NotFound(f"Answer {label_id} has no offer.")
    ranking = rankings.current(session, project)
    if labels.undone(session, label_id):
        offered = shown(session, [held], ranking)[0] if held.state == "open" else None
        return Undone(label_id, event.number, offered, replayed=True)
    sample = offers.sample_of(session, held)
    _reopen(session, held, sample, event, until=offers.lease(now, spec.lease_seconds))
    taken_back = labels.append(
        session,
        Label(
            project_id=project.id,
            sample_id=sample.id,
            offer_id=held.id,
            user_id=user_id,
            kind="undo",
            undoes=label_id,
            created_at=now,
        ),
    )
    steps = {"skips": -1} if event.kind == "skip" else {"answers": -1}
    projects.count(session, project.id, **steps)
    if event.counted and event.kind == "answer":
        _settle(session, spec, sample, taken_back.number)
    return Undone(label_id, taken_back.number, shown(session, [held], ranking)[0])


def _reopen(
    session: Session, held: Offer, sample: Sample, event: Label, *, until: datetime
) -> None:
    holds_slot = event.kind == "answer" and event.counted
    if not holds_slot and not offers.take_slot(session, sample.id):
        raise Conflict("Others have completed this sample since; it cannot be taken back.")
    held.leased_until = until
    offers.close(session, held, "open")


def release(session: Session, project: Project, user_id: int, offer_ids: Sequence[int]) -> int:
    """Give back offers one will not answer; the next person gets them at once."""
    return offers.release(session, project.id, user_id, offer_ids)
