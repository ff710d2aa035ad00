"""Adjudication: the queue of what wants a reviewer, and what a reviewer does with it."""

from __future__ import annotations

import pytest

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import deciding, opinions, projects, reviewing, ruling
from activeloop.flows.opinions import Opinion
from activeloop.flows.ruling import Ruling
from activeloop.store import reviews
from activeloop.store.tables import Consensus, Project
from activeloop.wiring import Services
from tests.flows.handmade import people, pool
from tests.flows.test_label_sets import change, check_laws, now_of
from tests.flows.test_labelling import answer, take


def disputed(services: Services, project: Project, crowd: list[int]) -> int:
    """Let two people disagree on the first sample; give the review's number."""
    held = [take(services, project, user).offers[0] for user in crowd[:2]]
    for each, user, name in zip(held, crowd, ("cat", "dog"), strict=False):
        answer(services, project, user, each.offer.id, name)
    with services.read() as session:
        (found,) = reviews.queue(session, project.id)
    return found.id


def ruled(
    services: Services,
    project: Project,
    user: int,
    review: int,
    ruling_: Ruling,
    *,
    key: str = "k",
) -> dict[str, object]:
    with services.write() as session:
        found = projects.find(session, project.id)
        return ruling.rule(session, found, user, review, ruling_, key=key)


def listed(services: Services, project: Project, reason: reviews.Reason | None = None) -> list[int]:
    with services.read() as session:
        found = reviewing.listed(session, project, reason=reason)
    return [each["id"] for each in found["reviews"]]


def test_a_review_shows_the_answers_side_by_side_in_the_words_of_today(
    services: Services,
) -> None:
    project, crowd = pool(services, 1, answers_per_sample=2), people(services, 2)
    review = disputed(services, project, crowd)
    change(services, project, "rename", "cat>feline")
    told = reviewing.shown(services, str(project.id), review)
    assert [(each["who"], each["labels"], each["was"]) for each in told["said"]] == [
        ("annotator 0", ["feline"], "cat"),
        ("annotator 1", ["dog"], None),
    ]
    assert [each["lead_ms"] for each in told["said"]] == [100, 100]
    assert told["consensus"]["disputed"]
    assert told["sample"]["payload"] == {"text": "sample 0"}
    assert (told["model"], told["sentence"]) == (
        None,
        "People disagree; no model has an opinion yet.",
    )


def test_a_decision_is_made_once_and_closes_every_review_of_the_sample(
    services: Services,
) -> None:
    project, crowd = pool(services, 1, answers_per_sample=2), people(services, 3)
    review = disputed(services, project, crowd)
    with services.write() as session:
        sample_id = reviewing.found(session, project, review).sample_id
        ruling.ask(session, project, crowd[0], [sample_id], "odd")
    assert len(listed(services, project)) == 2
    decision = Ruling("decide", "dog", "its ears")
    first = ruled(services, project, crowd[2], review, decision)
    assert first["state"] == "done"
    assert ruled(services, project, crowd[2], review, decision) == first
    assert listed(services, project) == []
    with pytest.raises(Conflict, match="meanwhile"):
        ruled(services, project, crowd[1], review, decision, key="late")
    with services.read() as session:
        settled = session.get_one(Consensus, sample_id)
    assert (settled.label, settled.disputed) == ("dog", False)
    check_laws(services, project)


def test_sending_back_asks_one_more_person_and_comes_again_when_that_settles_nothing(
    services: Services,
) -> None:
    project = pool(services, 1, answers_per_sample=2, classes=["cat", "dog", "cow"])
    crowd = people(services, 4)
    review = disputed(services, project, crowd)
    again = Ruling("again", note="look at the horns")
    ruled(services, project, crowd[3], review, again)
    assert ruled(services, project, crowd[3], review, again)["state"] == "done"
    assert listed(services, project) == []
    check_laws(services, project)
    assert take(services, project, crowd[0]).offers == ()
    (held,) = take(services, project, crowd[2]).offers
    answer(services, project, crowd[2], held.offer.id, "cow")
    check_laws(services, project)
    assert len(listed(services, project, "disagreement")) == 1
    assert take(services, project, crowd[3]).offers == ()


def test_a_settled_sample_that_is_sent_back_keeps_its_label_if_the_next_answer_agrees(
    services: Services,
) -> None:
    project, (ann, bob) = pool(services, 1), people(services, 2)
    (held,) = take(services, project, ann).offers
    answer(services, project, ann, held.offer.id, "cat")
    with services.write() as session:
        deciding.flag(session, project, ann, sample_id=held.sample.id, note="hm", key="f")
    (review,) = listed(services, project, "flag")
    ruled(services, project, bob, review, Ruling("again"))
    (second,) = take(services, project, bob).offers
    answer(services, project, bob, second.offer.id, "cat")
    with services.read() as session:
        settled = session.get_one(Consensus, held.sample.id)
    assert (settled.label, settled.answers, settled.complete) == ("cat", 2, True)
    assert listed(services, project) == []
    check_laws(services, project)


def test_dismissing_closes_one_reason_and_leaves_the_label_alone(services: Services) -> None:
    project, crowd = pool(services, 1, answers_per_sample=2), people(services, 3)
    review = disputed(services, project, crowd)
    with services.write() as session:
        sample_id = reviewing.found(session, project, review).sample_id
        ruling.ask(session, project, crowd[0], [sample_id], "")
    ruled(services, project, crowd[2], review, Ruling("dismiss"))
    assert ruled(services, project, crowd[2], review, Ruling("dismiss"))["state"] == "dismissed"
    assert listed(services, project, "disagreement") == []
    assert len(listed(services, project, "asked")) == 1
    with services.read() as session:
        assert session.get_one(Consensus, sample_id).disputed


def test_nonsense_is_refused(services: Services) -> None:
    project, crowd = pool(services, 1, answers_per_sample=2), people(services, 2)
    review = disputed(services, project, crowd)
    with pytest.raises(Invalid, match="not a class"):
        ruled(services, project, crowd[0], review, Ruling("decide", "cow"))
    with pytest.raises(NotFound):
        ruled(services, project, crowd[0], review + 1, Ruling("dismiss"))
    with pytest.raises(NotFound), services.write() as session:
        ruling.ask(session, now_of(services, project), crowd[0], [10**9], "")


@pytest.mark.parametrize(
    ("people_say", "agree", "label", "confidence", "told"),
    [
        (None, False, "cat", 0.95, "People disagree, but version 3 is sure"),
        (None, False, "cat", 0.4, "People disagree, and version 3 is unsure as well"),
        ("cat", True, "dog", 0.95, "is sure of something else: the label may be wrong"),
        ("cat", True, "dog", 0.4, "it has this still to learn"),
        ("cat", True, "cat", 0.95, "version 3 says the same."),
        ("cat", None, "cat", 0.4, "One person answered, and version 3 says the same, though"),
        ("cat", True, None, 0.9, "is unsure: it has this still to learn"),
    ],
)
def test_disagreement_of_people_is_told_apart_from_a_model_that_is_unsure(
    *, people_say: str | None, agree: bool | None, label: str | None, confidence: float, told: str
) -> None:
    model = Opinion(3, label, confidence, 0.1, ())
    assert told in opinions.beside(people_say, agree=agree, model=model)
