"""Offers, answers, skips and undo, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import select

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import labelling, taking_back
from activeloop.flows.snapshots import snapshot
from activeloop.store import offers, projects
from activeloop.store.db import Session
from activeloop.store.tables import Consensus, Label, Offer, Project, Sample
from activeloop.wiring import Services
from tests.flows.handmade import people, pool, spec


def take(services: Services, project: Project, user: int, count: int = 1) -> labelling.Offered:
    with services.write() as session:
        return labelling.offer(session, project, user, count=count, chance=lambda: 0.99)


def answer(
    services: Services,
    project: Project,
    user: int,
    offer_id: int,
    label: str | None = "cat",
    *,
    key: str | None = None,
) -> labelling.Recorded:
    with services.write() as session:
        return labelling.record(
            session,
            project,
            user,
            labelling.Given(label, lead_ms=100),
            offer_id=offer_id,
            key=key or f"{user}-{offer_id}-{label}",
        )


def run_out(services: Services, offer_id: int) -> None:
    """Let a lease end and the clock take it back."""
    with services.write() as session:
        held = session.get_one(Offer, offer_id)
        held.leased_until -= timedelta(days=1)
    with services.write() as session:
        offers.expire(session, held.leased_until + timedelta(seconds=1))


def slots(services: Services, sample_id: int) -> int:
    with services.read() as session:
        return session.get_one(Sample, sample_id).slots


def test_asking_again_gives_the_samples_already_in_hand(services: Services) -> None:
    project, (ann,) = pool(services, 5), people(services, 1)
    first = take(services, project, ann, 2)
    again = take(services, project, ann, 3)
    held = [each.offer.id for each in again.offers]
    assert held[:2] == [each.offer.id for each in first.offers]
    assert len(set(held)) == 3


def test_two_people_never_hold_the_same_slot(services: Services) -> None:
    project, (ann, bob) = pool(services, 4), people(services, 2)
    mine = {each.sample.id for each in take(services, project, ann, 2).offers}
    theirs = {each.sample.id for each in take(services, project, bob, 4).offers}
    assert not mine & theirs
    assert len(theirs) == 2


def test_many_annotators_at_once_get_each_sample_exactly_once(services: Services) -> None:
    project, users = pool(services, 60), people(services, 8)
    served: list[int] = []

    def work(user: int) -> None:
        while offered := take(services, project, user).offers:
            served.append(offered[0].sample.id)
            answer(services, project, user, offered[0].offer.id)

    threads = [threading.Thread(target=work, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(served) == Counter(range(min(served), min(served) + 60))
    with services.read() as session:
        assert projects.tally(session, project.id).labelled_train == 60
        numbers = sorted(session.exec(select(Label.number)))
    assert numbers == list(range(1, 61))


def test_the_same_key_gives_the_same_answer_back_and_counts_once(services: Services) -> None:
    project, (ann,) = pool(services, 3), people(services, 1)
    held = take(services, project, ann).offers[0].offer.id
    first = answer(services, project, ann, held, key="k")
    second = answer(services, project, ann, held, key="k")
    assert (second.id, second.replayed) == (first.id, True)
    with services.read() as session:
        assert projects.tally(session, project.id).answers == 1


def test_the_same_key_with_another_answer_is_a_conflict(services: Services) -> None:
    project, (ann,) = pool(services, 3), people(services, 1)
    held = take(services, project, ann).offers[0].offer.id
    answer(services, project, ann, held, "cat", key="k")
    with pytest.raises(Conflict, match="key"):
        answer(services, project, ann, held, "dog", key="k")


def test_a_label_that_is_no_class_is_refused_with_the_classes(services: Services) -> None:
    project, (ann,) = pool(services, 3), people(services, 1)
    held = take(services, project, ann).offers[0].offer.id
    with pytest.raises(Invalid, match="cat, dog"):
        answer(services, project, ann, held, "bird")


def test_nobody_answers_anothers_offer(services: Services) -> None:
    project, (ann, bob) = pool(services, 3), people(services, 2)
    held = take(services, project, ann).offers[0].offer.id
    with pytest.raises(NotFound):
        answer(services, project, bob, held)


def test_a_lease_that_ran_out_goes_to_the_next_person(services: Services) -> None:
    project, (ann, bob) = pool(services, 1), people(services, 2)
    held = take(services, project, ann).offers[0]
    assert "in others' hands" in (take(services, project, bob).waiting_for or "")
    run_out(services, held.offer.id)
    assert take(services, project, bob).offers[0].sample.id == held.sample.id


def test_a_late_answer_counts_while_the_sample_still_wants_it(services: Services) -> None:
    project, (ann,) = pool(services, 1), people(services, 1)
    held = take(services, project, ann).offers[0]
    run_out(services, held.offer.id)
    recorded = answer(services, project, ann, held.offer.id)
    assert (recorded.late, recorded.counted) == (True, True)
    assert slots(services, held.sample.id) == 0


def test_a_late_answer_is_kept_but_not_counted_when_another_holds_the_slot(
    services: Services,
) -> None:
    project, (ann, bob) = pool(services, 1), people(services, 2)
    held = take(services, project, ann).offers[0]
    run_out(services, held.offer.id)
    theirs = take(services, project, bob).offers[0]
    late = answer(services, project, ann, held.offer.id, "dog")
    assert (late.late, late.counted) == (True, False)
    answer(services, project, bob, theirs.offer.id, "cat")
    with services.read() as session:
        assert session.get_one(Consensus, held.sample.id).label == "cat"
        assert len(session.exec(select(Label)).all()) == 2


def test_a_late_answer_under_the_old_offer_uses_the_slot_of_the_new_one(
    services: Services,
) -> None:
    project, (ann,) = pool(services, 1), people(services, 1)
    old = take(services, project, ann).offers[0]
    run_out(services, old.offer.id)
    new = take(services, project, ann).offers[0]
    assert answer(services, project, ann, old.offer.id).counted
    assert slots(services, old.sample.id) == 0
    with services.read() as session:
        assert session.get_one(Offer, new.offer.id).state == "expired"


def test_a_skip_returns_the_slot_to_others_but_not_to_the_same_person(services: Services) -> None:
    project, (ann, bob) = pool(services, 1), people(services, 2)
    held = take(services, project, ann).offers[0]
    answer(services, project, ann, held.offer.id, None)
    nothing = take(services, project, ann)
    assert not nothing.offers
    assert "you skipped 1 sample" in (nothing.waiting_for or "")
    assert take(services, project, bob).offers[0].sample.id == held.sample.id


@pytest.mark.parametrize("label", ["cat", None])
def test_undo_brings_the_sample_back_into_the_same_hands(
    services: Services, label: str | None
) -> None:
    project, (ann,) = pool(services, 2), people(services, 1)
    held = take(services, project, ann).offers[0]
    recorded = answer(services, project, ann, held.offer.id, label)
    with services.write() as session:
        undone = taking_back.undo(session, project, ann, recorded.id)
    assert undone.offered is not None
    assert undone.offered.offer.id == held.offer.id
    with services.read() as session:
        counts = projects.tally(session, project.id)
        assert (counts.answers, counts.skips, counts.labelled_train) == (0, 0, 0)
    assert answer(services, project, ann, held.offer.id, "dog", key="second").counted
    assert slots(services, held.sample.id) == 0


def test_two_answers_that_disagree_settle_nothing(services: Services) -> None:
    project = pool(services, 1, answers_per_sample=2)
    ann, bob = people(services, 2)
    for user, label in ((ann, "cat"), (bob, "dog")):
        answer(services, project, user, take(services, project, user).offers[0].offer.id, label)
    with services.read() as session:
        assert projects.tally(session, project.id).labelled_train == 0
        settled = session.exec(select(Consensus)).one()
    assert (settled.complete, settled.label, settled.agreement) == (True, None, 0.5)


def test_nobody_answers_a_sample_twice(services: Services) -> None:
    project = pool(services, 1, answers_per_sample=2)
    (ann,) = people(services, 1)
    answer(services, project, ann, take(services, project, ann).offers[0].offer.id)
    assert not take(services, project, ann).offers


def test_released_offers_are_free_at_once(services: Services) -> None:
    project, (ann, bob) = pool(services, 1), people(services, 2)
    held = take(services, project, ann).offers[0]
    with services.write() as session:
        assert labelling.release(session, project, ann, [held.offer.id]) == 1
    assert take(services, project, bob).offers[0].sample.id == held.sample.id


def test_audit_samples_are_mixed_in_and_look_like_the_others(services: Services) -> None:
    project, (ann,) = pool(services, 40, audit=20), people(services, 1)
    draws = iter([0.0, 0.9] * 100)
    with services.write() as session:
        offered = labelling.offer(
            session, project, ann, count=20, chance=lambda: next(draws)
        ).offers
    kinds = Counter(each.offer.kind for each in offered)
    assert kinds["audit"] >= 5
    shown = [each.as_json() for each in offered]
    assert len({(s["strategy"], s["version"], s["because"], s["ranking"]) for s in shown}) == 1
    assert all("kind" not in s and "probability" not in s and "stratum" not in s for s in shown)


def test_replaying_the_events_gives_the_labels_that_are_kept(services: Services) -> None:
    project, (ann,) = pool(services, 6), people(services, 1)
    given = [
        answer(services, project, ann, take(services, project, ann).offers[0].offer.id, label)
        for label in ("cat", "dog", None, "cat")
    ]
    with services.write() as session:
        taking_back.undo(session, project, ann, given[-1].id)
    with services.read() as session:
        train, _ = snapshot(session, project.id, spec(), number=5)
        kept = session.execute(
            select(Consensus.seq, Consensus.label)
            .where(Consensus.complete, Consensus.label.is_not(None))  # type: ignore[union-attr]
            .order_by(Consensus.seq)  # type: ignore[arg-type]
        )
        assert [tuple(row) for row in kept] == list(zip(train.seqs, train.names, strict=True))
        earlier, _ = snapshot(session, project.id, spec(), number=4)
    assert len(earlier.seqs) == len(train.seqs) + 1


def test_an_empty_pool_says_so(services: Services) -> None:
    project, (ann,) = pool(services, 0), people(services, 1)
    assert take(services, project, ann).waiting_for == "The pool is empty: import data to start."


def test_one_person_in_many_tabs_never_gets_a_sample_twice(services: Services) -> None:
    project = pool(services, 30, answers_per_sample=2)
    (ann,) = people(services, 1)
    faults: list[BaseException] = []

    def ask() -> None:
        def change(session: Session) -> labelling.Offered:
            return labelling.offer(session, project, ann, count=5, chance=lambda: 0.99)

        try:
            for _ in range(5):
                services.settle(change)
        except BaseException as fault:  # noqa: BLE001 - told by the test, whatever it is
            faults.append(fault)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with services.read() as session:
        held = list(session.exec(select(Offer.sample_id)))
        left = dict(session.exec(select(Sample.id, Sample.slots)).all())
    assert len(held) == len(set(held)) >= 5
    assert all(left[sample] == 1 for sample in held)
