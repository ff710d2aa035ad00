"""What a reviewer does with a review: decide the label, dismiss it, or ask once more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import deciding, settling
from activeloop.flows.projects import spec_of
from activeloop.flows.reviewing import found, review_json
from activeloop.learn import agreement
from activeloop.store import db, labels, offers, reviews
from activeloop.store.db import Session
from activeloop.store.tables import Label, Project, Review, Sample

Verdict = Literal["decide", "dismiss", "again"]


@dataclass(frozen=True)
class Ruling:
    """What a reviewer does with a review: decide the label, dismiss it, or ask once more."""

    verdict: Verdict
    label: str | None = None
    note: str = ""


def rule(
    session: Session, project: Project, user_id: int, review_id: int, ruling: Ruling, *, key: str
) -> dict[str, Any]:
    """Decide, dismiss or send back; once per key.

    Raises:
        NotFound: when there is no such review.
        Conflict: when somebody else has closed it meanwhile, or the key stands for something else.
        Invalid: when the label names no class of the project.
    """
    review = found(session, project, review_id)
    # the sample before the review, as those who answer lock them
    sample = offers.find_locked(session, project.id, review.sample_id)
    if sample is None:
        raise NotFound(f"There is no sample {review.sample_id} in this project.")
    session.refresh(review)
    before = labels.by_key(session, project.id, user_id, key)
    if review.state != "open" and before is None:
        if ruling.verdict == "dismiss" and (review.state, review.closed_by) == (
            "dismissed",
            user_id,
        ):
            return review_json(review, {})
        raise Conflict("Somebody has closed this review meanwhile; go on with the next one.")
    if ruling.verdict == "decide":
        _decide(session, project, user_id, sample, ruling, key=key)
    elif ruling.verdict == "again":
        _again(session, project, user_id, sample, ruling, key=key)
    else:
        _dismiss(session, user_id, review)
    session.refresh(review)
    return review_json(review, {})


def ask(
    session: Session, project: Project, user_id: int, sample_ids: Sequence[int], note: str
) -> int:
    """Send samples to review by hand; tell how many of them exist.

    Raises:
        NotFound: when one is not of this project.
    """
    known = reviews.samples(session, list(sample_ids))
    for sample_id in sample_ids:
        if sample_id not in known or known[sample_id].project_id != project.id:
            raise NotFound(f"There is no sample {sample_id} in this project.")
    detail: Mapping[str, Any] = {"note": note} if note else {}
    wanted = dict.fromkeys(sample_ids, detail)
    now = db.now(session)
    reviews.open_many(session, project.id, wanted, reviews.ASKED, user_id=user_id, now=now)
    return len(wanted)


def _decide(
    session: Session,
    project: Project,
    user_id: int,
    sample: Sample,
    ruling: Ruling,
    *,
    key: str,
) -> None:
    if ruling.label is None:
        raise Invalid.field("answer", "is missing.", "Send the label, or dismiss the review.")
    deciding.decide(
        session,
        project,
        user_id,
        sample_id=sample.id,
        label=ruling.label,
        note=ruling.note,
        key=key,
    )


def _again(
    session: Session,
    project: Project,
    user_id: int,
    sample: Sample,
    ruling: Ruling,
    *,
    key: str,
) -> None:
    """Ask for one answer more than there are; its reviews close, and open anew if it is in vain."""
    body = hashlib.sha256(f"again {sample.id} {ruling.note}".encode()).hexdigest()
    before = labels.by_key(session, project.id, user_id, key)
    if before is not None:
        if before.body_digest != body:
            raise Conflict(f"The key {key!r} was used for something else; use a new one.")
        return
    settled = settling.rule_of(session, project, spec_of(project))
    now = db.now(session)
    event = labels.append(
        session,
        Label(
            project_id=project.id,
            sample_id=sample.id,
            user_id=user_id,
            kind=agreement.AGAIN,
            note=ruling.note,
            key=key,
            body_digest=body,
            counted=False,
            created_at=now,
        ),
    )
    settling.hold_to(session, project.id, settled)
    settling.settle(session, sample, settled, number=event.number, now=now)
    reviews.settle(session, sample.id, now=now, by=user_id, label_id=event.id)


def _dismiss(session: Session, user_id: int, review: Review) -> None:
    reason: Any = review.reason
    reviews.settle(
        session,
        review.sample_id,
        now=db.now(session),
        reasons=[reason],
        state="dismissed",
        by=user_id,
    )
