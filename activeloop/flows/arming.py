"""Compare active learning with random choice, on the labels of the project itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from activeloop.flows import featurising
from activeloop.flows.snapshots import Labelled, snapshot
from activeloop.spec import ProjectSpec
from activeloop.store import draws, label_sets, projects, version_reports, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.arms import Point, Saved, Verdict
    from activeloop.learn.types import Estimate

KIND = "arms"


def newest(session: Session, project: Project, *, besides: int | None = None) -> dict[str, Any]:
    """Give the newest comparison, or that before the one with a version; empty before the first."""
    ids = [each.id for each in versions.all_(session, project.id, 20) if each.id != besides]
    found = version_reports.of_versions(session, ids, KIND)
    latest = next((found[each] for each in ids if each in found), None)
    return dict(latest.body) | {"made_at": latest.created_at.isoformat()} if latest else {}


def compare(
    services: Services, project: Project, spec: ProjectSpec, version: Version
) -> dict[str, Any]:
    """Train on the labels of either arm and measure both on the audit labels there are."""
    with services.read() as session:
        events = projects.tally(session, project.id).events
        change = label_sets.newest(session, project.id)
        label_set = change.number if change else 0
        train, audit = snapshot(session, project.id, spec, events, label_set=label_set)
        drawn = draws.since(session, project.id, 0, events)
    names = dict(zip(train.seqs, train.names, strict=True))
    sides = {
        kind: [draw.seq for draw in drawn if draw.kind == kind and draw.seq in names]
        for kind in ("informative", "random")
    }
    missing = _missing(spec, sides["informative"], sides["random"], audit)
    if missing:
        return {"points": [], "verdict": "not told apart", "says": missing, "saved": None}
    return _compared(services, spec, version, sides, names, audit)


def _missing(
    spec: ProjectSpec, queried: Sequence[int], random: Sequence[int], audit: Labelled
) -> str:
    from activeloop.learn.arms import FEWEST

    if not spec.random_share and len(random) < FEWEST:
        return (
            "No share of the questions is drawn at random (`random_share` is 0), so there is "
            "nothing to compare active learning with."
        )
    for side, says in ((random, "drawn at random"), (queried, "asked by the strategy")):
        if len(side) < FEWEST:
            return f"{len(side)} labels {says} have come; the comparison begins with {FEWEST}."
    return "" if audit.seqs else "There is no audit label to measure on yet."


def _compared(  # noqa: PLR0917 - two arms, and what measures them
    services: Services,
    spec: ProjectSpec,
    version: Version,
    sides: dict[str, list[int]],
    names: dict[int, str],
    audit: Labelled,
) -> dict[str, Any]:
    import numpy as np

    from activeloop.learn import arms, recipes, targets
    from activeloop.learn.arms import Arms, Labels

    def labelled(seqs: Sequence[int], said: Sequence[str]) -> Labels:
        return Labels(
            featurising.rows(services, version.featurizer_id, seqs),
            targets.encode(spec.answer, spec.classes, said),
        )

    train = sorted(names)
    at = {seq: row for row, seq in enumerate(train)}
    queried, random = (
        np.array([at[seq] for seq in sides[kind]], np.int64) for kind in ("informative", "random")
    )
    shared = np.setdiff1d(np.arange(len(train)), np.concatenate([queried, random]))
    points = arms.compare(
        Arms(labelled(train, [names[seq] for seq in train]), queried, random, shared),
        labelled(audit.seqs, audit.names),
        recipes.get(spec.model.recipe, spec.model.params),
        len(spec.classes),
        seed=spec.seed,
    )
    said, saved = arms.verdict(points), arms.saved(points)
    return {
        "points": [_point(each) for each in points],
        "shared": len(shared),
        "verdict": said,
        "says": _says(points, said, saved, len(shared)),
        "saved": None
        if saved is None
        else {"labels": saved.labels, "random": saved.random, "at_least": saved.at_least},
    }


def _says(points: Sequence[Point], verdict: Verdict, saved: Saved | None, shared: int) -> str:
    if not points or saved is None:
        return "The labels of an arm are all of one class so far; nothing can be compared."
    last = points[-1]
    told = last.difference
    beside = f", beside {shared:,} that both have" if shared else ""
    by = (
        f"With {last.labels} labels of each kind{beside}, queried ones give "
        f"{100 * told.value:+.1f} points of accuracy over random ones "
        f"({100 * told.low:+.1f} to {100 * told.high:+.1f})"
    )
    ends = {
        "ahead": "choosing pays",
        "behind": "choosing does worse than chance",
        "not told apart": "that is not told apart from chance yet",
    }[verdict]
    worth = f"{saved.labels} queried labels do as well as "
    if saved.random is None:
        worth += f"more than the {saved.at_least} random ones there are"
    else:
        worth += f"about {saved.random:.0f} random ones"
    return f"{by}: {ends}. {worth}."


def _point(point: Point) -> dict[str, Any]:
    return {
        "labels": point.labels,
        "queried": _told(point.queried),
        "random": _told(point.random),
        "difference": _told(point.difference),
    }


def _told(figure: Estimate) -> dict[str, Any]:
    return {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
