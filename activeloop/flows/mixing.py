"""Choose what a person gets next: by the ranking, with what is drawn at random mixed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from activeloop.flows import waiting
from activeloop.flows.projects import spec_of
from activeloop.policies import SuggestionPolicy
from activeloop.spec import ProjectSpec
from activeloop.store import campaigns, choosing, gold, offers, projects, rankings
from activeloop.store.db import Session
from activeloop.store.tables import Offer, Project, Ranking


def choose(
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
    campaign = campaigns.running(session, project.id) if count > 0 else None
    if campaign is None:
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
        for sample in choosing.campaigned(session, campaign.id, user_id, count)
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
