"""Hand samples to annotators: the head of the ranking, with audit samples mixed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from activeloop import answers
from activeloop.errors import Invalid
from activeloop.flows import waiting
from activeloop.flows.projects import spec_of
from activeloop.flows.propagating import MOST
from activeloop.policies import SuggestionPolicy
from activeloop.spec import Answer, ProjectSpec
from activeloop.store import choosing, db, gold, offers, projects, rankings
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
    fresh = _choose(session, project, ranking, user_id, count - len(held), chance=chance)
    for each in fresh:
        each.leased_until, each.created_at = until, now
    if fresh:
        offers.add(session, fresh)
    held_now = shown(session, [*held, *fresh], ranking, spec)
    missing = not held_now
    return Offered(held_now, waiting.reason(session, project, user_id, now) if missing else None)


def _choose(
    session: Session,
    project: Project,
    ranking: Ranking | None,
    user_id: int,
    count: int,
    *,
    chance: Callable[[], float],
) -> list[Offer]:
    """Choose new samples: by the ranking, with audit samples mixed in by chance."""
    if count <= 0:
        return []
    spec = spec_of(project)
    known = _gold(session, project, user_id, _drawn_times(count, spec.gold_share, chance))
    count -= len(known)
    for_audit = _drawn_times(count, spec.audit_share, chance)
    audit = _drawn(session, project, "audit", user_id, for_audit) if for_audit else []
    campaign = _campaigned(session, project, user_id, count)
    campaign = _others(campaign, audit)[: count - len(audit)]
    count -= len(campaign)
    arm = _arm(session, project, ranking, user_id, count - len(audit), spec, chance)
    arm = _others(arm, campaign)
    count -= len(arm)
    taken = [*campaign, *arm]
    chosen = _informative(session, project, ranking, user_id, count - len(audit), besides=taken)
    if len(chosen) + len(audit) < count:
        wanted = count - len(chosen)
        more = _drawn(session, project, "audit", user_id, wanted + len(campaign))
        audit = _others(more, campaign)[:wanted]
    _disguise(session, [*audit, *known, *campaign, *arm], ranking)
    _suggest(chosen, spec.suggestions, chance)
    mixed = [*chosen]
    for each in [*audit, *known, *campaign, *arm]:
        mixed.insert(int(chance() * (len(mixed) + 1)), each)
    return mixed


def _arm(  # noqa: PLR0917 - whom, from what, and by which chance
    session: Session,
    project: Project,
    ranking: Ranking | None,
    user_id: int,
    count: int,
    spec: ProjectSpec,
    chance: Callable[[], float],
) -> list[Offer]:
    """Draw some training samples at random, beside the ranked ones, to compare these with."""
    if ranking is None or ranking.strategy == "random":
        return []
    lots = _drawn_times(count, spec.random_share, chance)
    drawn = _drawn(session, project, "train", user_id, lots) if lots else []
    for each in drawn:
        each.because = "drawn at random, so that active learning can be compared with it"
    return drawn


def _drawn_times(count: int, share: float, chance: Callable[[], float]) -> int:
    return sum(chance() < share for _ in range(count)) if share > 0 else 0


def _suggest(
    chosen: Sequence[Offer], policy: SuggestionPolicy, chance: Callable[[], float]
) -> None:
    """Decide by chance which suggestions are seen; what was suggested is kept either way.

    Audit and gold samples never show one, and cannot be told by that: others are hidden as well.
    """
    if policy.show:
        for each in chosen:
            each.suggestion_shown = each.suggestion is not None and chance() >= policy.hidden_share


def _gold(session: Session, project: Project, user_id: int, count: int) -> list[Offer]:
    """Take gold samples this person has not had, to see how well they label."""
    if count <= 0:
        return []
    return [
        Offer(
            project_id=project.id,
            sample_id=sample.id,
            user_id=user_id,
            kind=offers.GOLD,
            strategy="random",
            because="its label is known; it scores the annotator",
        )
        for sample in gold.draw(session, project.id, user_id, count)
    ]


def _others(found: Sequence[Offer], taken: Sequence[Offer]) -> list[Offer]:
    """Leave out samples that are taken already: no slot is given twice."""
    ids = {each.sample_id for each in taken}
    return [each for each in found if each.sample_id not in ids]


def _campaigned(session: Session, project: Project, user_id: int, count: int) -> list[Offer]:
    """Take the next samples of the open campaign, which come before the ranking."""
    if count <= 0:
        return []
    return [
        Offer(
            project_id=project.id,
            sample_id=sample.id,
            user_id=user_id,
            kind="campaign",
            strategy="random",
            because=f"drawn at random for campaign {campaign.id}",
            probability=campaign.detail["probability"],
        )
        for sample, campaign in choosing.campaigned(session, project.id, user_id, count)
    ]


def _informative(
    session: Session,
    project: Project,
    ranking: Ranking | None,
    user_id: int,
    count: int,
    *,
    besides: Sequence[Offer],
) -> list[Offer]:
    """Take the head of the ranking; when it is used up, go on in random order and say so."""
    chosen = _ranked(session, ranking, user_id, count, besides=besides)
    if count > 0 and not chosen:
        served = rankings.current(session, project)  # one that was flipped in meanwhile
        if served is not None and ranking is not None and served.id != ranking.id:
            chosen = _ranked(session, served, user_id, count, besides=besides)
    if len(chosen) < count:
        more = _drawn(session, project, "train", user_id, count + len(besides))
        chosen += _others(more, [*chosen, *besides])[: count - len(chosen)]
    return chosen


def _ranked(
    session: Session,
    ranking: Ranking | None,
    user_id: int,
    count: int,
    *,
    besides: Sequence[Offer],
) -> list[Offer]:
    if ranking is None:
        return []
    found = choosing.ranked(session, ranking.id, user_id, count + len(besides))
    chosen = [
        Offer(
            project_id=sample.project_id,
            sample_id=sample.id,
            user_id=user_id,
            kind="random" if ranking.strategy == "random" else "informative",
            strategy=ranking.strategy,
            because=ranking.because,
            ranking_id=ranking.id,
            position=candidate.position,
            version=ranking.version,
            ranked_at=ranking.created_at,
            score=candidate.score,
            probability=candidate.probability,
            suggestion=candidate.suggestion,
            confidence=candidate.confidence,
        )
        for sample, candidate in found
    ]
    return _others(chosen, besides)[:count]


def _drawn(
    session: Session, project: Project, stratum: str, user_id: int, count: int
) -> list[Offer]:
    """Take the next samples of a stratum in its random order."""
    counts = projects.tally(session, project.id)
    if stratum == "audit":
        left = counts.audit_samples - counts.labelled_audit
        because = "reserved at random for evaluation; never trained on"
    else:
        left = counts.samples - counts.audit_samples - counts.labelled_train
        because = waiting.USED_UP if project.ranking_id is not None else waiting.NO_RANKING
    return [
        Offer(
            project_id=project.id,
            sample_id=sample.id,
            user_id=user_id,
            kind="audit" if stratum == "audit" else "random",
            strategy="random",
            because=because,
            probability=1 / max(left, 1),
        )
        for sample in choosing.drawn(session, project.id, stratum, user_id, count)
    ]


def _disguise(session: Session, hidden: Sequence[Offer], ranking: Ranking | None) -> None:
    """Give audit and gold offers the ranking that the samples beside them are served by."""
    if not hidden or ranking is None or not rankings.has_more(session, ranking.id):
        return
    for each in hidden:
        each.ranking_id, each.version = ranking.id, ranking.version
        each.ranked_at = ranking.created_at


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
