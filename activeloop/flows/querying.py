"""The figure on labels that were asked for: as it is, which is biased, and with that weighed out.

A version is measured only on labels that it had not learned: those that came after its snapshot.
Going back, the labels between two versions are measured by the earlier one. So each label is
predicted once, by the newest version that had not seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from activeloop.flows.snapshots import Labelled
from activeloop.store import draws, projects, version_reports
from activeloop.store.db import Session
from activeloop.store.draws import Draw
from activeloop.store.tables import Project, Version

if TYPE_CHECKING:
    from activeloop.learn.types import Bools

WINDOWS = 20
"""How many earlier versions the biased figure goes back."""
SAYS = (
    "each label that active learning asked for, predicted by the newest version that had not "
    "learned it; these samples were chosen because they are hard, so it says nothing of the pool"
)


class Window(NamedTuple):
    """How the version of a number did on the labels asked for between it and the next."""

    number: int
    right: int
    n: int


@dataclass(frozen=True)
class Asked:
    """The labels asked for that a version has not learned.

    Attributes:
        draws: how each was chosen, in order.
        labelled: the same samples and their labels.
        pool: how many samples could be asked at its snapshot.
        grew: whether samples came since.
        share: of the draws that are made at random.
    """

    draws: Sequence[Draw]
    labelled: Labelled
    pool: int
    grew: bool
    share: float


def read(
    session: Session, project: Project, version: Version, train: Labelled, events: int
) -> Asked:
    """Read what was asked since a version's snapshot, through an event."""
    names = dict(zip(train.seqs, train.names, strict=True))
    drawn = [
        draw
        for draw in draws.since(session, project.id, version.snapshot, events)
        if draw.seq in names
    ]
    counts = projects.tally(session, project.id)
    came = draws.latest_arrival(session, project.id)
    # what is labelled now and was not then could be asked then; so could what still is not
    left = counts.samples - counts.audit_samples - len(train.seqs)
    return Asked(
        draws=drawn,
        labelled=Labelled([draw.seq for draw in drawn], [names[draw.seq] for draw in drawn]),
        pool=max(0, left) + len(drawn),
        grew=came is not None and came > version.created_at,
        share=float(project.spec.get("random_share", 0.1)),
    )


def earlier(session: Session, version: Version | None) -> list[Window]:
    """Give what the report of a version says of those before it."""
    if version is None:
        return []
    report = version_reports.newest(session, version.id, "evaluation")
    return [Window(*each) for each in report.body.get("windows", [])] if report else []


def window(version: Version, asked: Asked, right: Bools) -> Window:
    """Count how a version did on the labels that active learning asked for after it."""
    chosen = _chosen(asked, right)
    return Window(version.number, sum(chosen), len(chosen))


def told(asked: Asked, right: Bools, windows: Sequence[Window]) -> dict[str, Any]:
    """Give the two figures.

    Args:
        asked: the labels since the version's snapshot.
        right: (M,) whether the version tells each of them right.
        windows: of the versions before it.
    """
    return {
        "queried": _biased(_chosen(asked, right), windows),
        "lure": _corrected(asked, right),
        "windows": [list(each) for each in windows],
    }


def _chosen(asked: Asked, right: Bools) -> list[int]:
    """Tell of those that active learning chose which are told right."""
    pairs = zip(asked.draws, right, strict=True)
    return [int(hit) for draw, hit in pairs if draw.kind == "informative"]


def _biased(chosen: Sequence[int], windows: Sequence[Window]) -> dict[str, Any]:
    from activeloop.flows.reporting import as_json
    from activeloop.learn.evaluate import wilson

    n = len(chosen) + sum(each.n for each in windows)
    hits = sum(chosen) + sum(each.right for each in windows)
    figures = {"accuracy": as_json(wilson(hits, n))} if n else {}
    return {"figures": figures, "says": SAYS, "biased": True}


def _corrected(asked: Asked, right: Bools) -> dict[str, Any]:
    import numpy as np

    from activeloop.flows.reporting import as_json
    from activeloop.learn import lure

    because = _why_not(asked, lure.FEWEST)
    if because:
        return {"figures": {}, "says": because}
    remaining = asked.pool - np.arange(len(asked.draws), dtype=float)
    lots = np.array([draw.kind == "random" for draw in asked.draws], float)
    share = 1.0 if lots.all() else asked.share
    q = lure.mixed(
        np.array([draw.probability or 0.0 for draw in asked.draws]),
        remaining,
        share,
        at_random=lots,
    )
    found = lure.corrected(np.asarray(right, float), q, asked.pool)
    if found is None:
        return {"figures": {}, "says": "too few labels came since this version"}
    return {
        "figures": {"accuracy": as_json(found) | {"of": asked.pool}},
        "says": f"{len(asked.draws)} labels that came since this version, each weighted by its "
        f"chance to be asked (LURE); an estimate for the {asked.pool} samples that remained",
    }


def _why_not(asked: Asked, fewest: int) -> str:
    """Say why the choice cannot be weighed out; empty when it can."""
    by_chance = sum(_by_chance(draw) for draw in asked.draws)
    if by_chance < fewest:
        return (
            f"of the labels that came since this version {by_chance} were drawn by chance, and it "
            f"wants {fewest}: what the strategy chose by rank alone had no chance to be another"
        )
    if by_chance < len(asked.draws) and not asked.share:
        return "no share of the questions is drawn at random (random_share is 0)"
    return ""


def _by_chance(draw: Draw) -> bool:
    """Tell whether another sample could have been asked in this one's place."""
    return draw.kind == "random" or (draw.probability is not None and draw.probability < 1)
