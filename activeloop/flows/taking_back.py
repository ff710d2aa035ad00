"""Change one's mind: take an answer or a skip back, or give another in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from activeloop.errors import Conflict, NotFound
from activeloop.flows import labelling, propagating, settling
from activeloop.flows.offering import OfferedSample, shown
from activeloop.flows.projects import spec_of
from activeloop.store import db, labels, offers, projects, rankings
from activeloop.store.db import Session
from activeloop.store.tables import Label, Offer, Project, Sample


@dataclass(frozen=True)
class Undone:
    """An answer taken back, and its sample in hand again.

    `offered` is None when another answer of the same person to the sample stands.
    """

    id: int
    number: int
    offered: OfferedSample | None
    replayed: bool = False


def undo(session: Session, project: Project, user_id: int, label_id: int) -> Undone:
    """Take back one's own answer or skip; its sample is in hand again.

    What was answered with it, for near-duplicates, is taken back as well.

    Raises:
        NotFound: when the person has no such answer.
        Conflict: when the sample has since been completed by others.
    """
    event = _own(session, project, user_id, label_id)
    spec = spec_of(project)
    now = db.now(session)
    held = offers.by_id(session, project.id, event.offer_id or 0)
    if held is None:
        raise NotFound(f"Answer {label_id} has no offer.")
    ranking = rankings.current(session, project)
    rule = settling.rule_of(session, project, spec)
    if labels.undone(session, event):
        offered = shown(session, [held], ranking, spec)[0] if held.state == "open" else None
        return Undone(label_id, event.number, offered, replayed=True)
    if event.counted and event.kind == "answer" and held.state != "answered":
        raise Conflict(
            f"Answer {label_id} no longer stands: its class was split or retired since, and the "
            "sample is asked again."
        )
    sample = offers.sample_of(session, held)
    held = _reopen(session, held, sample, event, until=offers.lease(now, spec.lease_seconds))
    taken_back = labels.append(session, _undoing(event, user_id, now))
    projects.count(session, project.id, **{"skips" if event.kind == "skip" else "answers": -1})
    if event.counted and event.kind == "answer":
        settling.hold_to(session, project.id, rule)
        settling.settle(session, sample, rule, number=taken_back.number, now=now)
        propagating.take_back(session, held, rule, now=now)
    offered = shown(session, [held], ranking, spec)[0] if held.state == "open" else None
    return Undone(label_id, taken_back.number, offered)


def _undoing(event: Label, user_id: int, now: datetime) -> Label:
    """Make the event that takes another one back."""
    return Label(
        project_id=event.project_id,
        sample_id=event.sample_id,
        offer_id=event.offer_id,
        user_id=user_id,
        kind="undo",
        undoes=event.id,
        created_at=now,
    )


def _own(session: Session, project: Project, user_id: int, label_id: int) -> Label:
    event = labels.by_id(session, project.id, label_id)
    if event is None or event.user_id != user_id or event.kind not in ("answer", "skip"):
        raise NotFound(f"You have no answer {label_id} in this project.")
    return event


def _reopen(
    session: Session, held: Offer, sample: Sample, event: Label, *, until: datetime
) -> Offer:
    """Put a sample in hand again, and give the offer by which the person has it now."""
    if event.kind == "answer" and not event.counted and held.kind != offers.GOLD:
        # it held no slot, and the same sample may have come to the same person again since
        other = offers.held(session, sample.id, held.user_id)
        if other is not None:
            return other
    holds_slot = event.kind == "answer" and event.counted
    gold = held.kind == offers.GOLD
    if not (gold or holds_slot or offers.take_slot(session, sample.id)):
        raise Conflict("Others have completed this sample since; it cannot be taken back.")
    held.leased_until = until
    offers.close(session, held, "open")
    return held


def revise(
    session: Session,
    project: Project,
    user_id: int,
    given: labelling.Given,
    *,
    label_id: int,
    key: str,
) -> labelling.Recorded:
    """Change one's own answer: the old one is taken back and the new one recorded, at once.

    Raises:
        Invalid, NotFound, Conflict: as `record` and `undo` do; then nothing is changed.
    """
    event = _own(session, project, user_id, label_id)
    offer_id = event.offer_id or 0
    before = labels.by_key(session, project.id, user_id, key)
    if before is not None:
        return labelling.again(session, before, given.digest(offer_id))
    if labels.undone(session, event):
        raise Conflict(f"Answer {label_id} was changed or taken back already; reload the history.")
    undo(session, project, user_id, label_id)
    return labelling.record(session, project, user_id, given, offer_id=offer_id, key=key)
