from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activeloop.errors import Fenced
from activeloop.jobs import ImportFile, Rank
from activeloop.store import backlog, ledger, projects, reminders, schema
from activeloop.store.db import Database, open_database
from activeloop.store.ledger import NEW_JOBS, Claim
from activeloop.store.tables import JobRow

START = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("migrated_postgres_url") if postgres else ""
    opened = open_database(url, tmp_path)
    schema.upgrade(opened)
    with opened.write() as session:
        for number in range(3):
            projects.add(session, name=f"p{number}", kind="text", spec={}, now=START)
    yield opened
    opened.close()


def add(database: Database, project_id: int = 1, *, now: datetime = START) -> int:
    with database.write() as session:
        return ledger.add(session, Rank(project_id), now=now)


def claim(
    database: Database, job_id: int, *, now: datetime = START, owner: str = "w/1"
) -> Claim | None:
    with database.write() as session:
        return ledger.claim(session, job_id, owner=owner, lease=LEASE, now=now)


def claimed(database: Database, job_id: int, *, now: datetime = START) -> Claim:
    held = claim(database, job_id, now=now)
    assert held is not None
    return held


def finish(database: Database, held: Claim, *, now: datetime = START) -> None:
    with database.write() as session:
        ledger.finish(session, held, now=now)


def finish_with_an_effect(database: Database, held: Claim) -> None:
    with database.write() as session:
        projects.count(session, 1, events=1)
        ledger.finish(session, held, now=START + LEASE + SECOND)


def due(database: Database, *, now: datetime) -> list[int]:
    with database.write() as session:
        return reminders.due(session, now=now, limit=100)


def row(database: Database, job_id: int) -> JobRow:
    with database.read() as session:
        found = ledger.find(session, job_id)
    assert found is not None
    return found


def use_up(database: Database, job_id: int) -> datetime:
    """Let every attempt but the ledger's patience run out; give the moment after the last lease."""
    now = START
    for _ in range(ledger.MAX_ATTEMPTS):
        claimed(database, job_id, now=now)
        now += LEASE + SECOND
    return now


def test_asking_twice_for_a_waiting_job_is_asking_once(database: Database) -> None:
    assert add(database) == add(database)
    assert add(database, 2) != add(database, 1)


def test_many_jobs_are_added_on_one_connection(database: Database) -> None:
    with database.write() as session:
        # the driver prepares a statement from its sixth use on
        ids = [ledger.add(session, ImportFile(1, number), now=START) for number in range(12)]
    assert len(set(ids)) == 12


def test_a_transaction_lists_the_jobs_it_added(database: Database) -> None:
    with database.write() as session:
        first = ledger.add(session, Rank(1), now=START)
        second = ledger.add(session, Rank(2), now=START)
        assert session.info[NEW_JOBS] == [first, second]


def test_what_is_rolled_back_was_never_asked_for(database: Database) -> None:
    with database.write() as session:
        ledger.add(session, Rank(1), now=START)
        session.rollback()
    with database.read() as session:
        assert backlog.live(session, 1) == []


def test_a_job_is_claimed_by_one_only(database: Database) -> None:
    job_id = add(database)
    held = claimed(database, job_id)
    assert (held.fence, held.attempts, held.job) == (1, 1, Rank(1))
    assert claim(database, job_id, now=START + LEASE) is None


def test_of_many_who_claim_at_once_one_gets_the_job(database: Database) -> None:
    job_id = add(database)
    won: list[Claim | None] = []
    barrier = threading.Barrier(8)

    def compete() -> None:
        barrier.wait()
        won.append(claim(database, job_id))

    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 8
    assert len([held for held in won if held]) == 1


def test_of_many_who_ask_at_once_all_get_the_same_row(database: Database) -> None:
    asked: list[int] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        asked.append(add(database))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 8
    assert len(set(asked)) == 1


def test_a_job_whose_holder_fell_silent_is_taken_over_and_fences_the_holder_off(
    database: Database,
) -> None:
    job_id = add(database)
    silent = claimed(database, job_id)
    taker = claimed(database, job_id, now=START + LEASE + SECOND)
    assert taker.fence == silent.fence + 1
    with pytest.raises(Fenced):
        finish_with_an_effect(database, silent)
    with database.read() as session:
        assert projects.tally(session, 1).events == 0
    finish(database, taker, now=START + LEASE + SECOND)
    assert row(database, job_id).state == "done"


def test_a_heartbeat_keeps_the_job_and_shows_its_progress(database: Database) -> None:
    job_id = add(database)
    held = claimed(database, job_id)
    with database.write() as session:
        later = START + LEASE / 2
        assert ledger.beat(session, held, lease=LEASE, now=later, stage="fitting", progress=0.25)
    assert claim(database, job_id, now=START + LEASE + SECOND) is None
    found = row(database, job_id)
    assert (found.stage, found.progress) == ("fitting", 0.25)


def test_a_heartbeat_of_a_fenced_holder_changes_nothing(database: Database) -> None:
    job_id = add(database)
    silent = claimed(database, job_id)
    claimed(database, job_id, now=START + LEASE + SECOND)
    with database.write() as session:
        assert not ledger.beat(session, silent, lease=LEASE, now=START, stage="ghost", progress=0.9)
    assert row(database, job_id).stage == ""


def test_a_job_is_finished_once(database: Database) -> None:
    held = claimed(database, add(database))
    finish(database, held)
    with pytest.raises(Fenced):
        finish(database, held)


def test_a_finished_job_can_be_asked_for_anew(database: Database) -> None:
    job_id = add(database)
    finish(database, claimed(database, job_id))
    assert add(database) != job_id


def test_asking_while_it_runs_has_it_done_once_more(database: Database) -> None:
    job_id = add(database)
    held = claimed(database, job_id)
    assert add(database) == job_id
    with database.write() as session:
        ledger.finish(session, held, now=START)
        assert session.info[NEW_JOBS] == [job_id]
    assert due(database, now=START) == [job_id]
    finish(database, claimed(database, job_id))
    assert row(database, job_id).state == "done"
    assert due(database, now=START + timedelta(hours=1)) == []


def test_a_passing_fault_is_tried_again_after_a_pause_but_not_before(database: Database) -> None:
    job_id = add(database)
    with database.write() as session:
        held = ledger.claim(session, job_id, owner="w/1", lease=LEASE, now=START)
        assert held is not None
        state = ledger.fail(
            session, held, error="The disk is away.", now=START, retry_after=10 * SECOND
        )
    assert state == "queued"
    assert claim(database, job_id, now=START + 9 * SECOND) is None
    assert due(database, now=START + 9 * SECOND) == []
    assert due(database, now=START + 10 * SECOND) == [job_id]
    assert claimed(database, job_id, now=START + 10 * SECOND).attempts == 2
    assert row(database, job_id).error == "The disk is away."


def test_a_lasting_fault_ends_the_job_at_once_with_its_sentence(database: Database) -> None:
    job_id = add(database)
    held = claimed(database, job_id)
    with database.write() as session:
        state = ledger.fail(session, held, error="No labels.", now=START, retry_after=None)
    assert state == "failed"
    assert (row(database, job_id).state, row(database, job_id).error) == ("failed", "No labels.")
    assert due(database, now=START + timedelta(days=1)) == []


def test_the_fifth_failure_is_the_last_and_its_error_is_kept(database: Database) -> None:
    job_id = add(database)
    states = []
    for attempt in range(ledger.MAX_ATTEMPTS):
        held = claimed(database, job_id)
        with database.write() as session:
            states.append(
                ledger.fail(
                    session, held, error=f"try {attempt}", now=START, retry_after=0 * SECOND
                )
            )
    assert states == ["queued"] * 4 + ["dead"]
    assert row(database, job_id).error == "try 4"
    assert claim(database, job_id, now=START + timedelta(days=1)) is None


def test_a_job_that_kills_its_worker_five_times_is_given_up(database: Database) -> None:
    job_id = add(database)
    now = use_up(database, job_id)
    assert claim(database, job_id, now=now) is None
    assert due(database, now=now) == []
    with database.write() as session:
        (ended,) = reminders.bury(session, now=now)
    assert (ended.state, ended.job) == ("dead", Rank(1))
    assert "5 attempts" in row(database, job_id).error


def test_a_job_that_still_runs_in_its_fifth_attempt_is_left_alone(database: Database) -> None:
    job_id = add(database)
    now = use_up(database, job_id) - 2 * SECOND
    with database.write() as session:
        assert reminders.bury(session, now=now) == []
    assert row(database, job_id).state == "running"


def test_a_hint_is_sent_again_only_after_a_while(database: Database) -> None:
    job_id = add(database)
    assert due(database, now=START) == [job_id]
    assert due(database, now=START + 5 * SECOND) == []
    assert due(database, now=START + 11 * SECOND) == [job_id]


def test_a_lease_that_ran_out_is_due_although_its_hint_was_just_sent(database: Database) -> None:
    job_id = add(database)
    with database.write() as session:
        reminders.due(session, now=START, limit=10)
        ledger.claim(session, job_id, owner="w/1", lease=2 * SECOND, now=START)
    assert due(database, now=START + SECOND) == []
    assert due(database, now=START + 3 * SECOND) == [job_id]
    assert due(database, now=START + 4 * SECOND) == []


def test_looking_for_due_jobs_agrees_with_listing_them(database: Database) -> None:
    with database.read() as session:
        assert not reminders.waiting(session, now=START)
    add(database)
    with database.read() as session:
        assert reminders.waiting(session, now=START)
    due(database, now=START)
    with database.read() as session:
        assert not reminders.waiting(session, now=START)


def test_a_worker_that_leaves_gives_back_its_own_jobs_and_no_attempt_is_lost(
    database: Database,
) -> None:
    mine, other = add(database, 1), add(database, 2)
    claim(database, mine, owner="host_1:7/12")
    claim(database, other, owner="hostx1:7/12")
    with database.write() as session:
        assert reminders.release(session, owner="host_1:7/", now=START) == 1
    assert row(database, other).state == "running"
    assert claimed(database, mine).attempts == 1


def test_a_job_asked_for_later_is_brought_forward_when_it_is_asked_for_now(
    database: Database,
) -> None:
    with database.write() as session:
        job_id = ledger.add(session, Rank(1), now=START, delay=timedelta(minutes=5))
    assert due(database, now=START) == []
    add(database)
    assert due(database, now=START) == [job_id]


def test_one_clock_at_a_time_steps(database: Database) -> None:
    if database.dialect == "sqlite":  # its write session is alone by itself
        with database.write() as only:
            assert reminders.only_clock(only)
        return
    with database.write() as first, database.write() as second:
        assert reminders.only_clock(first)
        assert not reminders.only_clock(second)
    with database.write() as third:
        assert reminders.only_clock(third)
