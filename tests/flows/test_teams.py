"""Several people on one sample: extra answers, disputes, decisions, gold, groups, suggestions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import deciding, labelling, own, projects, taking_back
from activeloop.store import db, labels, rankings, reviews
from activeloop.store.tables import Consensus, Gold, Label, Offer, Project, Ranking, Sample
from activeloop.wiring import Services
from tests.flows.handmade import NOW, people, pool
from tests.flows.test_labelling import answer, slots, take


def rank(services: Services, project: Project, picks: list[rankings.Pick]) -> None:
    with services.write() as session:
        ranking = Ranking(
            project_id=project.id,
            strategy="margin-badge",
            because="margin-badge: the most informative samples by version 1",
            version=1,
            seed=0,
            scored=len(picks),
            length=len(picks),
            samples=len(picks),
            seconds=0.0,
            created_at=NOW,
        )
        rankings.flip(session, ranking, picks)


def now_of(services: Services, project: Project) -> Project:
    with services.read() as session:
        return projects.find(session, project.id)


def consensus(services: Services, sample_id: int) -> Consensus | None:
    with services.read() as session:
        return session.get(Consensus, sample_id)


def said_in_turn(
    services: Services, project: Project, crowd: list[int], said: list[str]
) -> labelling.OfferedSample:
    """Let people answer the first sample one after the other."""
    held = [take(services, project, user).offers[0] for user in crowd[: len(said) - 1]]
    for user, mine, label in zip(crowd, held, said, strict=False):
        answer(services, project, user, mine.offer.id, label)
    last = take(services, project, crowd[len(said) - 1]).offers[0]
    answer(services, project, crowd[len(said) - 1], last.offer.id, said[-1])
    return last


def open_reviews(services: Services, project: Project) -> dict[str, int]:
    with services.read() as session:
        return {k: n for k, n in reviews.open_counts(session, project.id).items() if n}


def test_a_disagreement_asks_one_more_person_and_then_goes_to_review(services: Services) -> None:
    project = pool(services, 1, answers_per_sample=2, extra_answers=1, classes=["a", "b", "c"])
    crowd = people(services, 4)
    held = said_in_turn(services, project, crowd, ["a", "b"])
    assert slots(services, held.sample.id) == 1
    third = take(services, project, crowd[2]).offers[0]
    answer(services, project, crowd[2], third.offer.id, "c")
    settled = consensus(services, held.sample.id)
    assert settled is not None
    assert (settled.label, settled.disputed, settled.answers) == (None, True, 3)
    assert take(services, project, crowd[3]).offers == ()
    assert open_reviews(services, project) == {"disagreement": 1}


def test_a_third_answer_that_agrees_settles_the_sample(services: Services) -> None:
    project = pool(services, 1, answers_per_sample=2, extra_answers=3)
    held = said_in_turn(services, project, people(services, 3), ["cat", "dog", "cat"])
    settled = consensus(services, held.sample.id)
    assert settled is not None
    assert (settled.label, settled.complete, slots(services, held.sample.id)) == ("cat", True, 0)
    assert open_reviews(services, project) == {}


def test_a_decision_settles_a_dispute_and_closes_its_review(services: Services) -> None:
    project = pool(services, 1, answers_per_sample=2)
    crowd = people(services, 3)
    held = said_in_turn(services, project, crowd, ["cat", "dog"])
    given = {"sample_id": held.sample.id, "label": "dog", "note": "ears", "key": "d1"}
    with services.write() as session:
        first = deciding.decide(session, project, crowd[2], **given)  # type: ignore[arg-type]
    with services.write() as session:
        again = deciding.decide(session, project, crowd[2], **given)  # type: ignore[arg-type]
    assert again.id == first.id
    settled = consensus(services, held.sample.id)
    assert settled is not None
    assert (settled.label, settled.agreement) == ("dog", 0.5)
    assert open_reviews(services, project) == {}
    with services.read() as session:
        counts = session.exec(select(Label.kind)).all()
    assert sorted(counts) == ["answer", "answer", "decision"]


def test_a_decision_takes_the_slots_that_were_still_open(services: Services) -> None:
    project = pool(services, 1, answers_per_sample=3)
    crowd = people(services, 2)
    held = take(services, project, crowd[0]).offers[0]
    with services.write() as session:
        deciding.decide(
            session, project, crowd[1], sample_id=held.sample.id, label="cat", note="", key="d"
        )
    assert take(services, project, crowd[1]).offers == ()
    answer(services, project, crowd[0], held.offer.id, "dog")
    settled = consensus(services, held.sample.id)
    assert settled is not None
    assert (settled.label, settled.answers) == ("cat", 1)
    assert slots(services, held.sample.id) == 0


def test_gold_is_offered_once_to_everybody_looks_like_the_rest_and_labels_nothing(
    services: Services,
) -> None:
    project = pool(services, 3, gold_share=0.5)
    with services.write() as session:
        known = session.exec(select(Sample).where(Sample.seq == 0)).one()
        known.slots = 0
        session.add(Gold(sample_id=known.id, project_id=project.id, label="cat", created_at=NOW))
    for user in people(services, 2):
        with services.write() as session:
            offered = labelling.offer(session, project, user, count=1, chance=lambda: 0.0)
        (mine,) = offered.offers
        assert mine.offer.kind == "gold"
        assert "gold" not in str(offered.as_json())
        told = answer(services, project, user, mine.offer.id, "dog")
        assert told.counted
        assert consensus(services, known.id) is None
        assert slots(services, known.id) == 0
        with services.write() as session:
            again = labelling.offer(session, project, user, count=1, chance=lambda: 0.0)
        assert [each.offer.kind for each in again.offers] == ["random"]
        with services.write() as session:
            labelling.release(session, project, user, [again.offers[0].offer.id])
    with services.read() as session:
        assert all(not event.counted for event in session.exec(select(Label)))


def test_an_answer_taken_back_gives_a_gold_sample_back_without_a_slot(services: Services) -> None:
    project = pool(services, 2, gold_share=0.5)
    with services.write() as session:
        known = session.exec(select(Sample).where(Sample.seq == 0)).one()
        known.slots = 0
        session.add(Gold(sample_id=known.id, project_id=project.id, label="cat", created_at=NOW))
    (user,) = people(services, 1)
    with services.write() as session:
        held = labelling.offer(session, project, user, count=1, chance=lambda: 0.0).offers[0]
    said = answer(services, project, user, held.offer.id, "dog")
    with services.write() as session:
        undone = taking_back.undo(session, project, user, said.id)
    assert undone.offered is not None
    with services.write() as session:
        labelling.release(session, project, user, [held.offer.id])
    assert slots(services, known.id) == 0


def alike(services: Services, project: Project) -> list[int]:
    """Rank four samples, three of them alike, and give their ids."""
    with services.read() as session:
        ids = list(session.exec(select(Sample.id).order_by(Sample.seq)))  # type: ignore[arg-type]
    picks = [rankings.Pick(0, 1, 1), *(rankings.Pick(n, 1, 1, twin_of=0) for n in (1, 2))]
    rank(services, project, [*picks, rankings.Pick(3, 1, 1)])
    return ids


def test_one_answer_labels_a_group_and_taking_it_back_frees_it(services: Services) -> None:
    project = pool(services, 4)
    ids = alike(services, project)
    project = now_of(services, project)
    (user,) = people(services, 1)
    held = take(services, project, user).offers[0]
    assert [each["id"] for each in held.as_json()["group"]] == ids[1:3]
    with services.write() as session:
        given = labelling.Given("cat", group=True)
        said = labelling.record(session, project, user, given, offer_id=held.offer.id, key="k")
    assert said.propagated == 2
    settled = [consensus(services, sample_id) for sample_id in ids]
    assert [each.label if each else None for each in settled] == ["cat", "cat", "cat", None]
    with services.read() as session:
        kinds = session.exec(select(Label.kind).order_by(Label.number)).all()  # type: ignore[arg-type]
    assert list(kinds) == ["answer", "propagated", "propagated"]
    with services.write() as session:
        taking_back.undo(session, project, user, said.id)
    settled = [consensus(services, sample_id) for sample_id in ids]
    assert [each.complete if each else False for each in settled] == [False] * 4
    assert [slots(services, sample_id) for sample_id in ids] == [0, 1, 1, 1]


def test_an_answer_for_one_sample_alone_leaves_its_group(services: Services) -> None:
    project = pool(services, 4)
    ids = alike(services, project)
    project = now_of(services, project)
    (user,) = people(services, 1)
    held = take(services, project, user).offers[0]
    assert answer(services, project, user, held.offer.id, "cat").propagated == 0
    assert [slots(services, sample_id) for sample_id in ids] == [0, 1, 1, 1]


def test_what_others_hold_is_not_answered_with_the_group(services: Services) -> None:
    project = pool(services, 4)
    ids = alike(services, project)
    project = now_of(services, project)
    ada, bob = people(services, 2)
    held = take(services, project, ada).offers[0]
    theirs = take(services, project, bob).offers[0]
    assert theirs.sample.id == ids[1]
    with services.write() as session:
        given = labelling.Given("cat", group=True)
        said = labelling.record(session, project, ada, given, offer_id=held.offer.id, key="k")
    assert said.propagated == 1
    assert not answer(services, project, bob, theirs.offer.id, "dog").late


def test_suggestions_are_hidden_by_chance_and_kept_either_way(services: Services) -> None:
    policy = {"show": True, "hidden_share": 0.5}
    project = pool(services, 4, suggestions=policy, random_share=0)
    picks = [rankings.Pick(n, 1, 1, suggestion="cat", confidence=0.7) for n in range(4)]
    rank(services, project, picks)
    project = now_of(services, project)
    (user,) = people(services, 1)
    chances = iter([0.9] * 2 + [0.4, 0.6])
    with services.write() as session:
        offered = labelling.offer(
            session, project, user, count=2, chance=lambda: next(chances)
        ).as_json()
    told = [each["suggestion"] for each in offered["offers"]]
    shown = {"label": "cat", "labels": ["cat"], "confidence": 0.7, "version": 1}
    assert told == [None, shown]
    with services.read() as session:
        kept = session.exec(select(Offer.suggestion)).all()
    assert list(kept) == ["cat", "cat"]


def test_an_answer_is_changed_in_one_step_and_once_per_key(services: Services) -> None:
    project = pool(services, 2)
    (user,) = people(services, 1)
    held = take(services, project, user).offers[0]
    first = answer(services, project, user, held.offer.id, "cat")

    def change() -> labelling.Recorded:
        given = labelling.Given("dog")
        with services.write() as session:
            return taking_back.revise(session, project, user, given, label_id=first.id, key="again")

    changed = change()
    assert change().replayed
    settled = consensus(services, held.sample.id)
    assert settled is not None
    assert (settled.label, settled.answers) == ("dog", 1)
    with (
        pytest.raises(Conflict, match="changed or taken back already"),
        services.write() as session,
    ):
        taking_back.revise(
            session, project, user, labelling.Given("cat"), label_id=first.id, key="late"
        )
    with services.read() as session:
        listed = own.history(session, project, user, before=None, count=10)
    assert [(each["id"], each["answer"]) for each in listed] == [(changed.id, {"label": "dog"})]


def test_history_pages_back_and_shows_nobody_elses_answers(services: Services) -> None:
    project = pool(services, 5)
    ada, bob = people(services, 2)
    for user in (ada, bob, ada):
        held = take(services, project, user).offers[0]
        answer(services, project, user, held.offer.id, "cat")
    with services.read() as session:
        (newest,) = own.history(session, project, ada, before=None, count=1)
        (older,) = own.history(session, project, ada, before=newest["number"], count=9)
        assert newest["number"] > older["number"]
        assert own.progress(session, project, ada)["answers"] == 2


def test_a_flag_keeps_the_sample_in_hand_and_goes_to_review(services: Services) -> None:
    project = pool(services, 2)
    ada, bob = people(services, 2)
    held = take(services, project, ada).offers[0]
    given = {"sample_id": held.sample.id, "note": "two pets", "key": "f"}
    for _ in range(2):
        with services.write() as session:
            deciding.flag(session, project, ada, **given)  # type: ignore[arg-type]
    assert open_reviews(services, project) == {"flag": 1}
    with pytest.raises(NotFound, match="never in your hands"), services.write() as session:
        deciding.flag(session, project, bob, **given)  # type: ignore[arg-type]
    assert not answer(services, project, ada, held.offer.id, "cat").late


def test_a_reason_is_asked_for_where_the_project_wants_one(services: Services) -> None:
    project = pool(services, 1, skip_reason="required")
    (user,) = people(services, 1)
    held = take(services, project, user).offers[0]
    with pytest.raises(Invalid, match="why the sample is skipped"):
        answer(services, project, user, held.offer.id, None)
    with services.write() as session:
        given = labelling.Given(None, note="broken")
        said = labelling.record(session, project, user, given, offer_id=held.offer.id, key="k")
        event = labels.by_id(session, project.id, said.id)
    assert event is not None
    assert (event.kind, event.note) == ("skip", "broken")


def test_a_short_lease_is_prolonged_by_its_holder_alone(services: Services) -> None:
    project = pool(services, 2)
    ada, bob = people(services, 2)
    with services.write() as session:
        (held,) = labelling.offer(
            session, project, ada, count=1, chance=lambda: 0.99, seconds=30
        ).offers
        until = held.offer.leased_until
        assert until - db.now(session) < timedelta(seconds=31)
    with services.write() as session:
        assert labelling.keep(session, project, bob, [held.offer.id], seconds=90) == {}
        kept = labelling.keep(session, project, ada, [held.offer.id], seconds=90)
    assert kept[held.offer.id] > until


def test_several_labels_are_answered_as_a_set(services: Services) -> None:
    project = pool(services, 2, answer="several", classes=["a", "b", "c"])
    (user,) = people(services, 1)
    held = take(services, project, user).offers[0]
    answer(services, project, user, held.offer.id, '["c", "a"]')
    settled = consensus(services, held.sample.id)
    assert settled is not None
    assert settled.label == '["a", "c"]'
    other = take(services, project, user).offers[0]
    with pytest.raises(Invalid, match="'z' is not a class"):
        answer(services, project, user, other.offer.id, '["z"]')
