"""The loop comes back by itself: killed amid a training run, its broker emptied, its web gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_digits
from sqlmodel import select

from activeloop.store.tables import JobRow, Run, Version
from tests.e2e.oracles import Office, Told, office
from tests.e2e.service import WORKERS, Service, Site, running, site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
LABELS = 150
QUICK = {"JOB_LEASE_SECONDS": "2", "TICK_SECONDS": "0.3"}
SPEC = {
    "name": "digits",
    "kind": "vectors",
    "classes": [str(digit) for digit in range(10)],
    "retrain": {"every": 60},
    # enough trees that a run takes seconds, so that it can be hit in the middle
    "model": {"recipe": "forest", "params": {"trees": 1500}},
}


def workers_and_broker(service: Service) -> None:
    """Kill every worker with its pool, empty the broker, and start the workers again."""
    families = [family(service.processes[name].pid) for name in WORKERS]
    for pid in (pid for pids in families for pid in pids):
        os.kill(pid, signal.SIGKILL)
    if service.redis:
        service.redis.flush()
    for name in WORKERS:
        service.processes[name].kill()  # reaps it
    service.start(*WORKERS)


def worker_of_up(service: Service) -> None:
    """Kill the worker that `up` keeps, with its pool."""
    (worker,) = [pid for pid in children(service.processes["up"].pid) if role(pid) == "worker"]
    for pid in family(worker):
        os.kill(pid, signal.SIGKILL)


def up_itself(service: Service) -> None:
    """Kill `up`, wait until its children have followed it, and start it again."""
    orphans = set(family(service.processes["up"].pid))
    service.processes["up"].kill()
    service.until(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans),
        "the children of a killed `up` end",
        seconds=20,
    )
    service.start("up")


def everything_of_up(service: Service) -> None:
    """Kill `up` and all its children at once, as a power cut would, and start it again."""
    for pid in family(service.processes["up"].pid):
        os.kill(pid, signal.SIGKILL)
    up_itself(service)


FAULTS = [
    pytest.param("production", workers_and_broker, marks=pytest.mark.servers, id="production"),
    pytest.param("embedded", worker_of_up, id="embedded, its worker"),
    pytest.param("embedded", up_itself, id="embedded, up itself"),
    pytest.param("embedded", everything_of_up, id="embedded, everything"),
]


@pytest.mark.parametrize(("stack", "strike"), FAULTS)
def test_the_loop_comes_back_with_every_label_and_one_version_a_run(
    stack: str, strike: Callable[[Service], None], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with running(stack, request, tmp_path, **QUICK) as service:
        project, people = at_work(service)
        service.until(lambda: fitting(project), "a run in the middle", seconds=120)
        began = time.monotonic()
        acknowledged = list(people.told)
        assert acknowledged
        strike(service)
        service.until(lambda: len(project.done()) >= 1, "the run that was hit", seconds=240)
        print(f"{strike.__name__}: the run was done after {time.monotonic() - began:.1f} s")  # noqa: T201
        told = people.wait(seconds=300)
        project.quiet(seconds=180)
        labels_are_there(project, told)
        assert {each.id for each in acknowledged} <= {each.id for each in told}
        # children of a killed `up` are told to end, and may end their job first
        one_version_a_run(service, taken_up_again=strike is not up_itself)
        assert project.status()["queue"]["version"] == project.done()[0]["version"]


def at_work(service: Service) -> tuple[Site, Office]:
    """Give a project of digits, and three people labelling it."""
    digits = load_digits()
    vectors, truth = digits.data.tolist(), [str(label) for label in digits.target]
    rows = [json.dumps({"id": n, "vector": vector}) + "\n" for n, vector in enumerate(vectors)]
    project = site(service, SPEC)
    project.bring("digits.jsonl", "application/jsonl", "".join(rows).encode())

    def known(sample: Mapping[str, Any]) -> str:
        return truth[int(sample["external_id"])]

    people = office(project, known, labels=LABELS, pause=0.1)
    people.start()
    return project, people


def fitting(project: Site) -> bool:
    return any(
        r["status"] == "running" and r["stage"] == "fitting" for r in project.status()["runs"]
    )


def labels_are_there(project: Site, told: list[Told]) -> None:
    assert len(told) == LABELS
    assert max(Counter(each.sample for each in told).values()) == 1
    kept = {(event["id"], event["sample_id"], event["label"]) for event in project.export("events")}
    assert kept == {(each.id, each.sample, each.label) for each in told}


def one_version_a_run(service: Service, *, taken_up_again: bool) -> None:
    with service.read() as session:
        runs = session.exec(select(Run).order_by(Run.id)).all()  # type: ignore[arg-type]
        versions = session.exec(select(Version).order_by(Version.number)).all()  # type: ignore[arg-type]
        jobs = session.exec(select(JobRow).where(JobRow.kind == "train").order_by(JobRow.id)).all()  # type: ignore[arg-type]
    assert {run.status for run in runs} == {"done"}
    assert [version.run_id for version in versions] == [run.id for run in runs]
    assert [version.number for version in versions] == list(range(1, len(runs) + 1))
    assert jobs[0].fence >= 1 + taken_up_again  # else the blow did not fall in the middle
    assert {job.state for job in jobs} == {"done"}


def children(pid: int) -> list[int]:
    shown = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in shown.stdout.split()]


def family(pid: int) -> list[int]:
    """List a process and all below it, itself first."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def role(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return words[-2].decode() if len(words) > 1 else ""
