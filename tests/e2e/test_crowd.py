"""Thirty-two annotators who vanish, send twice, go slow and reorder: two answers a sample."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from activeloop.flows import projects
from activeloop.settings import Settings
from activeloop.store import labels
from activeloop.wiring import Services, build
from benchmarks.load.annotators import Annotator, Habits, Seen
from benchmarks.load.proof import prove
from tests.e2e.service import STACKS, Service, Site, running, site
from tests.flows import crowd_laws

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]

PEOPLE, SAMPLES, WANTED, LEASE = 32, 400, 2, 5
CLASSES = ("good", "bad")
RESTLESS = Habits(vanish=0.01, cut=0.05, double=0.05, undo=0.05, revise=0.03, slow=0.03)
"""So that each of it happens often enough among so few answers."""
PATIENCE = 240.0


@pytest.mark.parametrize("stack", STACKS)
def test_a_restless_crowd_gives_each_sample_two_answers_by_two_people(
    stack: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with running(stack, request, tmp_path) as service:
        its = a_pool(service)
        seen = label_all(its)
        services = services_of(service)
        try:
            with services.read() as session:
                project = projects.find(session, its.name)
                proof = prove(session, project.id, seen.acknowledged, wanted=WANTED)
            state = crowd_laws.check(services, project)
        finally:
            services.database.close()
    assert proof.faults == ()
    assert (proof.samples, proof.answers) == (SAMPLES, SAMPLES * WANTED)
    assert {each.kind for each in state.events} == {"answer", "skip", "undo"}
    assert {"vanish", "cut", "double", "clash", "undo", "revise"} <= set(seen.did)


def a_pool(service: Service) -> Site:
    spec = {
        "name": "crowd",
        "kind": "text",
        "classes": CLASSES,
        "answers_per_sample": WANTED,
        "lease_seconds": LEASE,
        "retrain": {"every": 100_000},
    }
    its = site(service, spec)
    rows = [
        json.dumps({"text": f"word{n} sentence {n % 7} about {n % 11}"}) for n in range(SAMPLES)
    ]
    number = its.engineer.upload(
        its.name, "rows.jsonl", "application/x-ndjson", "\n".join(rows).encode()
    )
    done = lambda: its.engineer.get(f"{its.path}/imports/{number}")["status"] == "done"  # noqa: E731
    service.until(done, "the import", seconds=120)
    return its


def label_all(its: Site) -> Seen:
    seen, stop = Seen(), threading.Event()
    address = ("127.0.0.1", its.service.port)
    names = [f"annotator-{n}" for n in range(PEOPLE)]
    tokens = {name: its.service.person(name, "annotator").token for name in names}
    crowd = [
        Annotator(name, token, address, its.name, right, CLASSES, LEASE, seen, stop, RESTLESS)
        for name, token in tokens.items()
    ]
    threads = [threading.Thread(target=each.live) for each in crowd]
    for thread in threads:
        thread.start()
    end = time.monotonic() + PATIENCE
    services = services_of(its.service)
    while not stop.is_set() and time.monotonic() < end and complete(services, its.name) < SAMPLES:
        time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join()
    services.database.close()
    assert seen.errors == []
    return seen


def right(sample: dict[str, Any]) -> str:
    return CLASSES[sample["id"] % len(CLASSES)]


def services_of(service: Service) -> Services:
    values = {name.removeprefix("ACTIVELOOP_").lower(): v for name, v in service.settings.items()}
    return build(Settings(**values))  # type: ignore[arg-type]


def complete(services: Services, name: str) -> int:
    """Count the samples that have all their answers, also those people disagree on."""
    with services.read() as session:
        project = projects.find(session, name)
        settled = sum(
            len(labels.labelled(session, project.id, stratum)) for stratum in ("train", "audit")
        )
        return settled + labels.disputed(session, project.id)
