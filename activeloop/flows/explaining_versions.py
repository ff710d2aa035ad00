"""What a version looks at overall: the strongest words, regions or columns of each class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from activeloop.errors import ActiveloopError
from activeloop.flows import backgrounds, featurising
from activeloop.flows.explaining import chosen, gone
from activeloop.flows.projects import find, spec_of
from activeloop.flows.versions import words
from activeloop.store import db, featurizers, histories, version_reports
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.backgrounds import Background
    from activeloop.learn.explain import Linear, Parts
    from activeloop.learn.features import Featurizer

KIND = "explanation"
TEXTS = 300
"""How many training texts are read for their words, drawn at random."""
CHARACTERS = 200_000
"""How many characters of them in all."""
ROWS = 1000
"""How many training samples of another kind are looked at, drawn at random."""
CELLS = 2_000_000
"""A text whose characters times the classes are more is left out: it would fill the memory."""
NUMBERS = 5_000_000
"""Features times classes times samples in memory together; of many classes fewer are looked at."""
FEWEST = 20


def of_version(services: Services, ref: str | int, number: int) -> dict[str, Any]:
    """Tell what a version looks at; computed at the first asking, and kept.

    `because` says why there is nothing to show, and is empty when there is.

    Raises:
        NotFound: when there is no such version.
    """
    with services.read() as session:
        project = find(session, ref)
        version = chosen(session, project, number)
        assert version is not None  # noqa: S101 - a number was given
        names = words(session, version)
        kept = version_reports.newest(session, version.id, KIND)
        body = kept.body if kept else None
    told = {"version": version.number, "recipe": version.recipe, "kind": project.kind}
    if body is None:
        lost = gone(version)
        try:
            body = {"because": lost} if lost else _computed(services, project, version)
        except ActiveloopError as fault:
            return told | {"because": fault.message, "classes": []}
    found = [
        each | {"name": names[each["place"]], "was": version.classes[each["place"]]}
        for each in body.get("classes", ())
    ]
    return told | {"because": ""} | body | {"classes": found}


def _computed(services: Services, project: Project, version: Version) -> dict[str, Any]:
    """Compute and keep it. What cannot be computed is not kept: it may be restored."""
    from activeloop.learn.explain import why_not

    background = backgrounds.of(services, version)
    if background is None:
        return {"because": why_not(version.recipe)}
    body = _body(services, project, version, background)
    with services.write() as session:
        version_reports.keep(
            session, version.id, KIND, events=version.snapshot, body=body, now=db.now(session)
        )
    return body


def _body(
    services: Services, project: Project, version: Version, background: Background
) -> dict[str, Any]:
    import numpy as np

    rng = np.random.default_rng(version.seed)
    seqs = np.array(background.seqs)
    kind = spec_of(project).kind
    count = len(background.linear.classes)
    room = NUMBERS // (background.linear.width * count)
    most = TEXTS if kind == "text" else min(ROWS, max(FEWEST, room))
    drawn = np.sort(rng.choice(seqs, min(most, len(seqs)), replace=False)).tolist()
    by_class = _words if kind == "text" else _rows
    looked, classes = by_class(services, version, background, drawn)
    return {
        "words": background.linear.words,
        "background": len(background.seqs),
        "looked": looked,
        "classes": [
            {"place": place} | found
            for place, found in zip(background.linear.classes.tolist(), classes, strict=True)
        ],
    }


def _parts(
    services: Services, version: Version, background: Background, seqs: list[int]
) -> Iterator[Parts]:
    """Take the scores of some samples apart, one after the other."""
    linear, mean, base = background.linear, background.mean, background.base
    X = featurising.rows(services, version.featurizer_id, seqs)
    for row in range(len(seqs)):
        yield linear.parts(X[row : row + 1], mean, base)


def _fitted(services: Services, session: Session, version: Version) -> Featurizer:
    from activeloop.learn import persist

    row = featurizers.kept(session, version.featurizer_id)
    return persist.load_featurizer(services.artifacts.get(row.artifact))


def _words(
    services: Services, version: Version, background: Background, seqs: list[int]
) -> tuple[int, list[dict[str, Any]]]:
    """Read the words of some training texts; those removed from the pool are left out."""
    from activeloop.learn.explain import overall, place

    with services.read() as session:
        found = histories.by_seqs(session, version.project_id, seqs)
        featurizer = _fitted(services, session, version)
    texts: dict[int, str] = {}
    count = len(background.linear.classes)
    longest, room = CELLS // count, min(CHARACTERS, 10 * CELLS // count)
    for seq in seqs:
        text = str(found[seq].payload["text"]) if seq in found else ""
        if text and found[seq].removed_at is None and len(text) <= min(longest, room):
            texts[seq] = text
            room -= len(text)
    every = _parts(services, version, background, list(texts))
    gathered = overall.words(
        place(featurizer, {"text": text}, parts)
        for text, parts in zip(texts.values(), every, strict=True)
    )
    return gathered.texts, [gathered.strongest(at) for at in range(count)]


def _rows(
    services: Services, version: Version, background: Background, seqs: list[int]
) -> tuple[int, list[dict[str, Any]]]:
    from activeloop.learn.explain import overall
    from activeloop.learn.features.image import ImageFeaturizer

    with services.read() as session:
        featurizer = _fitted(services, session, version)
    every = list(_parts(services, version, background, seqs))
    places = range(len(background.linear.classes))
    if isinstance(featurizer, ImageFeaturizer):
        grid, apart = overall.regions(every)
        return len(every), [
            {
                "grid": grid[..., at].tolist(),
                "apart": [{"name": name, "strength": float(s[at])} for name, s in apart.items()],
            }
            for at in places
        ]
    lines = _lines(featurizer, background.linear, every)
    return len(every), [{"lines": _strongest(lines, at)} for at in places]


def _lines(featurizer: Featurizer, linear: Linear, every: list[Parts]) -> list[dict[str, Any]]:
    from activeloop.learn.explain import overall
    from activeloop.learn.features.table import TableFeaturizer

    if isinstance(featurizer, TableFeaturizer):
        return overall.columns(featurizer, linear, every)
    return overall.components(linear, every)


def _strongest(lines: list[dict[str, Any]], at: int) -> list[dict[str, Any]]:
    from activeloop.learn.explain.overall import STRONGEST

    order = sorted(lines, key=lambda line: -float(line["strength"][at]))[: 2 * STRONGEST]
    return [
        {
            "name": line["name"],
            "strength": float(line["strength"][at]),
            "more": bool(line["more"][at]) if "more" in line else None,
            "best": line["best"][at] if "best" in line else None,
            "worst": line["worst"][at] if "worst" in line else None,
        }
        for line in order
    ]
