"""Adjudication: what people disagree on, flagged or suspect, one sample at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activeloop import answers
from activeloop.errors import NotFound
from activeloop.flows import opinions, settling
from activeloop.flows.projects import find, spec_of
from activeloop.learn import agreement
from activeloop.spec import ProjectSpec
from activeloop.store import offers, reports, reviews
from activeloop.store.db import Session
from activeloop.store.tables import Consensus, Project, Review, Sample
from activeloop.wiring import Services

MOST = 100


def listed(
    session: Session,
    project: Project,
    *,
    reason: reviews.Reason | None = None,
    after: int = 0,
    count: int = 50,
) -> dict[str, Any]:
    """List open reviews, oldest first, and count them by reason."""
    waiting = reviews.queue(
        session, project.id, reason=reason, after=after, count=min(max(count, 1), MOST)
    )
    samples = reviews.samples(session, [each.sample_id for each in waiting])
    names = reviews.names(session, [each.user_id for each in waiting])
    return {
        "counts": reviews.open_counts(session, project.id),
        "reviews": [
            review_json(each, names) | {"sample": sample_json(samples[each.sample_id])}
            for each in waiting
        ],
    }


def shown(services: Services, ref: str, review_id: int) -> dict[str, Any]:
    """Show one review: the sample, what everybody said of it, and what the model thinks."""
    with services.read() as session:
        project = find(session, ref)
        spec = spec_of(project)
        review = found(session, project, review_id)
        sample = reviews.samples(session, [review.sample_id])[review.sample_id]
        told = _of_sample(session, project, spec, review, sample)
        asked = opinions.whom(session, sample)
    model = opinions.opinion(services, spec, sample, asked) if asked is not None else None
    consensus = told["consensus"]
    several = consensus["answers"] > 1
    return told | {
        "model": model.as_json(spec) if model else None,
        "sentence": opinions.beside(
            consensus["label"],
            agree=consensus["agreement"] == 1 if several else None,
            model=model,
        ),
    }


def sample_json(sample: Sample) -> dict[str, Any]:
    """Give what is shown of a sample."""
    return {
        "id": sample.id,
        "external_id": sample.external_id,
        "payload": sample.payload,
        "metadata": sample.meta,
    }


def found(session: Session, project: Project, review_id: int) -> Review:
    """Find a review of a project.

    Raises:
        NotFound: when there is none.
    """
    review = reviews.by_id(session, project.id, review_id)
    if review is None:
        raise NotFound(f"Project {project.name!r} has no review {review_id}.")
    return review


def review_json(review: Review, names: Mapping[int, str]) -> dict[str, Any]:
    """Give what is told of a review; `names` are those of people, by id."""
    return {
        "id": review.id,
        "sample_id": review.sample_id,
        "reason": review.reason,
        "detail": review.detail,
        "state": review.state,
        "by": names.get(review.user_id or 0),
        "created_at": review.created_at.isoformat(),
        "closed_at": review.closed_at.isoformat() if review.closed_at else None,
    }


def _of_sample(
    session: Session, project: Project, spec: ProjectSpec, review: Review, sample: Sample
) -> dict[str, Any]:
    settled = settling.rule_of(session, project, spec)
    others = [each for each in reviews.of_sample(session, sample.id) if each.state == "open"]
    names = reviews.names(session, [each.user_id for each in others] + [review.user_id])
    consensus = session.get(Consensus, sample.id)
    asked = _relied_on(session, project)
    return {
        **review_json(review, names),
        "reasons": [review_json(each, names) for each in others],
        "sample": sample_json(sample),
        "said": _said(session, spec, settled, sample, asked),
        "consensus": {
            "label": consensus.label if consensus else None,
            "labels": list(answers.read(spec.answer, consensus.label))
            if consensus and consensus.label is not None
            else [],
            "answers": consensus.answers if consensus else 0,
            "agreement": consensus.agreement if consensus else 1.0,
            "complete": bool(consensus and consensus.complete),
            "disputed": bool(consensus and consensus.disputed),
        },
        "open": reviews.open_counts(session, project.id),
    }


def _relied_on(session: Session, project: Project) -> dict[int, Mapping[str, Any]]:
    """Give how reliable each person is, by id, from the newest report on the team's work."""
    report = reports.newest(session, project.id, "quality")
    persons = report.body.get("persons", []) if report else []
    return {each["id"]: each for each in persons}


def _said(
    session: Session,
    spec: ProjectSpec,
    settled: agreement.Rule,
    sample: Sample,
    persons: Mapping[int, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """List what was said of a sample: who, what, when, how long it took, and why it was skipped."""
    events = reviews.said(session, sample.id)
    taken_back = {each.event.undoes for each in events if each.event.kind == "undo"}
    told = []
    for each in events:
        event = each.event
        if event.kind == "undo" or event.id in taken_back:
            continue
        value = agreement.carried(event.label, event.number, settled)
        told.append(
            {
                "id": event.id,
                "kind": event.kind,
                "who": each.name,
                "labels": list(answers.read(spec.answer, value)) if value is not None else [],
                # an answer in the words of a class that was split or retired since
                "void": event.label is not None and value is None,
                "was": event.label if event.label != value else None,
                "counted": event.counted or each.kind == offers.GOLD,
                "late": event.late,
                "note": event.note,
                "lead_ms": event.lead_ms,
                "at": event.created_at.isoformat(),
                "suggested": each.suggestion if each.suggestion_shown else None,
                "reliability": (persons.get(event.user_id or 0) or {}).get("reliability"),
            }
        )
    return told
