"""Watch what comes in: compare each full window with what the champion's training saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from activeloop.flows import campaigns, featurising, gating, models
from activeloop.flows.projects import find, spec_of
from activeloop.jobs import Watch
from activeloop.spec import ProjectSpec
from activeloop.store import (
    blocks,
    db,
    drift_windows,
    featurizers,
    incoming,
    ledger,
    projects,
    runs,
    trail,
    version_reports,
    versions,
)
from activeloop.store.db import Session
from activeloop.store.tables import DriftWindow, Project, Sample, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.learn.drift.features import Feature
    from activeloop.learn.types import Features

KIND = "reference"
MOST = 5000
"""Samples of a reference."""
SOURCES = ("import", "predict")
RECENT = 3
SHOWN = 100


@dataclass(frozen=True)
class Window:
    """A full window: the samples' payloads, and where it lies in its source."""

    source: str
    first: int
    last: int
    payloads: Sequence[Mapping[str, Any]]
    seqs: Sequence[int]


@dataclass(frozen=True)
class Seen:
    """What a comparison looks at, read in one short transaction."""

    project: Project
    spec: ProjectSpec
    version: Version
    reference: Sequence[Sample]
    window: Window


def ask_if_due(session: Session, project: Project) -> bool:
    """Close a campaign that has its labels, and ask for a look when a window is full."""
    campaigns.close_if_done(session, project)
    spec, version = spec_of(project), versions.champion(session, project)
    if not spec.monitoring.drift or version is None or version.dropped_at is not None:
        return False
    if not any(_full(session, project, spec, version, source) for source in SOURCES):
        return False
    ledger.add(session, Watch(project.id), now=db.now(session))
    return True


def run(services: Services, job: Watch, work: Work) -> None:
    """Compare all full windows, each kept by itself: whoever goes on begins at the next."""
    for source in SOURCES:
        while True:
            work.tell("watching", 0.0)
            seen = _read(services, job.project_id, source)
            if seen is None:
                break
            found = _compared(services, seen)
            with services.write() as session:
                _keep(session, seen, found)
    with services.write() as session:
        incoming.trim(session, job.project_id)
        work.done(session)


def failed(session: Session, job: Watch, message: str) -> None:
    """Leave the windows there are; the job's row keeps the message for the doctor."""


def timeline(session: Session, project: Project, *, count: int = SHOWN) -> dict[str, Any]:
    """Give the windows, newest first, with every comparison, and what the next one waits for."""
    spec, version = spec_of(project), versions.champion(session, project)
    found = drift_windows.listed(session, project.id, count=count)
    return {
        "watched": spec.monitoring.drift,
        "window": spec.monitoring.window,
        "champion": version.number if version else None,
        "waiting": {
            source: _waiting(session, project, version, source) if version else 0
            for source in SOURCES
        },
        "windows": [as_json(session, each) for each in found],
    }


def as_json(session: Session, window: DriftWindow) -> dict[str, Any]:
    """Give what the API and the pages show of a window."""
    version = session.get(Version, window.version_id)
    return {
        "number": window.number,
        "version": version.number if version else None,
        "source": window.source,
        "first": window.first,
        "last": window.last,
        "samples": window.samples,
        "reference": window.body["reference"],
        "drifted": window.drifted,
        "alarm": window.alarm,
        "says": window.body["says"],
        "features": window.body["features"],
        "created_at": window.created_at.isoformat(),
    }


def findings(session: Session, project: Project) -> list[str]:
    """Say what the doctor says of drift and of the open campaign."""
    said = campaigns.findings(session, project)
    for source in SOURCES:
        newest = next(iter(drift_windows.latest(session, project.id, source, 1)), None)
        if newest is not None and newest.drifted:
            said.append(newest.body["says"])
    return said


def _reference(session: Session, project: Project, version: Version) -> dict[str, Any]:
    """Draw the reference of a version once: a random part of the pool its training could see."""
    import numpy as np

    kept = version_reports.newest(session, version.id, KIND)
    if kept is not None:
        return kept.body
    trained = runs.by_id(session, project.id, version.run_id)
    at = trained.created_at if trained else version.created_at
    through = drift_windows.last_seen(session, project.id, at)
    rng = np.random.default_rng([spec_of(project).seed, version.number])
    size = min(MOST, through + 1)
    drawn = np.sort(rng.choice(through + 1, size, replace=False)).tolist() if size else []
    return {"through": through, "seqs": drawn}


def _begin(session: Session, project: Project, version: Version, source: str) -> int:
    """Tell after which sample the next window begins."""
    last = next(iter(drift_windows.latest(session, project.id, source, 1)), None)
    before = last.last if last else -1
    if source == "predict":
        return before
    return max(before, int(_reference(session, project, version)["through"]))


def _waiting(session: Session, project: Project, version: Version, source: str) -> int:
    after = _begin(session, project, version, source)
    if source == "predict":
        return incoming.waiting(session, project.id, version.id, after)
    return max(0, projects.tally(session, project.id).samples - 1 - after)


def _full(
    session: Session, project: Project, spec: ProjectSpec, version: Version, source: str
) -> bool:
    # counts first: the samples themselves are read only when there may be enough
    if _waiting(session, project, version, source) < spec.monitoring.window:
        return False
    return _window(session, project, spec, version, source) is not None


def _window(
    session: Session, project: Project, spec: ProjectSpec, version: Version, source: str
) -> Window | None:
    """Give the next window if it is full, and its features are there."""
    size, after = spec.monitoring.window, _begin(session, project, version, source)
    if source == "predict":
        rows = incoming.after(session, project.id, version.id, after, size)
        if len(rows) < size:
            return None
        return Window(source, rows[0].id, rows[-1].id, [row.payload for row in rows], ())
    samples = drift_windows.following(session, project.id, after, size)
    if len(samples) < size or blocks.covered(session, version.featurizer_id) <= samples[-1].seq:
        return None
    seqs = [sample.seq for sample in samples]
    return Window(source, seqs[0], seqs[-1], [sample.payload for sample in samples], seqs)


def _read(services: Services, project_id: int, source: str) -> Seen | None:
    with services.write() as session:
        project = find(session, project_id)
        spec, version = spec_of(project), versions.champion(session, project)
        if version is None or version.dropped_at is not None or not spec.monitoring.drift:
            return None
        body = _reference(session, project, version)
        version_reports.keep(
            session, version.id, KIND, events=version.snapshot, body=body, now=db.now(session)
        )
        window = _window(session, project, spec, version, source)
        there = drift_windows.still_there(session, project.id, body["seqs"]) if window else []
        if window is None or not there:
            return None
        return Seen(project, spec, version, there, window)


def _compared(services: Services, seen: Seen) -> list[Feature]:
    """Compare fields, features and predictions, and judge them together."""
    import numpy as np

    from activeloop.learn.drift import classifier, features, observing
    from activeloop.learn.types import several

    policy, window, version = seen.spec.monitoring, seen.window, seen.version
    rng = np.random.default_rng([seen.spec.seed, version.number, window.last])
    before = featurising.rows(services, version.featurizer_id, [s.seq for s in seen.reference])
    now = _features(services, seen)
    model = models.read(services, version.artifact)
    pairs = _fields(seen.spec.kind, [s.payload for s in seen.reference], window.payloads)
    if seen.spec.kind in ("image", "vectors"):
        pairs |= observing.components(before, now)
    pairs |= observing.predictions(
        gating.probabilities(model, before),
        gating.probabilities(model, now),
        version.classes,
        several=several(model),
    )
    found = observing.compared(pairs, floor=policy.floor, rng=rng)
    if seen.spec.kind != "table":
        together = classifier.two_sample(before, now, rng=rng)
        found += [together] if together is not None else []
    return features.judged(found, level=policy.level)


def _features(services: Services, seen: Seen) -> Features:
    from activeloop.learn import persist

    version, window = seen.version, seen.window
    if window.source == "import":
        return featurising.rows(services, version.featurizer_id, window.seqs)
    with services.read() as session:
        kept = featurizers.kept(session, version.featurizer_id)
    featurizer = persist.load_featurizer(services.artifacts.get(kept.artifact))
    return featurizer.transform([dict(payload) for payload in window.payloads])


def _fields(
    kind: str, reference: Sequence[Mapping[str, Any]], current: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    from activeloop.learn.drift import observing

    if kind == "text":
        sides = [[str(row.get("text", "")) for row in rows] for rows in (reference, current)]
        return dict(observing.texts(*sides))
    if kind == "vectors":
        return {}
    plain = [
        [{name: value for name, value in row.items() if name != "image"} for row in rows]
        if kind == "image"
        else list(rows)
        for rows in (reference, current)
    ]
    return dict(observing.columns(*plain))


def _keep(session: Session, seen: Seen, found: Sequence[Feature]) -> None:
    """Keep a window unless somebody else has, and give the alarm when it calls for one."""
    from activeloop.learn.drift import adjusting

    projects.lock(session, seen.project.id)
    window = seen.window
    before = drift_windows.latest(session, seen.project.id, window.source, RECENT)
    if before and before[0].last >= window.last:
        return
    drifted = [each for each in found if each.drifted]
    since = _since_alarm(before)
    alarm = adjusting.alarming([*(each.drifted for each in since), bool(drifted)])
    slices = [(each.first, each.last) for each in since if each.drifted]
    slices += [(window.first, window.last)] if drifted else []
    now = db.now(session)
    row = drift_windows.add(
        session,
        DriftWindow(
            project_id=seen.project.id,
            number=0,
            version_id=seen.version.id,
            source=window.source,
            first=window.first,
            last=window.last,
            samples=len(window.payloads),
            drifted=bool(drifted),
            alarm=alarm,
            body={
                "says": _says(seen, drifted, alarm=alarm),
                "reference": len(seen.reference),
                "features": [asdict(each) for each in found],
                "slices": [list(each) for each in slices] if alarm else [],
            },
            created_at=now,
        ),
    )
    if alarm:
        trail.note(
            session,
            "drift.alarm",
            now=now,
            project_id=seen.project.id,
            window=row.number,
            source=row.source,
            says=row.body["says"],
        )
        campaigns.open_after_alarm(session, seen.project, row)


def _since_alarm(newest_first: Sequence[DriftWindow]) -> list[DriftWindow]:
    """Give the windows since the last alarm, oldest first: each counts for one alarm only."""
    since: list[DriftWindow] = []
    for each in newest_first:
        if each.alarm:
            break
        since.insert(0, each)
    return since


def _says(seen: Seen, drifted: Sequence[Feature], *, alarm: bool) -> str:
    window = seen.window
    what = "imported samples" if window.source == "import" else "samples sent for prediction"
    where = f"{len(window.payloads)} {what} ({window.first} to {window.last})"
    if not drifted:
        return f"The {where} look like those that version {seen.version.number} learned from."
    worst = sorted(drifted, key=lambda each: each.effect / max(each.floor, 1e-9), reverse=True)
    told = ", ".join(f"{each.name} ({each.measure} {each.effect:.2f})" for each in worst[:3])
    more = f" and {len(worst) - 3} more" if len(worst) > 3 else ""
    end = "" if alarm else " One window alone gives no alarm."
    return (
        f"The {where} differ from those that version {seen.version.number} learned from, in "
        f"{told}{more}.{end}"
    )
