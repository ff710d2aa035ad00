"""What reviewers say of a sample, and what anybody may tell them of it."""

from __future__ import annotations

import hashlib
import json

from activeloop.errors import Conflict, NotFound
from activeloop.flows import labelling, settling
from activeloop.flows.projects import spec_of
from activeloop.store import db, labels, offers, reviews
from activeloop.store.db import Session
from activeloop.store.tables import Label, Project, Sample


def decide(
    session: Session,
    project: Project,
    user_id: int,
    *,
    sample_id: int,
    label: str,
    note: str,
    key: str,
) -> Label:
    """Settle a sample's label, whatever its answers say, and close its reviews; once per key.

    Raises:
        Invalid: when the label names no class of the project.
        NotFound: when there is no such sample.
        Conflict: when the key stands for something else.
    """
    spec = spec_of(project)
    body = _digest("decision", sample_id, label, note)
    before = labels.by_key(session, project.id, user_id, key)
    if before is not None:
        return _same(before, body)
    rule = settling.rule_of(session, project, spec)
    given = labelling.checked(spec, labelling.Given(label, note), rule)
    sample = _locked(session, project, sample_id)
    now = db.now(session)
    event = labels.append(
        session,
        Label(
            project_id=project.id,
            sample_id=sample.id,
            user_id=user_id,
            kind="decision",
            label=given.label,
            note=note,
            key=key,
            body_digest=body,
            created_at=now,
        ),
    )
    settling.hold_to(session, project.id, rule)
    # first, so that a dispute's review tells of the decision that ended it
    reviews.settle(session, sample.id, now=now, by=user_id, label_id=event.id)
    settling.settle(session, sample, rule, number=event.number, now=now)
    settling.learn_if_due(session, project, spec, now)
    return event


def flag(
    session: Session,
    project: Project,
    user_id: int,
    *,
    sample_id: int,
    note: str,
    key: str,
    anywhere: bool = False,
) -> Label:
    """Flag a sample for the reviewers, with a note; once per key.

    Args:
        session: an open write session.
        project: whose sample.
        user_id: who flags it.
        sample_id: the sample.
        note: what is odd about it.
        key: makes sending it twice harmless.
        anywhere: whether they may flag what was never in their hands.

    Raises:
        NotFound: when there is no such sample, or it was never in their hands.
        Conflict: when the key stands for something else.
    """
    body = _digest("flag", sample_id, None, note)
    before = labels.by_key(session, project.id, user_id, key)
    if before is not None:
        return _same(before, body)
    if not anywhere and not offers.met(session, sample_id, user_id):
        raise NotFound(f"Sample {sample_id} was never in your hands.")
    sample = _locked(session, project, sample_id)
    now = db.now(session)
    event = labels.append(
        session,
        Label(
            project_id=project.id,
            sample_id=sample.id,
            user_id=user_id,
            kind="flag",
            note=note,
            key=key,
            body_digest=body,
            counted=False,
            created_at=now,
        ),
    )
    reviews.open_(session, project.id, sample.id, "flag", {"note": note}, user_id=user_id, now=now)
    return event


def _digest(kind: str, sample_id: int, label: str | None, note: str) -> str:
    return hashlib.sha256(json.dumps([kind, sample_id, label, note]).encode()).hexdigest()


def _same(before: Label, body: str) -> Label:
    if before.body_digest != body:
        raise Conflict(
            f"The key {before.key!r} was used for something else (event {before.id}); "
            "a new one needs a new key."
        )
    return before


def _locked(session: Session, project: Project, sample_id: int) -> Sample:
    found = offers.find_locked(session, project.id, sample_id)
    if found is None:
        raise NotFound(f"There is no sample {sample_id} in this project.")
    return found
