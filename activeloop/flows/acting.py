"""Act on many samples at once: see what would be touched, then do just that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from activeloop.errors import Forbidden, Invalid, NotFound
from activeloop.flows import browsing, deeds, selections
from activeloop.flows.browsing import Wanted
from activeloop.flows.deeds import Action, Deed
from activeloop.store import browsing as looking
from activeloop.store import db, removing
from activeloop.store.browsing import Row
from activeloop.store.db import Session
from activeloop.store.removing import Counts
from activeloop.store.tables import Project
from activeloop.wiring import Services

MOST = 20_000
"""Samples that one action touches; with more it is done again."""
AT_ONCE = 500
"""Samples in one transaction, for which labelling waits."""
PAGES = 100
"""How many pages' worth of samples are looked at for a selection."""
EXAMPLES = 5


@dataclass(frozen=True)
class Preview:
    """What an action would touch.

    Attributes:
        token: finds just these samples again.
        counts: what there is to them.
        touched: how many would change; the others are so already, or cannot be.
        because: why the others would not, in a sentence.
        examples: the first.
        whole: whether these are all that fit.
    """

    token: str
    counts: Counts
    touched: int
    because: str
    examples: Sequence[Row]
    whole: bool


def preview(
    services: Services,
    project: Project,
    user_id: int,
    action: Action,
    *,
    wanted: Wanted | None = None,
    ids: Sequence[int] = (),
) -> Preview:
    """Fix which samples an action is for, and tell what it would touch.

    Raises:
        NotFound: when one named is not of this project.
        Invalid: when there are too many named, or a filter names what is not there.
    """
    if wanted is not None:
        rows, whole = browsing.gather(services, project, wanted, most=MOST, times=PAGES)
        found, first = [row.id for row in rows], rows[:EXAMPLES]
    else:
        found, whole = _named(services, project, ids), True
        first = []
    with services.read() as session:
        counts = _counted(session, found)
        touched, because = _touched(action, counts)
        if not first:
            first = looking.by_ids(session, project.id, found[:EXAMPLES])
        now = db.now(session)
    chosen = selections.Selection(project.id, user_id, action, found)
    token = selections.keep(services, chosen, now=now)
    return Preview(token, counts, touched, because, first, whole)


def confirm(
    services: Services,
    project: Project,
    user_id: int,
    action: Action,
    *,
    token: str,
    note: str = "",
) -> int:
    """Do what was shown, to the samples that were shown; tell how many changed.

    Sent again it changes nothing more.

    Raises:
        NotFound: when the selection is not there any more.
        Forbidden: when it is somebody else's, or of another action.
    """
    chosen = selections.read(services, token)
    if (chosen.project_id, chosen.user_id, chosen.action) != (project.id, user_id, action):
        raise Forbidden("This selection was made for something else. Look at it again.")
    return _act(services, Deed(project, user_id, action, token, note), chosen.ids)


def act(
    services: Services,
    project: Project,
    user_id: int,
    action: Action,
    *,
    ids: Sequence[int],
    key: str,
    note: str = "",
) -> int:
    """Act on samples that are named one by one; tell how many changed.

    Raises:
        NotFound: when one is not of this project.
        Invalid: when there are too many.
    """
    found = _named(services, project, ids)
    return _act(services, Deed(project, user_id, action, key, note), found)


def _named(services: Services, project: Project, ids: Sequence[int]) -> list[int]:
    wanted = sorted(set(ids))
    if len(wanted) > MOST:
        raise Invalid.field("ids", f"names {len(wanted):,} samples; {MOST:,} at a time.")
    with services.read() as session:
        known = {
            each
            for at in range(0, len(wanted), AT_ONCE)
            for each in looking.known(session, project.id, wanted[at : at + AT_ONCE])
        }
    strange = [each for each in wanted if each not in known]
    if strange:
        raise NotFound(f"There is no sample {strange[0]} in this project.")
    return wanted


def _counted(session: Session, ids: Sequence[int]) -> Counts:
    parts = [removing.counts(session, ids[at : at + AT_ONCE]) for at in range(0, len(ids), AT_ONCE)]
    return Counts(*(sum(column) for column in zip(*parts, strict=True))) if parts else _NOTHING


_NOTHING = Counts(0, 0, 0, 0, 0, 0, 0)


def _touched(action: Action, counts: Counts) -> tuple[int, str]:
    match action:
        case "remove":
            return counts.samples - counts.removed, "The others are removed already."
        case "restore":
            return counts.removed, "The others are in the pool."
        case "gold":
            return counts.labelled, "The others have no settled label that could be known."
        case _:
            return counts.samples, ""


def _act(services: Services, deed: Deed, ids: Sequence[int]) -> int:
    done = 0
    for at in range(0, len(ids), AT_ONCE):
        part = ids[at : at + AT_ONCE]
        done += services.settle(partial(deeds.do, deed=deed, ids=part))
    return done


def as_json(found: Preview) -> dict[str, Any]:
    """Give what the API shows of a preview."""
    return {
        "token": found.token,
        "count": found.counts.samples,
        "touched": found.touched,
        "because": found.because if found.touched < found.counts.samples else "",
        "whole": found.whole,
        **{key: value for key, value in found.counts._asdict().items() if key != "samples"},
    }
