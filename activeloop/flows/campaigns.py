"""Campaigns: samples drawn at random from a slice, labelled first, so that they measure it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import due
from activeloop.flows.projects import spec_of
from activeloop.formats.rows import digest_of
from activeloop.jobs import Featurize
from activeloop.store import (
    campaigns,
    db,
    drift_windows,
    incoming,
    labels,
    ledger,
    projects,
    runs,
    samples,
    trail,
)
from activeloop.store.db import Session
from activeloop.store.tables import Campaign, DriftWindow, Project

DRIFT = "drift"
LEAST_CLASSES = 2


@dataclass(frozen=True)
class _Row:
    """A sample sent for prediction, on its way into the pool."""

    number: int
    payload: dict[str, Any]
    digest: str
    external_id: str | None = None
    label: str | None = None
    metadata: dict[str, Any] = field(default_factory=lambda: {"source": "predict"})


def listed(session: Session, project: Project) -> list[dict[str, Any]]:
    """List campaigns, newest first."""
    return [as_json(session, each) for each in campaigns.listed(session, project.id)]


def as_json(session: Session, campaign: Campaign) -> dict[str, Any]:
    """Give what the API and the pages show of a campaign."""
    return {
        "id": campaign.id,
        "reason": campaign.reason,
        "state": campaign.state,
        "wanted": campaign.wanted,
        "left": campaigns.left(session, campaign.id),
        "detail": campaign.detail,
        "created_at": campaign.created_at.isoformat(),
        "closed_at": campaign.closed_at.isoformat() if campaign.closed_at else None,
    }


def open_by_person(
    session: Session, project: Project, *, reason: str, first: int, last: int, wanted: int,
    user_id: int | None,
) -> dict[str, Any]:  # fmt: skip
    """Put up samples drawn at random from a part of the pool, by their sequence numbers.

    Raises:
        Conflict: while another campaign is open.
        Invalid: when that part of the pool is empty.
    """
    projects.lock(session, project.id)
    if campaigns.running(session, project.id) is not None:
        raise Conflict(f"Project {project.name!r} has an open campaign; close it first.")
    ids = drift_windows.ids_between(session, project.id, first, last)
    if not ids:
        raise Invalid.field("first", f"there are no samples from {first} to {last}.")
    made = _open(
        session, project, ids, wanted=wanted, reason=reason,
        detail={"slices": [[first, last]], "source": "person"}, user_id=user_id,
    )  # fmt: skip
    return as_json(session, made)


def open_after_alarm(session: Session, project: Project, window: DriftWindow) -> None:
    """Open a campaign on the drifted slices of an alarm, unless none is wanted.

    While one is open the alarm waits: `close_if_done` opens the next.
    """
    wanted = spec_of(project).monitoring.campaign
    if wanted == 0 or campaigns.running(session, project.id) is not None:
        return
    slices = window.body["slices"]
    if window.source == "predict":
        ids = _taken_in(session, project, slices, wanted=wanted)
    else:
        ids = [
            sample_id
            for first, last in slices
            for sample_id in drift_windows.ids_between(session, project.id, first, last)
        ]
    if ids:
        detail = {
            "slices": slices,
            "source": window.source,
            "window": window.number,
            "says": window.body["says"],
        }
        _open(session, project, ids, wanted=wanted, reason=DRIFT, detail=detail, user_id=None)


def close(session: Session, project: Project, campaign_id: int, *, user_id: int) -> dict[str, Any]:
    """Close a campaign before it has all its labels; no run is asked for.

    Raises:
        NotFound: when there is no such campaign.
        Conflict: when it is closed.
    """
    campaign = campaigns.by_id(session, project.id, campaign_id)
    if campaign is None:
        raise NotFound(f"Project {project.name!r} has no campaign {campaign_id}.")
    if campaign.state != "open":
        raise Conflict(f"Campaign {campaign_id} is closed already.")
    _close(session, project, campaign, user_id=user_id)
    return as_json(session, campaign)


def close_if_done(session: Session, project: Project) -> bool:
    """Close the campaign when all is answered, and then ask for the run it was opened for.

    Was there another alarm meanwhile, its campaign is opened; of several, the newest one's.
    While another run is at work it stays open: the run that follows must have its reason.
    """
    campaign = campaigns.running(session, project.id)
    if campaign is None or campaigns.left(session, campaign.id) > 0:
        return False
    spec = spec_of(project)
    train = spec.retrain.on_drift and campaign.reason == DRIFT
    if train and runs.live(session, project.id) is not None:
        return False
    _close(session, project, campaign, user_id=None)
    waiting = drift_windows.alarm_since(session, project.id, campaign.created_at)
    if waiting is not None and waiting.number != campaign.detail.get("window"):
        open_after_alarm(session, project, waiting)
    if train and len(labels.classes_seen(session, project.id)) >= LEAST_CLASSES:
        because = (
            f"campaign {campaign.id}, opened by a drift alarm, has its {campaign.wanted} labels"
        )
        due.ask(session, project, mode=spec.retrain.mode, because=because, now=db.now(session))
    return True


def findings(session: Session, project: Project) -> list[str]:
    """Say what the open campaign waits for."""
    campaign = campaigns.running(session, project.id)
    if campaign is None:
        return []
    why = "a drift alarm" if campaign.reason == DRIFT else campaign.reason
    left = campaigns.left(session, campaign.id)
    told = f"Campaign {campaign.id} ({why}) waits for {left} of {campaign.wanted} samples; "
    found = [f"{told}offered first."]
    alarm = drift_windows.alarm_since(session, project.id, campaign.created_at)
    if alarm is not None and alarm.number != campaign.detail.get("window"):
        found.append(f"Window {alarm.number} gave another alarm; its campaign is the next.")
    return found


def _open(
    session: Session,
    project: Project,
    ids: Sequence[int],
    *,
    wanted: int,
    reason: str,
    detail: dict[str, Any],
    user_id: int | None,
) -> Campaign:
    import numpy as np

    number = len(campaigns.listed(session, project.id, 1000))
    rng = np.random.default_rng([spec_of(project).seed, number, len(ids)])
    # those labelled already stay in the draw: leaving them out would be a choice of its own
    drawn = [sorted(ids)[at] for at in rng.permutation(len(ids))[:wanted]]
    now = db.now(session)
    made = campaigns.add(
        session,
        Campaign(
            project_id=project.id,
            reason=reason,
            detail=detail | {"of": len(ids), "probability": len(drawn) / len(ids)},
            wanted=len(drawn),
            user_id=user_id,
            created_at=now,
        ),
        drawn,
    )
    trail.note(
        session, "campaign.opened", now=now, project_id=project.id, user_id=user_id,
        campaign=made.id, reason=reason, wanted=len(drawn), of=len(ids),
    )  # fmt: skip
    return made


def _close(session: Session, project: Project, campaign: Campaign, *, user_id: int | None) -> None:
    now = db.now(session)
    campaign.state, campaign.closed_at = "closed", now
    session.add(campaign)
    session.flush()
    trail.note(
        session, "campaign.closed", now=now, project_id=project.id, user_id=user_id,
        campaign=campaign.id, left=campaigns.left(session, campaign.id),
    )  # fmt: skip


def _taken_in(
    session: Session, project: Project, slices: Sequence[Sequence[int]], *, wanted: int
) -> list[int]:
    """Take samples that were sent for prediction into the pool, drawn at random."""
    import numpy as np

    sent = [row for first, last in slices
            for row in incoming.between(session, project.id, first, last)]  # fmt: skip
    rng = np.random.default_rng([spec_of(project).seed, slices[-1][1]])
    picked = [sent[at] for at in rng.permutation(len(sent))[:wanted]]
    rows = [
        _Row(number, json.loads(json.dumps(row.payload)), digest_of(row.payload))
        for number, row in enumerate(picked)
    ]
    spec = spec_of(project)
    chunk = samples.prepare(rows, key=project.audit_key, audit_share=spec.audit_share)
    now = db.now(session)
    samples.add_chunk(session, project, chunk, slots=spec.answers_per_sample, now=now)
    ledger.add(session, Featurize(project.id), now=now)
    return campaigns.by_digest(session, project.id, [row.digest for row in rows])
