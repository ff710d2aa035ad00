"""Why a version gives a sample the label it gives: what each word, region or column adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop.errors import ActiveloopError, Invalid, NotFound
from activeloop.flows import backgrounds, models
from activeloop.flows.histories import find
from activeloop.flows.projects import find as project_of
from activeloop.flows.projects import spec_of
from activeloop.flows.versions import Words, words
from activeloop.store import featurizers, versions
from activeloop.store.db import Session
from activeloop.store.tables import Featurizer, Project, Sample, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.backgrounds import Background
    from activeloop.learn.explain import Line, Parts, Placed
    from activeloop.learn.features import Featurizer as FittedFeaturizer
    from activeloop.learn.types import Features

MOST_LINES = 40
"""Columns or components told one by one; the others are told as one sum."""
NEWEST = 20
"""How many versions may be chosen from."""


@dataclass(frozen=True)
class Asked:
    """Which version explains what, and what its classes are called today."""

    project: Project
    sample: Sample
    version: Version
    words: Words
    featurizer: Featurizer


@dataclass(frozen=True, eq=False)
class _Read:
    """The sample's features, what the version makes of them, and what it is counted from."""

    featurizer: FittedFeaturizer
    X: Features
    proba: Sequence[float]
    background: Background | None


def of_sample(
    services: Services,
    ref: str | int,
    sample_id: int,
    *,
    number: int | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """Take the score of a class apart, by what adds to it.

    Args:
        services: of this process.
        ref: the project.
        sample_id: the sample.
        number: of the version; the champion, if not said.
        name: the class, as it is called today or as the version calls it; the likeliest, if not
            said.

    Returns:
        `because` says why there is nothing to show, and is empty when there is; then the base, the
        pieces, regions or lines and what stands apart add up to the score.

    Raises:
        NotFound: when there is no such sample or version.
        Invalid: when the version knows no such class.
    """
    with services.read() as session:
        asked = _asked(session, ref, sample_id, number)
    if asked is None:
        return {"version": None, "because": "There is no version yet; label some more."}
    told = _about(asked)
    lost = gone(asked.version)
    if lost:
        return told | {"because": lost}
    try:
        read = _read(services, asked)
    except ActiveloopError as fault:  # a file that is lost, a sample that does not fit
        return told | {"because": fault.message}
    return told | _explained(asked, read, name)


def gone(version: Version) -> str:
    """Say why the model of a version cannot be read any more; nothing when it can."""
    if version.dropped_at is None:
        return ""
    return (
        f"The model file of version {version.number} was let go on {version.dropped_at:%Y-%m-%d}; "
        "its record is kept, but it can explain nothing any more."
    )


def _asked(session: Session, ref: str | int, sample_id: int, number: int | None) -> Asked | None:
    project = project_of(session, ref)
    sample = find(session, project, sample_id)
    version = chosen(session, project, number)
    if version is None:
        return None
    featurizer = featurizers.kept(session, version.featurizer_id)
    return Asked(project, sample, version, words(session, version), featurizer)


def chosen(session: Session, project: Project, number: int | None) -> Version | None:
    """Give the version of a number, or the champion, or the newest; None before the first.

    Raises:
        NotFound: when there is none of that number.
    """
    if number is None:
        return versions.champion(session, project) or versions.newest(session, project.id)
    version = versions.by_number(session, project.id, number)
    if version is None:
        raise NotFound(f"Project {project.name!r} has no version {number}.")
    return version


def choices(session: Session, project: Project) -> list[dict[str, Any]]:
    """List versions that may be asked: the newest, and the champion."""
    found = versions.to_compare(session, project, NEWEST)
    return [{"number": each.number, "status": each.status} for each in found]


def _about(asked: Asked) -> dict[str, Any]:
    version = asked.version
    return {
        "version": {
            "number": version.number,
            "status": version.status,
            "recipe": version.recipe,
            "train_labels": version.train_labels,
        },
        "sample": asked.sample.id,
        "kind": spec_of(asked.project).kind,
        "because": "",
        "classes": [],
    }


def _read(services: Services, asked: Asked) -> _Read:
    """Make the sample's features and ask the version about it.

    Raises:
        ActiveloopError: when a file is gone, or the sample does not fit the features.
    """
    from activeloop.learn import persist

    model = models.read(services, asked.version.artifact)
    featurizer = persist.load_featurizer(services.artifacts.get(asked.featurizer.artifact))
    payload = asked.sample.payload
    blobs = [services.artifacts.get(payload["image"])] if asked.project.kind == "image" else None
    X = featurizer.transform([payload], blobs=blobs)
    proba = model.predict_proba(X)[0].tolist()
    return _Read(featurizer, X, proba, backgrounds.of(services, asked.version))


def _explained(asked: Asked, read: _Read, name: str | None) -> dict[str, Any]:
    from activeloop.learn.explain import place, why_not

    at = _class(asked, name, read.proba)
    told: dict[str, Any] = {"classes": _classes(asked, read.proba), "class": called(asked, at)}
    if read.background is None:
        return told | {"because": why_not(asked.version.recipe)}
    linear = read.background.linear
    learned = linear.classes.tolist()
    if at not in learned:
        return told | {"because": _BASE_RATE.format(asked.version.number)}
    whole = linear.parts(read.X, read.background.mean, read.background.base)
    parts = _of_class(whole, learned.index(at))
    placed = place(read.featurizer, asked.sample.payload, parts)
    return told | _figures(parts, read.background) | _placed(placed, asked.sample.payload)


_BASE_RATE = (
    "When version {} learned, this class had no labels to tell it by: the version gives it a base "
    "rate, whatever the sample."
)


def _of_class(parts: Parts, at: int) -> Parts:
    from activeloop.learn.explain import Parts

    one = slice(at, at + 1)
    return Parts(parts.columns, parts.given[:, one], parts.absent[one], parts.base[one])


def _class(asked: Asked, name: str | None, proba: Sequence[float]) -> int:
    """Find the class that is asked for; of several under one name the likeliest."""
    places = list(range(len(proba)))
    if name is not None:
        known = [at for at in places if asked.words[at] == name]
        places = known or [at for at in places if asked.version.classes[at] == name]
    if not places:
        listed = ", ".join(each for each in dict.fromkeys(asked.words) if each)
        problem = f"version {asked.version.number} knows no class {name!r}."
        raise Invalid.field("class", problem, f"It knows {listed}.")
    return max(places, key=lambda at: proba[at])


def called(asked: Asked, at: int) -> dict[str, Any]:
    """Give what a class of a version is called today, and what it was called."""
    return {"name": asked.words[at], "was": asked.version.classes[at]}


def _classes(asked: Asked, proba: Sequence[float]) -> list[dict[str, Any]]:
    order = sorted(range(len(proba)), key=lambda at: -proba[at])
    return [called(asked, at) | {"probability": proba[at]} for at in order]


def _figures(parts: Parts, background: Background) -> dict[str, Any]:
    return {
        "score": float(parts.scores[0]),
        "base": float(parts.base[0]),
        "background": len(background.seqs),
        "words": background.linear.words,
    }


def _placed(placed: Placed, payload: dict[str, Any]) -> dict[str, Any]:
    """Give contributions as JSON: the strongest lines by themselves, the others as a sum."""
    lines = sorted(placed.lines, key=lambda line: -abs(float(line.given[0])))
    apart = [_line(line) for line in placed.apart]
    rest = lines[MOST_LINES:]
    if rest:
        sum_of_rest = float(sum(float(line.given[0]) for line in rest))
        apart.append({"name": f"The other {len(rest):,}", "value": None, "given": sum_of_rest})
    pieces = [
        {"text": piece.text, "given": float(given[0])}
        for piece, given in zip(placed.pieces, placed.pieces_given, strict=True)
    ]
    return {
        "pieces": pieces,
        "unread": max(0, len(str(payload.get("text", ""))) - placed.read) if pieces else 0,
        "shared": placed.shared,
        "grid": placed.grid[..., 0].tolist() if placed.grid is not None else None,
        "lines": [_line(line) for line in lines[:MOST_LINES]],
        "apart": apart,
    }


def _line(line: Line) -> dict[str, Any]:
    return {"name": line.name, "value": line.value, "given": float(line.given[0])}
