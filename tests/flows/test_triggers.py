"""What asks for a run besides so many labels: a time, and a fall of the champion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activeloop import schedules
from activeloop.errors import Invalid
from activeloop.flows import doctor, due, policies, projects, simulating, training
from activeloop.learn import cadence
from activeloop.spec import parse_spec
from activeloop.store import db, runs
from activeloop.store.tables import Run, Version
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(["* * * * *", "0 3 * * *", "*/7 5 * * 1-5", "30 4 1 */2 *"]))
def test_the_last_time_is_not_after_now_and_the_next_one_is(now: datetime, schedule: str) -> None:
    before, after = schedules.latest(schedule, now), schedules.following(schedule, now)
    assert before <= now < after
    assert schedules.following(schedule, before) == after


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("0 3 * *", "4 fields"),
        ("99 3 * * *", "minute"),
        ("0 0 31 2 *", "day"),
        ("daily", "1 field"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_when_the_spec_is_made(
    written: str, words: str
) -> None:
    values = {"name": "x", "kind": "text", "classes": ["a", "b"], "retrain": {"schedule": written}}
    with pytest.raises(Invalid, match=words) as refused:
        parse_spec(values)
    assert "0 3 * * *" in str(refused.value)


def _run(services: Services, project_id: int, at: datetime) -> Run | None:
    with services.write() as session:
        project = projects.find(session, project_id)
        return due.check(session, project, at)


def test_the_schedule_asks_once_for_all_times_missed_and_only_with_labels(
    services: Services,
) -> None:
    project = digits_project(services, retrain={"every": 1000, "schedule": "0 3 * * *"})
    with services.read() as session:
        now = db.now(session)
    assert _run(services, project.id, now + timedelta(days=2)) is None
    Annotator(services, project).answer(15)
    with services.read() as session:
        now = db.now(session)
        said = doctor.examine(session, project, projects.spec_of(project), now)
    upcoming = schedules.following("0 3 * * *", now)
    assert any(due.told(upcoming) in sentence for sentence in said)
    assert _run(services, project.id, upcoming - timedelta(minutes=1)) is None
    asked = _run(services, project.id, upcoming + timedelta(days=3, hours=1))
    assert asked is not None
    assert "'0 3 * * *'" in asked.because
    assert "new label" in asked.because
    assert due.told(upcoming + timedelta(days=3)) in asked.because
    with services.write() as session:
        runs.change(session, asked.id, status="done")
    assert _run(services, project.id, upcoming + timedelta(days=5)) is None


def test_labels_that_came_after_the_time_wait_for_the_next_one(services: Services) -> None:
    project = digits_project(services, retrain={"every": 1000, "schedule": "0 3 * * *"})
    Annotator(services, project).answer(15)
    with services.read() as session:
        now = db.now(session)
    assert _run(services, project.id, now) is None


@pytest.mark.parametrize(
    ("then", "now", "fell"),
    [
        ((0.9, 200), (0.80, 300), True),
        ((0.9, 200), (0.90, 300), False),
        ((0.9, 20), (0.84, 25), False),  # as far, but on five new labels: chance
        ((0.9, 2000), (0.88, 3000), False),  # beyond chance, but less than what counts
        ((0.9, 200), (0.5, 200), False),  # no new labels
    ],
)
def test_a_drop_must_be_large_and_beyond_chance(
    then: tuple[float, int], now: tuple[float, int], *, fell: bool
) -> None:
    one, two = ({"value": value, "n": n} for value, n in (then, now))
    assert cadence.dropped(one, two, by=0.05) is fell


def test_a_drop_asks_for_one_full_run_and_says_why(services: Services) -> None:
    project = digits_project(services, retrain={"every": 20, "on_drop": 0.05})
    annotator = Annotator(services, project)
    annotator.answer_and_learn(30)
    annotator.answer(3)
    with services.write() as session:
        champion = session.get_one(Version, projects.find(session, project.id).champion_id)
        champion.metrics = {"accuracy": {"value": 0.9, "low": 0.8, "high": 1.0, "n": 200}}
        champion.latest = {"accuracy": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 300}}
        session.add(champion)
        now = db.now(session)
    asked = _run(services, project.id, now)
    assert asked is not None
    assert asked.mode == "full"
    assert "fell from 0.900 (200 labels) to 0.700 (300 labels)" in asked.because
    with services.write() as session:
        runs.fail(session, asked.id, "test", now)
    annotator.answer(1)
    assert _run(services, project.id, now) is None


def test_a_mode_the_recipe_cannot_do_is_refused_at_asking_and_in_the_spec(
    services: Services,
) -> None:
    project = digits_project(services, model={"recipe": "forest"})
    with services.write() as session:
        found = projects.find(session, project.id)
        with pytest.raises(Invalid, match="auto, full"):
            training.ask(session, found, mode="warm", because="test", user_id=None)
        with pytest.raises(Invalid, match="cannot be trained in the mode 'fine-tune'"):
            policies.change(session, found, {"retrain": {"mode": "fine-tune"}}, user_id=None)


@pytest.mark.parametrize("mode", ["warm", "fine-tune"])
def test_a_run_goes_on_from_its_parent_as_asked(services: Services, mode: str) -> None:
    project = digits_project(services, retrain={"every": 40})
    annotator = Annotator(services, project)
    annotator.answer_and_learn(60)
    annotator.answer(10)
    with services.write() as session:
        found = projects.find(session, project.id)
        training.ask(session, found, mode=mode, because="test", user_id=None)  # type: ignore[arg-type]
    simulating.drain(services, project.id)
    with services.read() as session:
        (run,) = runs.latest(session, project.id, 1)
    assert (run.status, run.error) == ("done", "")
    assert run.mode_used == mode or "had no label of" in run.mode_because
    assert run.mode_because
