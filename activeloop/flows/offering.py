"""Hand samples to annotators: the head of the ranking, with audit samples mixed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from activeloop import answers
from activeloop.errors import Invalid
from activeloop.flows import mixing, waiting
from activeloop.flows.projects import spec_of
from activeloop.flows.propagating import MOST
from activeloop.spec import Answer, ProjectSpec
from activeloop.store import choosing, db, offers, rankings
from activeloop.store.db import Session
from activeloop.store.tables import Offer, Project, Ranking, Sample

MAX_OFFERS = 100


@dataclass(frozen=True)
class OfferedSample:
    """A sample in somebody's hands.

    What the annotator is told is the same for audit samples as for all others: the ranking that
    is being served, or random order and its reason. How this one was chosen is kept with the offer
    and exported.
    """

    offer: Offer
    sample: Sample
    ranking: Ranking | None
    because: str
    answer: Answer = "one"
    group: Sequence[Sample] = ()

    def as_json(self) -> dict[str, Any]:
        """Give what a client needs to show the sample and answer."""
        ranking = self.ranking
        return {
            "id": self.offer.id,
            "sample": _sample_json(self.sample),
            "leased_until": self.offer.leased_until.isoformat(),
            "strategy": ranking.strategy if ranking else "random",
            "version": ranking.version if ranking else None,
            "ranking": ranking.id if ranking else None,
            "ranked_at": ranking.created_at.isoformat() if ranking else None,
            "scope": ranking.scope if ranking else None,
            "because": self.because,
            "suggestion": self._suggestion(),
            "group": [_sample_json(each) for each in self.group],
        }

    def _suggestion(self) -> dict[str, Any] | None:
        """Give what the model would answer, where it may be seen."""
        offer = self.offer
        if not offer.suggestion_shown or offer.suggestion is None:
            return None
        names = answers.read(self.answer, offer.suggestion)
        return {
            "label": names[0] if self.answer == "one" else None,
            "labels": list(names),
            "confidence": offer.confidence,
            "version": offer.version,
        }


def _sample_json(sample: Sample) -> dict[str, Any]:
    return {
        "id": sample.id,
        "external_id": sample.external_id,
        "payload": sample.payload,
        "metadata": sample.meta,
    }


@dataclass(frozen=True)
class Offered:
    """What somebody holds now, and, when it is less than asked for, why."""

    offers: tuple[OfferedSample, ...]
    waiting_for: str | None

    def as_json(self) -> dict[str, Any]:
        """Give the API's answer."""
        return {
            "offers": [each.as_json() for each in self.offers],
            "waiting_for": self.waiting_for,
        }


def offer(
    session: Session,
    project: Project,
    user_id: int,
    *,
    count: int,
    chance: Callable[[], float],
    seconds: int | None = None,
) -> Offered:
    """Bring what a person holds up to `count` samples, their own open ones first.

    Args:
        session: an open write session.
        project: whose samples.
        user_id: the annotator.
        count: how many samples they want to hold (1..100).
        chance: draws from [0, 1); decides which offers come from the audit stratum.
        seconds: how long to hold them, at most as long as the project says; a page that prolongs
            its leases asks for less, so that what it leaves behind is soon with somebody else.
    """
    if not 1 <= count <= MAX_OFFERS:
        raise Invalid.field("count", f"must be 1 to {MAX_OFFERS}, is {count}.")
    spec = spec_of(project)
    now = db.now(session)
    until = offers.lease(now, min(seconds or spec.lease_seconds, spec.lease_seconds))
    held = offers.mine(session, project.id, user_id, now)[:count]
    offers.extend(session, held, until)
    ranking = rankings.current(session, project)
    fresh = mixing.choose(session, project, ranking, user_id, count - len(held), chance=chance)
    for each in fresh:
        each.leased_until, each.created_at = until, now
    if fresh:
        offers.add(session, fresh)
    held_now = shown(session, [*held, *fresh], ranking, spec)
    missing = not held_now
    return Offered(held_now, waiting.reason(session, project, user_id, now) if missing else None)


def shown(
    session: Session, held: Sequence[Offer], ranking: Ranking | None, spec: ProjectSpec
) -> tuple[OfferedSample, ...]:
    """Put the samples to the offers, and what is told of their order.

    Each is told with the ranking it was served by. A sample drawn because the ranking was used up
    is told as random; an audit or gold sample as the others that were served with it.
    """
    samples = {s.id: s for s in rankings.samples(session, [o.sample_id for o in held])}
    served_by = {r.id: r for r in rankings.by_ids(session, {o.ranking_id for o in held})}
    unranked = waiting.NO_RANKING if ranking is None else waiting.USED_UP
    asked = [each for each in held if each.kind == "informative"]
    alike = choosing.alike(session, asked, most=MOST) if spec.offer_groups and asked else {}
    return tuple(
        OfferedSample(
            each,
            samples[each.sample_id],
            served_by.get(each.ranking_id or 0),
            _because(each, served_by.get(each.ranking_id or 0), unranked),
            spec.answer,
            alike.get(each.sample_id, []) if each.kind == "informative" else [],
        )
        for each in held
    )


def _because(offer: Offer, ranking: Ranking | None, unranked: str) -> str:
    if ranking is not None:
        return ranking.because
    return unranked if offer.kind in ("audit", "campaign", offers.GOLD) else offer.because
