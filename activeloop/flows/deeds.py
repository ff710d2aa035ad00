"""What can be done to many samples at once, each in a transaction of its own with its trail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from activeloop.flows import deciding, gold
from activeloop.store import db, removing, reviews, trail
from activeloop.store.db import Session
from activeloop.store.tables import Project

Action = Literal["flag", "review", "remove", "restore", "gold"]


@dataclass(frozen=True)
class Deed:
    """What somebody does; `key` makes doing it twice harmless."""

    project: Project
    user_id: int
    action: Action
    key: str
    note: str = ""


def do(session: Session, *, deed: Deed, ids: Sequence[int]) -> int:
    """Do it to some samples, note it in the trail, and tell how many changed."""
    changed = _DOES[deed.action](session, deed, ids)
    if changed:
        trail.note(
            session,
            f"samples.{deed.action}",
            now=db.now(session),
            project_id=deed.project.id,
            user_id=deed.user_id,
            samples=changed,
            note=deed.note,
        )
    return len(changed)


def _flag(session: Session, deed: Deed, ids: Sequence[int]) -> list[int]:
    for sample_id in ids:
        deciding.flag(
            session,
            deed.project,
            deed.user_id,
            sample_id=sample_id,
            note=deed.note,
            key=f"{deed.key}-{sample_id}",
            anywhere=True,
        )
    return list(ids)


def _review(session: Session, deed: Deed, ids: Sequence[int]) -> list[int]:
    details = dict.fromkeys(ids, {"note": deed.note} if deed.note else {})
    now = db.now(session)
    reviews.open_many(
        session, deed.project.id, details, reviews.ASKED, now=now, user_id=deed.user_id
    )
    return list(ids)


def _remove(session: Session, deed: Deed, ids: Sequence[int]) -> list[int]:
    return removing.mark(session, deed.project.id, ids, at=db.now(session))


def _restore(session: Session, deed: Deed, ids: Sequence[int]) -> list[int]:
    return removing.mark(session, deed.project.id, ids, at=None)


def _gold(session: Session, deed: Deed, ids: Sequence[int]) -> list[int]:
    known = removing.settled(session, ids)
    if known:
        gold.mark(session, deed.project, known, label=None, user_id=deed.user_id)
    return known


_DOES: dict[Action, Callable[[Session, Deed, Sequence[int]], list[int]]] = {
    "flag": _flag,
    "review": _review,
    "remove": _remove,
    "restore": _restore,
    "gold": _gold,
}
