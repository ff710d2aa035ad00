"""A sample and its whole history: where it came from, who had it, what was said of it."""

from __future__ import annotations

from typing import Any

from activeloop import answers
from activeloop.errors import NotFound
from activeloop.flows import settling
from activeloop.flows.projects import spec_of
from activeloop.learn import agreement
from activeloop.learn.agreement import Rule
from activeloop.spec import ProjectSpec
from activeloop.store import histories, reviews
from activeloop.store.db import Session
from activeloop.store.reviews import Said
from activeloop.store.tables import Consensus, Offer, Project, Sample


def find(session: Session, project: Project, sample_id: int) -> Sample:
    """Find a sample of a project.

    Raises:
        NotFound: when it has none of that number.
    """
    found = histories.sample(session, project.id, sample_id)
    if found is None:
        raise NotFound(f"Project {project.name!r} has no sample {sample_id}.")
    return found


def of_sample(session: Session, project: Project, sample_id: int) -> dict[str, Any]:
    """Give all that is known of a sample but what the models think of it.

    Raises:
        NotFound: when the project has no such sample.
    """
    spec = spec_of(project)
    sample = find(session, project, sample_id)
    rule = settling.rule_of(session, project, spec)
    standing = histories.standings(session, [sample.id])[sample.id]
    waiting = reviews.of_sample(session, sample.id)
    names = reviews.names(
        session, [each.user_id for each in waiting] + [each.closed_by for each in waiting]
    )
    before, after = histories.beside(session, sample)
    return {
        "id": sample.id,
        "seq": sample.seq,
        "external_id": sample.external_id,
        "payload": sample.payload,
        "metadata": sample.meta,
        "stratum": sample.stratum,
        "added_at": sample.created_at.isoformat(),
        "removed_at": sample.removed_at.isoformat() if sample.removed_at else None,
        "gold": None if standing.gold is None else _labels(spec, standing.gold),
        "flags": standing.flags,
        "before": before,
        "after": after,
        "origin": _origin(session, sample),
        "consensus": _consensus(spec, histories.consensus(session, sample.id)),
        "queue": _place(session, sample),
        "offers": [_offer(spec, *each) for each in histories.offers(session, sample.id)],
        "events": _events(spec, rule, reviews.said(session, sample.id)),
        "reviews": [
            {
                "id": each.id,
                "reason": each.reason,
                "detail": each.detail,
                "state": each.state,
                "by": names.get(each.user_id or 0),
                "created_at": each.created_at.isoformat(),
                "closed_by": names.get(each.closed_by or 0),
                "closed_at": each.closed_at.isoformat() if each.closed_at else None,
            }
            for each in waiting
        ],
    }


def _labels(spec: ProjectSpec, text: str | None) -> list[str] | None:
    return None if text is None else list(answers.read(spec.answer, text))


def _origin(session: Session, sample: Sample) -> dict[str, Any] | None:
    found = histories.origin(session, sample)
    if found is None:
        return None
    row, rank = found
    return {"import": row.id, "name": row.name, "format": row.format, "number": rank}


def _consensus(spec: ProjectSpec, row: Consensus | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "labels": _labels(spec, row.label),
        "answers": row.answers,
        "wants": row.wants,
        "agreement": row.agreement,
        "complete": row.complete,
        "disputed": row.disputed,
        "confidence": row.confidence,
    }


def _place(session: Session, sample: Sample) -> dict[str, Any] | None:
    found = histories.place(session, sample)
    if found is None:
        return None
    return {
        "ranking": found.ranking_id,
        "position": found.position,
        "score": found.score,
        "probability": found.probability,
        "spent": found.spent,
        "twin_of": found.twin_of,
    }


def _offer(spec: ProjectSpec, offer: Offer, name: str) -> dict[str, Any]:
    return {
        "id": offer.id,
        "who": name,
        "at": offer.created_at.isoformat(),
        "kind": offer.kind,
        "strategy": offer.strategy,
        "because": offer.because,
        "version": offer.version,
        "score": offer.score,
        "probability": offer.probability,
        "suggestion": _labels(spec, offer.suggestion),
        "suggestion_shown": offer.suggestion_shown,
        "leased_until": offer.leased_until.isoformat(),
        "state": offer.state,
    }


def _events(spec: ProjectSpec, rule: Rule, said: list[Said]) -> list[dict[str, Any]]:
    """Tell what was said, in the words of its time, and what it means today."""
    taken_back = {each.event.undoes for each in said if each.event.undoes is not None}
    told = []
    for each in said:
        event = each.event
        value = agreement.carried(event.label, event.number, rule) if event.label else None
        told.append(
            {
                "id": event.id,
                "number": event.number,
                "kind": event.kind,
                "who": each.name,
                "at": event.created_at.isoformat(),
                "labels": _labels(spec, event.label),
                "today": _labels(spec, value) if value != event.label else None,
                "void": event.label is not None and value is None,
                "note": event.note,
                "lead_ms": event.lead_ms,
                "late": event.late,
                "counted": event.counted,
                "taken_back": event.id in taken_back,
                "undoes": event.undoes,
                "offer": event.offer_id,
            }
        )
    return told
