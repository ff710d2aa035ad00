"""Gold samples and who labels what."""

from __future__ import annotations

import pytest
from sqlmodel import select

from activeloop.errors import Forbidden, Invalid, NotFound
from activeloop.flows import accounts, assigning, gold, labelling, projects
from activeloop.flows.accounts import Account
from activeloop.store.tables import Consensus, Project, Sample
from activeloop.wiring import Services
from tests.flows.handmade import people, pool
from tests.flows.test_label_sets import change, check_laws, now_of, said
from tests.flows.test_labelling import answer


def mark(
    services: Services, project: Project, user: int, sample: int, label: str | None = None
) -> int:
    with services.write() as session:
        found = projects.find(session, project.id)
        return gold.mark(session, found, [sample], label=label, user_id=user)


def listed(services: Services, project: Project) -> list[dict[str, object]]:
    with services.read() as session:
        found = gold.listed(session, projects.find(session, project.id))["gold"]
    return [{k: each[k] for k in ("labels", "right", "wrong")} for each in found]


def given(services: Services, project: Project, user: int, label: str) -> None:
    """Answer the one gold sample there is, as it is offered."""
    with services.write() as session:
        held = labelling.offer(
            session, now_of(services, project), user, count=1, chance=lambda: 0.0
        ).offers[0]
    assert held.offer.kind == "gold"
    answer(services, now_of(services, project), user, held.offer.id, label)


def test_gold_is_marked_offered_scored_and_unmarked(services: Services) -> None:
    project = pool(services, 3, gold_share=0.5, classes=["cat", "dog"], audit_share=0.0)
    ann, bob, eve = people(services, 3)
    with services.read() as session:
        sample = session.exec(select(Sample.id).order_by(Sample.seq)).first() or 0  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="no settled label"):
        mark(services, project, eve, sample)
    assert mark(services, project, eve, sample, "cat") == 1
    with services.read() as session:
        settled = session.get_one(Consensus, sample)
    assert (settled.label, settled.complete) == ("cat", True)
    given(services, project, ann, "cat")
    given(services, project, bob, "dog")
    assert listed(services, project) == [
        {"labels": ["cat"], "right": 1, "wrong": [{"who": "annotator 1", "labels": ["dog"]}]}
    ]
    check_laws(services, project)
    change(services, project, "rename", "cat>feline")
    assert listed(services, project)[0]["labels"] == ["feline"]
    assert listed(services, project)[0]["right"] == 1
    with services.write() as session:
        gold.unmark(session, projects.find(session, project.id), sample, user_id=eve)
    assert listed(services, project) == []
    with pytest.raises(NotFound), services.write() as session:
        gold.unmark(session, now_of(services, project), sample, user_id=eve)


def test_what_everybody_agrees_on_becomes_gold_in_one_go(services: Services) -> None:
    project = pool(services, 3, answers_per_sample=2)
    ann, bob = people(services, 2)
    said(services, project, ann, "cat", "cat", "dog")
    said(services, project, bob, "cat", "dog", "dog")
    with services.write() as session:
        found = projects.find(session, project.id)
        assert gold.mark_settled(session, found, answers_=3, most=10, user_id=ann) == 0
        assert gold.mark_settled(session, found, answers_=2, most=10, user_id=ann) == 2
        assert gold.mark_settled(session, found, answers_=2, most=10, user_id=ann) == 0
    assert sorted(str(each["labels"]) for each in listed(services, project)) == [
        "['cat']",
        "['dog']",
    ]


def test_a_project_that_names_people_is_closed_to_other_annotators(services: Services) -> None:
    open_, closed = pool(services, 1, name="open"), pool(services, 1, name="closed")
    ann, bob = (
        Account(i, f"annotator {n}", "annotator") for n, i in enumerate(people(services, 2))
    )
    with services.write() as session:
        eve = Account(accounts.add_user(session, "eve", "reviewer", None).id, "eve", "reviewer")
        assigning.assign(session, closed, ["annotator 0"], user_id=None)
    with services.read() as session:
        assert [each.name for each in assigning.visible(session, ann)] == ["open", "closed"]
        assert [each.name for each in assigning.visible(session, bob)] == ["open"]
        assert [each.name for each in assigning.visible(session, eve)] == ["open", "closed"]
        assigning.check(session, closed, ann)
        assigning.check(session, open_, bob)
        with pytest.raises(Forbidden, match="other annotators"):
            assigning.check(session, closed, bob)
    with pytest.raises(NotFound), services.write() as session:
        assigning.assign(session, closed, ["nobody"], user_id=None)
    with services.write() as session:
        assert assigning.assign(session, closed, [], user_id=None)["open"]
    with services.read() as session:
        assigning.check(session, closed, bob)
