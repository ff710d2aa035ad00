"""What a person may see of their own work: history, pace, and what their answers changed."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from activeloop import answers
from activeloop.flows.projects import spec_of
from activeloop.spec import Answer
from activeloop.store import db, labels, persons, rankings
from activeloop.store.db import Session
from activeloop.store.tables import Label, Project

PACE = timedelta(minutes=10)
"""Pace is that of the answers of so long."""
PAUSE = timedelta(minutes=2)
"""A longer gap between two answers is a pause, and no part of the pace."""
LEARNED = 3
"""How many versions are told of."""


def history(
    session: Session, project: Project, user_id: int, *, before: int | None, count: int
) -> list[dict[str, Any]]:
    """List one's own answers and skips, newest first, each with its sample."""
    events = labels.of_person(session, project.id, user_id, before=before, count=count)
    shown = {s.id: s for s in rankings.samples(session, [e.sample_id for e in events])}
    kind = spec_of(project).answer
    return [
        {
            "id": event.id,
            "number": event.number,
            "sample": {
                "id": event.sample_id,
                "external_id": shown[event.sample_id].external_id,
                "payload": shown[event.sample_id].payload,
                "metadata": shown[event.sample_id].meta,
            },
            "answer": told(kind, event),
            "note": event.note,
            "created_at": event.created_at.isoformat(),
            "editable": shown[event.sample_id].removed_at is None,
        }
        for event in events
    ]


def told(kind: Answer, event: Label) -> dict[str, Any]:
    """Give what somebody said in the form in which it is sent."""
    if event.label is None:
        return {"skip": True}
    if kind == "one":
        return {"label": event.label}
    return {"labels": list(answers.read(kind, event.label))}


def progress(session: Session, project: Project, user_id: int) -> dict[str, Any]:
    """Tell how many one has answered, how fast, and what became of it."""
    now = db.now(session)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counted = persons.counts(session, project.id, user_id, since=midnight)
    moments = persons.moments(session, project.id, user_id, since=now - PACE)
    gaps = [later - earlier for earlier, later in pairwise(moments) if later - earlier <= PAUSE]
    busy = sum(gaps, timedelta()).total_seconds()
    return {
        "answers": counted.all,
        "today": counted.since,
        "per_minute": round(60 * len(gaps) / busy, 1) if busy > 0 else None,
        "learned": [_sentence(each) for each in _learned(session, project, user_id)],
    }


def _learned(session: Session, project: Project, user_id: int) -> list[persons.Share]:
    return persons.shares(session, project.id, user_id, LEARNED)


def _sentence(share: persons.Share) -> str:
    new = f"{share.new:,} new {'answer' if share.new == 1 else 'answers'}"
    whose = "all of them yours" if share.mine == share.new else f"{share.mine:,} of them yours"
    learned = f"Version {share.number} learned {new}, {whose}"
    if share.moved is None:
        return f"{learned}."
    about = "" if share.exact else "about "
    many = "prediction" if share.moved == 1 else "predictions"
    return f"{learned}: it moved {about}{share.moved:,} of {share.of:,} {many}."
