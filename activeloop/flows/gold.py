"""Gold samples: their label is known, they are mixed in unseen, and tell how well people label."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

from activeloop import answers
from activeloop.errors import Invalid, NotFound
from activeloop.flows import deciding, settling
from activeloop.flows.projects import spec_of
from activeloop.learn import agreement
from activeloop.store import db, gold, labels, reviews, trail
from activeloop.store.db import Session
from activeloop.store.tables import Project

MOST = 1000
"""How many samples are made gold at a time."""


def mark(
    session: Session,
    project: Project,
    sample_ids: Sequence[int],
    *,
    label: str | None,
    user_id: int,
) -> int:
    """Make samples gold, with a label or with the one each has; tell how many.

    A sample that has another label, or none, is settled with this one, as by a reviewer's decision.

    Raises:
        NotFound: when a sample is not of this project.
        Invalid: when a sample has no label and none is given, or it names no class.
    """
    spec = spec_of(project)
    if len(sample_ids) > MOST:
        raise Invalid.field("sample_ids", f"names {len(sample_ids)}; {MOST} at a time.")
    known = reviews.samples(session, list(sample_ids))
    marked: dict[int, str] = {}
    for sample_id in dict.fromkeys(sample_ids):
        sample = known.get(sample_id)
        if sample is None or sample.project_id != project.id:
            raise NotFound(f"There is no sample {sample_id} in this project.")
        stood = labels.stood(session, sample_id, wanted=spec.answers_per_sample)
        wanted = label if label is not None else stood.label if stood.complete else None
        if wanted is None:
            raise Invalid.field("label", f"is missing: sample {sample_id} has no settled label.")
        if not stood.complete or stood.label != wanted:
            key = f"gold {secrets.token_hex(8)}"
            event = deciding.decide(
                session, project, user_id, sample_id=sample_id, label=wanted, note="gold", key=key
            )
            wanted = event.label or wanted
        marked[sample_id] = wanted
    gold.put(session, project.id, marked, user_id=user_id, now=db.now(session))
    _note(session, project, user_id, "gold.marked", len(marked))
    return len(marked)


def mark_settled(
    session: Session, project: Project, *, answers_: int, most: int, user_id: int
) -> int:
    """Make samples gold on which so many people agree, all of them; tell how many."""
    found = gold.unanimous(session, project.id, least=max(2, answers_), most=min(most, MOST))
    gold.put(session, project.id, found, user_id=user_id, now=db.now(session))
    _note(session, project, user_id, "gold.marked", len(found))
    return len(found)


def unmark(session: Session, project: Project, sample_id: int, *, user_id: int) -> None:
    """Let a sample be gold no more; its label stays, and so does what people answered.

    Raises:
        NotFound: when it is not gold.
    """
    if not gold.remove(session, project.id, sample_id):
        raise NotFound(f"Sample {sample_id} is not gold.")
    _note(session, project, user_id, "gold.unmarked", 1)


def listed(
    session: Session, project: Project, *, after: int = 0, count: int = 50
) -> dict[str, Any]:
    """List gold samples, each with how often it was answered right, and by whom wrongly."""
    spec = spec_of(project)
    rule = settling.rule_of(session, project, spec)
    rows = gold.listed(session, project.id, after=after, count=count)
    right: Counter[int] = Counter()
    wrong: dict[int, list[dict[str, Any]]] = {}
    known = {each.sample_id: each.label for each, _ in rows}
    for said in gold.answered(session, list(known)):
        value = agreement.carried(said.label, said.number, rule)
        if value is None:
            continue  # in the words of a class that was split or retired since
        if value == known[said.sample_id]:
            right[said.sample_id] += 1
        else:
            told = {"who": said.name, "labels": list(answers.read(spec.answer, value))}
            wrong.setdefault(said.sample_id, []).append(told)
    return {
        "total": gold.count(session, project.id),
        "gold": [
            {
                "sample": {
                    "id": sample.id,
                    "external_id": sample.external_id,
                    "payload": sample.payload,
                    "metadata": sample.meta,
                },
                "labels": list(answers.read(spec.answer, each.label)),
                "right": right[each.sample_id],
                "wrong": wrong.get(each.sample_id, []),
                "created_at": each.created_at.isoformat(),
            }
            for each, sample in rows
        ],
    }


def _note(session: Session, project: Project, user_id: int, action: str, samples: int) -> None:
    trail.note(
        session,
        action,
        now=db.now(session),
        project_id=project.id,
        user_id=user_id,
        samples=samples,
    )
