"""Why a sample was asked: from its offers, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from activeloop import answers
from activeloop.errors import ActiveloopError
from activeloop.flows import opinions
from activeloop.flows.explaining import gone
from activeloop.flows.histories import find
from activeloop.flows.opinions import Opinion
from activeloop.flows.projects import find as project_of
from activeloop.flows.projects import spec_of
from activeloop.flows.versions import Words, words
from activeloop.spec import ProjectSpec
from activeloop.store import blocks, histories, rankings, versions
from activeloop.store.db import Session
from activeloop.store.tables import Offer, Ranking, Sample, Version
from activeloop.wiring import Services

MOST = 10
"""How many reasons are told, the newest ones."""
CLOSE = 0.2
"""Two classes whose probabilities are no further apart are what a model is torn between."""


@dataclass(frozen=True)
class _Reason:
    """One way in which a sample came to be asked, and how often it was offered so."""

    offer: Offer
    ranking: Ranking | None
    version: Version | None
    words: Words
    readable: bool
    times: int


def of_sample(services: Services, ref: str | int, sample_id: int) -> dict[str, Any]:
    """Tell why a sample was asked, the newest reason first.

    It tells audit and gold samples for what they are: nothing for those who label.

    Raises:
        NotFound: when the project has no such sample.
    """
    with services.read() as session:
        project = project_of(session, ref)
        spec = spec_of(project)
        sample = find(session, project, sample_id)
        found = _reasons(session, sample)
        waits = "" if found else _waiting(session, sample)
    told = [_told(services, spec, sample, reason) for reason in found]
    return {"reasons": told, "waits": waits}


def _reasons(session: Session, sample: Sample) -> list[_Reason]:
    """Gather the offers by how they came about; two people may have had the same one."""
    every: dict[tuple[Any, ...], list[Offer]] = {}
    for offer, _ in histories.offers(session, sample.id):
        every.setdefault((offer.kind, offer.ranking_id, offer.version), []).append(offer)
    newest = sorted(every.values(), key=lambda same: -same[-1].id)[:MOST]
    served = {
        one.id: one for one in rankings.by_ids(session, [same[-1].ranking_id for same in newest])
    }
    return [_reason(session, sample, same, served) for same in newest]


def _reason(
    session: Session, sample: Sample, same: Sequence[Offer], served: Mapping[int, Ranking]
) -> _Reason:
    offer = same[-1]
    version = None
    if offer.version is not None:
        version = versions.by_number(session, sample.project_id, offer.version)
    return _Reason(
        offer,
        served.get(offer.ranking_id or 0),
        version,
        words(session, version) if version else (),
        readable=version is not None
        and not gone(version)
        and blocks.covered(session, version.featurizer_id) > sample.seq,
        times=len(same),
    )


def _waiting(session: Session, sample: Sample) -> str:
    found = histories.place(session, sample)
    if found is None:
        return "It was not asked yet, and is not in the queue that is served now."
    return f"It was not asked yet. It stands {ordinal(found.position + 1)} in the queue."


def _told(services: Services, spec: ProjectSpec, sample: Sample, reason: _Reason) -> dict[str, Any]:
    offer, opinion = reason.offer, _opinion(services, spec, sample, reason)
    return {
        "offer": offer.id,
        "at": offer.created_at.isoformat(),
        "times": reason.times,
        "kind": offer.kind,
        "strategy": offer.strategy,
        "version": offer.version,
        "score": offer.score,
        "probability": offer.probability,
        "place": None if offer.position is None else offer.position + 1,
        "of": reason.ranking.length if reason.ranking else None,
        "scored": reason.ranking.scored if reason.ranking else None,
        "opinion": opinion.as_json(spec) if opinion else None,
        "words": sentence(spec, reason, opinion),
    }


def _opinion(
    services: Services, spec: ProjectSpec, sample: Sample, reason: _Reason
) -> Opinion | None:
    """Ask the version again; None when it cannot be asked any more."""
    if reason.version is None or not reason.readable or reason.offer.kind != "informative":
        return None
    try:
        asked = opinions.Asked(reason.version, reason.words)
        return opinions.opinion(services, spec, sample, asked)
    except ActiveloopError:
        return None  # the sentence says that its predictions cannot be read


def sentence(spec: ProjectSpec, reason: _Reason, opinion: Opinion | None) -> str:
    """Say why a sample was asked."""
    offer = reason.offer
    if offer.kind == "informative":
        return _informative(spec, reason, opinion)
    if offer.kind in _SETTLED:
        return _SETTLED[offer.kind]
    return f"{_DRAWN.get(offer.kind, f'It was asked as {offer.kind}')}{_why(offer)}."


_SETTLED = {
    "audit": "It was drawn at random among the audit samples: its label measures the versions and "
    "is never learned from.",
    "gold": "It is a gold sample: its label is known, and tells how reliable answers are.",
    "propagated": "It nearly repeats a sample that was asked, and was answered with it.",
}
_DRAWN = {
    "random": "It was drawn at random",
    "campaign": "It was drawn at random for a labelling campaign",
}


def _why(offer: Offer) -> str:
    because = offer.because.rstrip(".")
    return f": {because}" if because else ""


def _informative(spec: ProjectSpec, reason: _Reason, opinion: Opinion | None) -> str:
    offer = reason.offer
    if offer.version is None:
        return f"No model took part{_why(offer)}{_stood(reason)}."
    if opinion is None:
        return f"{_then(spec, offer)}{_stood(reason)}. What else it made of the sample {_LOST}"
    doubt = _several(opinion) if spec.answer == "several" else _one(opinion)
    return f"The model of version {offer.version} {doubt}{_stood(reason)}."


_LOST = "cannot be read any more."


def _then(spec: ProjectSpec, offer: Offer) -> str:
    """Say what the offer kept of what the version said, in the words of its time."""
    who = f"The model of version {offer.version}"
    if offer.suggestion is None or offer.confidence is None:
        return f"{who} asked for it"
    named = ", ".join(answers.read(spec.answer, offer.suggestion)) or "none of the labels"
    return f"{who} took it for {named} ({_share(offer.confidence)})"


def _one(opinion: Opinion) -> str:
    (first, one), *others = opinion.likeliest
    if others and one - others[0][1] <= CLOSE:
        second, other = others[0]
        return f"was torn between {first} ({_share(one)}) and {second} ({_share(other)})"
    doubt = "took it for" if opinion.sure else "was not sure of"
    return f"{doubt} {first} ({_share(one)})"


def _several(opinion: Opinion) -> str:
    """Name the label that it was least sure of, where that is among the likeliest."""
    least = min(opinion.likeliest, key=lambda each: abs(each[1] - 0.5))
    name, share = least
    if abs(max(share, 1 - share) - opinion.confidence) > 1e-6:
        return f"was least sure of a label it gave {_share(1 - opinion.confidence)}"
    return f"was least sure whether it is {name} ({_share(share)})"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def _stood(reason: _Reason) -> str:
    """Say where it stood, by which strategy, and by what chance."""
    offer, ranking = reason.offer, reason.ranking
    place = ""
    if offer.position is not None:
        place = f"; it stood {ordinal(offer.position + 1)}"
        if ranking is not None:
            place += f" of {ranking.length:,}"
            if ranking.scored > ranking.length:
                place += f" that were kept of {ranking.scored:,}"
    score = "" if offer.score is None else f", score {offer.score:.3g}"
    drawn = ""
    if offer.probability is not None and offer.probability < 1:
        drawn = f", drawn with probability {offer.probability:.2g}"
    return f"{place} ({offer.strategy}{score}{drawn})"


def ordinal(number: int) -> str:
    """Write a place.

    Example:
        >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22, 1013)]
        ['1st', '2nd', '3rd', '4th', '11th', '22nd', '1,013th']
    """
    teen = 10 < number % 100 < 20
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
