"""A large pool is swept in ranges by many, and the outcome is what one would have found."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from activeloop.flows import carrying, featurising, simulating, status
from activeloop.flows import projects as flows
from activeloop.jobs import restore
from activeloop.store.tables import JobRow, Project, Sweep, SweepRange
from activeloop.wiring import Services
from tests.flows import sweeps
from tests.flows.digits import Annotator, digits_project

STRATEGIES = ("margin-badge", "power-margin", "mutual-information", "entropy", "random")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make many feature blocks of a small pool."""
    monkeypatch.setattr(featurising, "BLOCK_ROWS", 50)


def learnt(services: Services, strategy: str = "margin-badge") -> Project:
    """Make a project with a version."""
    project = digits_project(services, 420, strategy={"name": strategy})
    Annotator(services, project).answer_and_learn(24)
    return project


def rows_of(services: Services, kind: Any) -> list[Any]:
    with services.read() as session:
        return list(session.exec(select(kind).order_by(kind.id)))


def files(services: Services) -> set[Path]:
    return {path for path in (services.settings.data / "artifacts").rglob("*") if path.is_file()}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ranges_merge_to_exactly_what_one_process_finds(services: Services, strategy: str) -> None:
    project = learnt(services, strategy)
    alone = sweeps.swept(services, project)
    assert rows_of(services, Sweep) == []
    together = sweeps.swept(sweeps.shared(services, 100), project)
    assert [row.state for row in rows_of(services, Sweep)] == ["done"]
    assert together == alone
    ranking = sweeps.served(services, project)
    assert (ranking.version, ranking.scope, ranking.scored) == (1, "pool", len(alone))


def test_the_cold_start_is_shared_as_well(services: Services) -> None:
    project = digits_project(services, 420)
    alone = sweeps.swept(services, project)
    assert sweeps.swept(sweeps.shared(services, 100), project) == alone
    assert sweeps.served(services, project).version is None


def test_a_strategy_that_looks_at_everything_runs_in_one_process_and_says_so(
    services: Services,
) -> None:
    project = learnt(services, "core-set")
    alone = sweeps.swept(services, project)
    assert "in one process" not in sweeps.served(services, project).because
    assert sweeps.swept(sweeps.shared(services, 100), project) == alone
    assert "looks at the whole pool, in one process" in sweeps.served(services, project).because
    assert rows_of(services, Sweep) == []


def test_the_order_of_the_ranges_and_labels_given_meanwhile_change_nothing(
    services: Services,
) -> None:
    project = learnt(services)
    alone = sweeps.swept(services, project)
    many = sweeps.shared(services, 100)
    jobs = sweeps.begun(many, project)
    assert len(jobs) == 5
    carrying.carry_out(many, jobs[2], "test")
    Annotator(services, project, "meanwhile").answer(5)
    for job in reversed(jobs):
        carrying.carry_out(many, job, "test")
    (merge,) = sweeps.waiting(many, "merge")
    carrying.carry_out(many, merge, "test")
    assert sweeps.order(services, project) == alone


def test_a_range_whose_worker_died_is_swept_again(services: Services) -> None:
    project = learnt(services)
    alone = sweeps.swept(services, project)
    many = sweeps.shared(services, 100)
    first, *_ = sweeps.begun(many, project)
    dead = sweeps.abandon(many, first)
    simulating.drain(many, project.id)
    assert sweeps.order(services, project) == alone
    with services.read() as session:
        assert session.get_one(JobRow, first).fence == dead.fence + 1


def test_of_two_last_ranges_exactly_one_asks_for_the_merge(services: Services) -> None:
    project = learnt(services)
    many = sweeps.shared(services, 100)
    *before, one, other = sweeps.begun(many, project)
    for job in before:
        carrying.carry_out(many, job, "test")
    barrier = threading.Barrier(2)

    def last(job: int) -> None:
        barrier.wait()
        carrying.carry_out(many, job, f"test/{job}")

    threads = [threading.Thread(target=last, args=[job]) for job in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sweeps.waiting(many, "merge")) == 1
    assert all(each.done for each in rows_of(services, SweepRange))


def test_a_sweep_overtaken_by_a_version_is_dropped_and_does_nothing_more(
    services: Services,
) -> None:
    project = learnt(services)
    many = sweeps.shared(services, 100)
    old = sweeps.begun(many, project)
    carrying.carry_out(many, old[0], "test")
    Annotator(services, project, "second").answer(24)
    for kind in ("train", "rank"):
        (job,) = sweeps.waiting(many, kind)
        carrying.carry_out(many, job, "test")
    simulating.drain(many, project.id)
    first, second = rows_of(services, Sweep)
    assert (first.state, first.version) == ("dropped", 1)
    assert (second.state, second.version) == ("done", 2)
    ranking = sweeps.served(services, project)
    assert (ranking.version, ranking.scope) == (2, "pool")
    assert rows_of(services, SweepRange) == []


def test_versions_that_come_faster_than_sweeps_end_do_not_stop_them(services: Services) -> None:
    project = learnt(services)
    many = sweeps.shared(services, 100)
    sweeps.begun(many, project)
    for name in ("second", "third"):
        Annotator(services, project, name).answer(26)
        for kind in ("train", "rank"):
            (job,) = sweeps.waiting(many, kind)
            carrying.carry_out(many, job, "test")
    assert [(row.state, row.version) for row in rows_of(services, Sweep)] == [
        ("dropped", 1),
        ("running", 2),
    ]
    for kind in ("score-range", "merge"):
        for job in sweeps.waiting(many, kind):
            carrying.carry_out(many, job, "test")
    ranking = sweeps.served(services, project)
    assert (ranking.version, ranking.scope) == (3, "head")
    assert "a sweep by an earlier version, re-scored by version 3" in ranking.because
    simulating.drain(many, project.id)
    assert [(row.state, row.version) for row in rows_of(services, Sweep)] == [
        ("dropped", 1),
        ("done", 2),
        ("done", 3),
    ]
    ranking = sweeps.served(services, project)
    assert (ranking.version, ranking.scope) == (3, "pool")


def test_no_file_of_a_sweep_is_left_behind(services: Services) -> None:
    project = learnt(services)
    before = files(services)
    sweeps.swept(sweeps.shared(services, 100), project)
    assert files(services) == before
    assert rows_of(services, SweepRange) == []


def test_progress_is_told_in_rows(services: Services) -> None:
    project = learnt(services)
    many = sweeps.shared(services, 100)
    first, *_ = sweeps.begun(many, project)
    carrying.carry_out(many, first, "test")
    with services.read() as session:
        report = status.report(session, flows.find(session, project.id))
    assert report["sweep"] == {
        "version": 1,
        "rows": 420,
        "rows_done": 100,
        "ranges": 5,
        "ranges_done": 1,
    }
    assert any("100 of 420 samples are scored" in line for line in report["doctor"])


def test_a_range_that_cannot_be_scored_ends_the_sweep_and_keeps_the_queue(
    services: Services,
) -> None:
    project = learnt(services)
    many = sweeps.shared(services, 100)
    before = sweeps.order(services, project)
    first, *others = sweeps.begun(many, project)
    with services.write() as session:
        row = session.get_one(JobRow, first)
        carrying.fail_for_good(session, restore(row.kind, row.payload), "the disk is full")
    for job in others:
        carrying.carry_out(many, job, "test")
    assert [row.state for row in rows_of(services, Sweep)] == ["failed"]
    assert sweeps.waiting(many, "merge") == []
    assert sweeps.order(services, project) == before
