"""Gauge every project and the work that waits, for monitoring systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from activeloop.store import db, gauges, heartbeats, labels, offers, projects, rankings, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version

FIGURES = ("accuracy", "micro_f1", "macro_f1", "log_loss", "ece")


@dataclass(frozen=True)
class Gauge:
    """One value: what it is called, what it says, of what, and whether it only ever grows."""

    name: str
    says: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)
    grows: bool = False


def gauge(session: Session) -> Iterator[Gauge]:
    """Give all values there are now."""
    now = db.now(session)
    for waiting in gauges.jobs(session, now):
        of = {"kind": waiting.kind, "state": waiting.state}
        yield Gauge("jobs", "Jobs that are queued or running.", waiting.jobs, of)
        says = "How long the oldest such job has been due."
        yield Gauge("job_due_seconds", says, waiting.seconds, of)
    for process in heartbeats.listed(session, now=now):
        of = {"name": process.name, "role": process.role}
        age = process.age.total_seconds()
        yield Gauge("process_silent_seconds", "Since a process was last seen.", age, of)
    for project in projects.all_(session):
        yield from _project(session, project)


def _project(session: Session, project: Project) -> Iterator[Gauge]:
    own = {"project": project.name}
    counts = projects.tally(session, project.id)
    audit, samples = counts.audit_samples, counts.samples
    for stratum, there, done in (
        ("train", samples - audit, counts.labelled_train),
        ("audit", audit, counts.labelled_audit),
    ):
        of = own | {"stratum": stratum}
        yield Gauge("samples", "Samples in the pool.", there, of)
        yield Gauge("labelled", "Samples with all their answers.", done, of)
    yield Gauge("answers", "Answers given.", counts.answers, own, grows=True)
    yield Gauge("skips", "Samples skipped.", counts.skips, own, grows=True)
    yield Gauge("events", "Label events.", counts.events, own, grows=True)
    disputed = labels.disputed(session, project.id)
    yield Gauge("disputed", "Samples people disagree on.", disputed, own)
    held = offers.open_count(session, project.id)
    yield Gauge("open_leases", "Samples that annotators hold.", held, own)
    yield from _queue(session, project, own)
    champion = versions.champion(session, project)
    if champion is not None:
        yield from _champion(champion, own)
    window = gauges.drifting(session, project.id)
    if window is not None:
        yield Gauge("drift_window", "Windows of incoming samples compared.", window[0], own)
        yield Gauge("drifted", "Whether the newest window drifted.", float(window[1]), own)


def _queue(session: Session, project: Project, own: dict[str, str]) -> Iterator[Gauge]:
    ranking = rankings.current(session, project)
    if ranking is None:
        return
    age = (db.now(session) - ranking.created_at).total_seconds()
    size = rankings.size(session, ranking.id)
    yield Gauge("queue_size", "Candidates of the ranking that serves.", size, own)
    yield Gauge("queue_age_seconds", "Since that ranking was made.", age, own)
    says = "The version that made that ranking; 0: none did."
    yield Gauge("queue_version", says, ranking.version or 0, own)


def _champion(champion: Version, own: dict[str, str]) -> Iterator[Gauge]:
    yield Gauge("champion_version", "The version that answers.", champion.number, own)
    says = "Labels that the champion learned from."
    yield Gauge("champion_labels", says, champion.train_labels, own)
    figures = champion.latest or champion.metrics
    for name in FIGURES:
        if name not in figures:
            continue
        for bound in ("value", "low", "high"):
            of = own | {"figure": name, "bound": bound}
            says = "The champion's figures on the audit labels, with 95 % intervals."
            yield Gauge("champion_figure", says, figures[name][bound], of)
