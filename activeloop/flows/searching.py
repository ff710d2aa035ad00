"""Search for a better recipe by cross-validation on the training labels, and adopt one found."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import due, featurising, projects, teaching
from activeloop.flows.projects import find, spec_of
from activeloop.flows.snapshots import snapshot
from activeloop.jobs import Search
from activeloop.spec import ProjectSpec, parse_spec
from activeloop.store import db, label_sets, ledger, reports, runs, trail
from activeloop.store import projects as stored
from activeloop.store.db import Session
from activeloop.store.tables import Project, Run
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work
    from activeloop.learn.types import Features, Ints, Targets

KIND = "search"
MOST_TRIALS = 1000
INSTALL = (
    "A search needs Optuna, which is not installed. Install it where the workers run: "
    "pip install 'activeloop[tune]'"
)


@dataclass(frozen=True, eq=False)
class _Task:
    """What a search looks at, fixed when it begins."""

    spec: ProjectSpec
    events: int
    X: Features
    y: Targets
    groups: Ints


def ask(session: Session, project: Project, *, trials: int, seconds: int = 0) -> int:
    """Ask for a search; give the number of its job.

    Args:
        session: of the caller.
        project: whose labels.
        trials: how many recipes to try, 1 to 1000.
        seconds: when to stop all the same; 0 for no limit.

    Raises:
        Invalid: for a budget out of range.
        CannotLearn: when there is nothing to learn yet.
        Conflict: when a search is under way.
    """
    check_installed()
    if not 1 <= trials <= MOST_TRIALS or seconds < 0:
        raise Invalid.field("trials", f"wants 1 to {MOST_TRIALS}, and seconds of 0 or more.")
    report = reports.newest(session, project.id, KIND)
    if report is not None and report.body["state"] == "running":
        raise Conflict("A search is under way already; wait until it ends.")
    from activeloop.store import labels

    seen = labels.classes_seen(session, project.id)
    teaching.check_differ(spec_of(project).answer, seen, where=" outside the audit samples")
    events, now = stored.tally(session, project.id).events, db.now(session)
    body = {"state": "running", "trials": trials, "seconds": seconds, "tried": [], "spent": 0.0}
    reports.keep(session, project.id, KIND, events=events, body=body, now=now)
    return ledger.add(session, Search(project.id), now=now)


def check_installed() -> None:
    """Refuse when Optuna is missing.

    Raises:
        Invalid: saying how to install it.
    """
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise Invalid(INSTALL) from error


def run(services: Services, job: Search, work: Work) -> None:
    """Try recipes until the budget is spent; killed and carried out again, it goes on."""
    work.tell("features", 0.0)
    check_installed()
    featurizer = featurising.ensure(services, job.project_id, work.tell)
    with services.read() as session:
        report = reports.newest(session, job.project_id, KIND)
        if report is None:
            return
        body, events = dict(report.body), report.events
    task = _task(services, job.project_id, events, featurizer.id)
    while len(body["tried"]) < body["trials"]:
        if body["seconds"] and body["spent"] >= body["seconds"]:
            break
        work.tell("searching", len(body["tried"]) / body["trials"])
        started = time.monotonic()
        told = _try(task, body["tried"], work)
        body["tried"] = [*body["tried"], told]
        body["spent"] = round(body["spent"] + time.monotonic() - started, 3)
        with services.write() as session:
            # kept with each try: whoever goes on after a crash begins here
            _keep(session, job.project_id, task.events, body)
    body["state"] = "done"
    with services.write() as session:
        _keep(session, job.project_id, task.events, body)
        work.done(session)


def failed(session: Session, job: Search, message: str) -> None:
    """Keep what was tried, and say that the search ended early."""
    report = reports.newest(session, job.project_id, KIND)
    if report is not None:
        body = {**report.body, "state": "failed", "error": message}
        _keep(session, job.project_id, report.events, body)


def newest(session: Session, project: Project) -> dict[str, Any]:
    """Give the newest search with its leaderboard, best first.

    Raises:
        NotFound: before the first one.
    """
    report = reports.newest(session, project.id, KIND)
    if report is None:
        raise NotFound(f"Project {project.name!r} has not been searched yet.")
    body = report.body
    return {
        "state": body["state"],
        "error": body.get("error", ""),
        "trials": body["trials"],
        "tried": len(body["tried"]),
        "seconds": body["spent"],
        "events": report.events,
        "leaderboard": leaderboard(body["tried"]),
    }


def leaderboard(tried: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rank what was tried and could learn, each choice once; the earlier one first in a tie."""
    ranked: list[dict[str, Any]] = []
    for each in sorted(
        (each for each in tried if each["mean"] is not None), key=lambda each: -each["mean"]
    ):
        choice = (each["recipe"], each["params"])
        if choice not in [(other["recipe"], other["params"]) for other in ranked]:
            ranked.append({"rank": len(ranked) + 1, **each})
    return ranked


def adopt(session: Session, project: Project, rank: int, *, user_id: int | None) -> Run:
    """Take a recipe of the leaderboard into the spec and train in full; the gate decides.

    Raises:
        NotFound: when there is no search, or nothing of this rank.
        Conflict: when a search or a run is under way.
    """
    found = newest(session, project)
    if found["state"] == "running":
        raise Conflict("The search is under way; wait until it ends.")
    chosen = next((each for each in found["leaderboard"] if each["rank"] == rank), None)
    if chosen is None:
        raise NotFound(f"The leaderboard has no rank {rank}; it has {len(found['leaderboard'])}.")
    stored.lock(session, project.id)
    session.refresh(project)
    live = runs.live(session, project.id)
    if live is not None:
        raise Conflict(f"Run {live.id} is {live.status} already; wait until it ends.")
    values = spec_of(project).dump()
    values["model"] = {"recipe": chosen["recipe"], "params": chosen["params"]}
    spec = parse_spec(values)
    projects.check(spec)
    now = db.now(session)
    stored.respecify(session, project, spec.dump())
    trail.note(
        session,
        "project.changed",
        now=now,
        project_id=project.id,
        user_id=user_id,
        changed={"model": values["model"]},
    )
    because = (
        f"rank {rank} of a search was adopted: {chosen['recipe']} with a cross-validated "
        f"accuracy of {chosen['mean']:.3f} ({chosen['low']:.3f} to {chosen['high']:.3f})"
    )
    return due.ask(session, project, mode="full", because=because, now=now, user_id=user_id)


def _keep(session: Session, project_id: int, events: int, body: Mapping[str, Any]) -> None:
    reports.keep(session, project_id, KIND, events=events, body=body, now=db.now(session))


def _task(services: Services, project_id: int, events: int, featurizer_id: int) -> _Task:
    """Read the training labels through an event; those of the audit stratum stay unread."""
    from activeloop.learn import apart, targets

    with services.read() as session:
        project = find(session, project_id)
        spec, change = spec_of(project), label_sets.newest(session, project.id)
        number = change.number if change else 0
        train, _ = snapshot(session, project.id, spec, events, label_set=number)
    X = featurising.rows(services, featurizer_id, train.seqs)
    y = targets.encode(spec.answer, spec.classes, train.names)
    return _Task(spec, events, X, y, apart.groups(X, apart.Yardstick.of(X)))


def _try(task: _Task, tried: Sequence[Mapping[str, Any]], work: Work) -> dict[str, Any]:
    """Let the sampler choose, knowing what was tried, and measure its choice."""
    from activeloop.errors import CannotLearn
    from activeloop.learn import tuning

    recipe, params = _chosen(task.spec.seed, tried)
    told: dict[str, Any] = {"recipe": recipe["name"], "params": params, "asked": recipe["asked"]}
    try:
        found = tuning.cross_validate(
            recipe["name"],
            params,
            task.X,
            task.y,
            len(task.spec.classes),
            seed=task.spec.seed,
            groups=task.groups,
            check=work.check,
        )
    except CannotLearn as error:
        return {**told, "mean": None, "low": None, "high": None, "error": error.message}
    return {**told, "mean": found.mean, "low": found.low, "high": found.high, "error": ""}


def _chosen(seed: int, tried: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask Optuna for the next choice, telling it anew all that was tried.

    A study in memory, seeded by how many there were: what comes next hangs on nothing but the
    kept tries, so that a search that was killed goes on as if it had not been.
    """
    import optuna

    from activeloop.learn import tuning

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=(seed + 7919 * len(tried)) % 2**32)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for each in tried:
        study.enqueue_trial(each["asked"])
        again = study.ask()
        tuning.suggest(again)
        study.tell(again, each["mean"] if each["mean"] is not None else 0.0)
    trial = study.ask()
    name, params = tuning.suggest(trial)
    return {"name": name, "asked": dict(trial.params)}, dict(params)
