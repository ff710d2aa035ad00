"""Compare two versions: figures, changed predictions, what flipped, and how they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop import answers
from activeloop.errors import Conflict, NotFound
from activeloop.flows import featurising, gating, listing, models
from activeloop.flows.projects import spec_of
from activeloop.flows.snapshots import Labelled, snapshot
from activeloop.flows.versions import Words, as_json, words
from activeloop.spec import ProjectSpec
from activeloop.store import blocks, browsing, label_sets, projects, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version
from activeloop.store.ways import Filter
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.types import Estimate, Floats, Targets

LOOKED_AT = 5_000
"""The pool's predictions are compared on so many samples, drawn at random."""
SHOWN = 50
"""Samples that flipped, shown of the audit stratum and of the pool."""
SHOWN_MOVES = 30


@dataclass(frozen=True)
class _Side:
    version: Version
    words: Words
    train: Labelled


@dataclass(frozen=True)
class _Known:
    """What a comparison starts from, read in one short transaction."""

    spec: ProjectSpec
    a: _Side
    b: _Side
    audit: Labelled
    samples: int


def compare(services: Services, project: Project, a: int, b: int) -> dict[str, Any]:
    """Put version `b` beside version `a`.

    Returns:
        `figures` of both on the audit labels of now, with `difference` (b minus a, with its
        interval) and the exact p-values; `flips` of audit samples, each with its label; `pool`,
        how many predictions differ and from what to what, on a random part of it; `differs`, what
        is not the same in how they were made.

    Raises:
        NotFound: when there is no such version.
        Conflict: when a model file was let go, or a version knows other classes than today's.
    """
    with services.read() as session:
        known = _read(session, project, a, b)
    found = _on_audit(services, known)
    pool = _on_pool(services, known)
    with services.read() as session:
        for part in (found["flips"], pool["flips"]):
            _show(session, project, part)
    return {
        "a": as_json(known.a.version),
        "b": as_json(known.b.version),
        **found,
        "pool": pool,
        "differs": _differs(known),
    }


def _read(session: Session, project: Project, a: int, b: int) -> _Known:
    spec = spec_of(project)
    change = label_sets.newest(session, project.id)
    label_set = change.number if change else 0
    sides = [_side(session, project, spec, number, label_set) for number in (a, b)]
    events = projects.tally(session, project.id).events
    _, audit = snapshot(session, project.id, spec, events, label_set=label_set)
    covered = [blocks.covered(session, side.version.featurizer_id) for side in sides]
    return _Known(spec, sides[0], sides[1], audit, min(covered))


def _side(
    session: Session, project: Project, spec: ProjectSpec, number: int, label_set: int
) -> _Side:
    version = versions.by_number(session, project.id, number)
    if version is None:
        raise NotFound(f"Project {project.name!r} has no version {number}.")
    if version.dropped_at is not None:
        raise Conflict(
            f"The model file of version {number} was let go; `activeloop reproduce` makes it again."
        )
    today = words(session, version, label_set)
    if set(today) != set(spec.classes):
        raise Conflict(
            f"Version {number} knows other classes than the project has today, "
            "so its answers cannot be compared."
        )
    train, _ = snapshot(session, project.id, spec, version.snapshot, label_set=label_set)
    return _Side(version, today, train)


def _proba(services: Services, known: _Known, side: _Side, seqs: Sequence[int]) -> Floats:
    X = featurising.rows(services, side.version.featurizer_id, seqs)
    model = models.read(services, side.version.artifact)
    return gating.arranged(known.spec, side.words, gating.probabilities(model, X))


def _on_audit(services: Services, known: _Known) -> dict[str, Any]:
    import numpy as np

    from activeloop.learn import evaluate, pairs, targets

    audit = known.audit
    y = targets.encode(known.spec.answer, known.spec.classes, audit.names)
    before, after = (_proba(services, known, side, audit.seqs) for side in (known.a, known.b))
    seed = [known.spec.seed, known.a.version.number, known.b.version.number]
    figures = [
        evaluate.measure(y, proba, rng=np.random.default_rng(seed), ranked=False)
        for proba in (before, after)
    ]
    paired = pairs.paired(y, before, after)
    difference = pairs.paired_difference(paired.gains, paired.losses, paired.n) if len(y) else None
    return {
        "figures": {
            name: {"a": _told(figures[0].get(name)), "b": _told(figures[1].get(name))}
            for name in figures[0]
        },
        "difference": _told(difference),
        "paired": {
            "n": paired.n,
            "only_a_right": paired.losses,
            "only_b_right": paired.gains,
            "p_better": paired.p_better,
            "p_worse": paired.p_worse,
        },
        "flips": _flips(known, audit.seqs, before, after, audit.names, y),
    }


def _on_pool(services: Services, known: _Known) -> dict[str, Any]:
    import numpy as np

    n = known.samples
    chance = np.random.default_rng([known.spec.seed, n])
    whole = n <= LOOKED_AT
    drawn = np.arange(n) if whole else np.sort(chance.choice(n, LOOKED_AT, replace=False))
    # audit samples stand in the list above, with their labels
    apart = set(known.audit.seqs)
    seqs = [seq for seq in drawn.tolist() if seq not in apart]
    before, after = (_proba(services, known, side, seqs) for side in (known.a, known.b))
    said = [_said(known.spec, proba) for proba in (before, after)]
    moves = Counter((was, now) for was, now in zip(said[0], said[1], strict=True) if was != now)
    return {
        "looked_at": len(seqs),
        "whole": whole,
        "changed": sum(moves.values()),
        "moves": [
            {"from": list(was), "to": list(now), "samples": count}
            for (was, now), count in moves.most_common(SHOWN_MOVES)
        ],
        "flips": _flips(known, seqs, before, after),
    }


def _flips(  # noqa: PLR0917 - both sides of a flip, and its label where there is one
    known: _Known,
    seqs: Sequence[int],
    before: Floats,
    after: Floats,
    names: Sequence[str] = (),
    y: Targets | None = None,
) -> list[dict[str, Any]]:
    """List samples of which the two say different things, the largest change of mind first."""
    import numpy as np

    was, now = (_said(known.spec, proba) for proba in (before, after))
    by_much = np.abs(after - before).max(axis=1) if len(seqs) else np.empty(0)
    at = [row for row in np.argsort(-by_much, kind="stable").tolist() if was[row] != now[row]]
    found = []
    for row in at[:SHOWN]:
        label = answers.read(known.spec.answer, names[row]) if y is not None else None
        found.append(
            {
                "seq": seqs[row],
                "a": list(was[row]),
                "b": list(now[row]),
                "confidence_a": float(before[row].max()),
                "confidence_b": float(after[row].max()),
                "label": list(label) if label is not None else None,
                "right": None if label is None else _right(label, was[row], now[row]),
            }
        )
    return found


def _right(label: Sequence[str], was: Sequence[str], now: Sequence[str]) -> str:
    if set(now) == set(label):
        return "b"
    return "a" if set(was) == set(label) else "neither"


def _said(spec: ProjectSpec, proba: Floats) -> list[tuple[str, ...]]:
    """Give what each row's probabilities come to, as names."""
    from activeloop.learn.evaluate_marks import named

    if spec.answer == "one":
        return [(spec.classes[at],) for at in proba.argmax(axis=1).tolist()]
    return [
        tuple(name for name, marked in zip(spec.classes, row, strict=True) if marked)
        for row in named(proba).tolist()
    ]


def _show(session: Session, project: Project, flips: list[dict[str, Any]]) -> None:
    """Put the samples beside their flips."""
    wanted = sorted(flip["seq"] for flip in flips)
    rows = browsing.rows(session, project.id, Filter(), wanted)
    shown = {each["seq"]: each for each in listing.rows(session, project, rows)}
    for flip in flips:
        flip["sample"] = shown.get(flip["seq"])
    flips[:] = [flip for flip in flips if flip["sample"] is not None]


def _differs(known: _Known) -> dict[str, Any]:
    a, b = known.a.version, known.b.version
    was, now = (
        dict(zip(side.train.seqs, side.train.names, strict=True)) for side in (known.a, known.b)
    )
    both = was.keys() & now.keys()
    return {
        "labels": {
            "added": len(now.keys() - was.keys()),
            "removed": len(was.keys() - now.keys()),
            "changed": sum(was[seq] != now[seq] for seq in both),
        },
        "spec": _changes(a.spec, b.spec),
        "libraries": _changes(a.libraries, b.libraries),
        "made": _changes(
            {"recipe": a.recipe, "mode": a.mode, "features": a.featurizer_id, "seed": a.seed},
            {"recipe": b.recipe, "mode": b.mode, "features": b.featurizer_id, "seed": b.seed},
        ),
    }


def _changes(
    was: Mapping[str, Any], now: Mapping[str, Any], under: str = ""
) -> list[dict[str, Any]]:
    """List what is not the same in two nested mappings, by its path."""
    found = []
    for name in sorted({*was, *now}):
        one, other = was.get(name), now.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += _changes(one, other, f"{under}{name}.")
        elif one != other:
            found.append({"what": f"{under}{name}", "a": one, "b": other})
    return found


def _told(figure: Estimate | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
