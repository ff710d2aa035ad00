"""The sentences about waiting: why there is nothing to label, why the order is what it is."""

from __future__ import annotations

from datetime import datetime

from activeloop.store import imports, offers, projects
from activeloop.store.db import Session
from activeloop.store.tables import Project

NO_RANKING = "order is random: the pool has not been ranked yet"
USED_UP = "order is random: the ranking is used up and the next one is not there yet"


def reason(session: Session, project: Project, user_id: int, now: datetime) -> str:
    """Say why this person gets no sample now."""
    counts = projects.tally(session, project.id)
    if counts.samples == 0:
        if imports.live(session, project.id):
            return "The first import is still running; samples appear in a moment."
        return "The pool is empty: import data to start."
    skipped = offers.skipped_by(session, project.id, user_id)
    if skipped:
        return (
            f"Everything else is labelled or in somebody's hands; you skipped {skipped} "
            f"{'sample' if skipped == 1 else 'samples'}, which others may still answer."
        )
    returns = offers.next_return(session, project.id)
    if returns is not None:
        seconds = max(1, round((returns - now).total_seconds()))
        return (
            f"All that is left is in others' hands; the first comes back in {seconds} s "
            "unless it is answered."
        )
    return "Everything is labelled. Import more data to go on."
