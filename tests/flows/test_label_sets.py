"""Changes of the label set: what they touch, carry over, void and ask again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlmodel import col, select

from activeloop.errors import Conflict, Invalid
from activeloop.flows import guidelines, label_sets, projects, settling, taking_back
from activeloop.flows.class_plans import Wanted
from activeloop.learn import agreement
from activeloop.spec import ClassDetail
from activeloop.store import db, labels, reviews
from activeloop.store import gold as golden
from activeloop.store import projects as tallies
from activeloop.store.tables import (
    AuditEntry,
    ClassChange,
    Consensus,
    Gold,
    Label,
    Offer,
    Project,
    Sample,
)
from activeloop.wiring import Services
from tests.flows.handmade import people, pool
from tests.flows.test_labelling import answer, take


def change(services: Services, project: Project, kind: str, *names: str, **more: Any) -> Any:
    """Change the label set: "old>new+new", or "new" alone."""
    (text,) = names
    old, _, new = text.rpartition(">") if ">" in text else ("", "", text)
    if kind == "retire":
        old, new = text, ""
    wanted = Wanted(
        kind,  # type: ignore[arg-type]
        tuple(filter(None, old.split("+"))),
        tuple(filter(None, new.split("+"))),
        more.pop("details", {}),
    )
    if more.pop("preview", False):
        with services.read() as session:
            return label_sets.preview(session, projects.find(session, project.id), wanted)
    with services.write() as session:
        found = projects.find(session, project.id)
        return label_sets.apply(session, found, wanted, user_id=None, **more)


def now_of(services: Services, project: Project) -> Project:
    with services.read() as session:
        return projects.find(session, project.id)


def classes(services: Services, project: Project) -> list[str]:
    return list(now_of(services, project).spec["classes"])


def current(services: Services, project: Project) -> dict[int, tuple[str | None, bool]]:
    """Give each sample's label and whether it is complete, by seq."""
    with services.read() as session:
        found = session.exec(select(Consensus).where(Consensus.project_id == project.id))
        return {each.seq: (each.label, each.complete) for each in found}


def check_laws(services: Services, project: Project) -> None:
    """Replaying the events gives the consensus; counts and slots follow from them."""
    with services.read() as session:
        found = projects.find(session, project.id)
        spec = projects.spec_of(found)
        rule = settling.rule_of(session, found, spec)
        counts = tallies.tally(session, project.id)
        events = list(labels.through(session, project.id, counts.events))
        replayed = {
            sample_id: agreed
            for sample_id, agreed in agreement.replay(events, rule).items()
            if agreed.answers or agreed.complete
        }
        kept = session.exec(select(Consensus).where(Consensus.project_id == project.id)).all()
        for each in kept:
            agreed = replayed.pop(each.sample_id, None)
            if agreed is None:
                assert (each.answers, each.complete, each.label) == (0, False, None)
                continue
            assert (
                each.label, each.answers, each.agreement, each.complete, each.disputed, each.wants,
            ) == (
                agreed.label, agreed.answers, agreed.agreement, agreed.complete, agreed.disputed,
                agreed.wants,
            )  # fmt: skip
        assert not replayed
        done = [each.stratum for each in kept if each.complete and each.label is not None]
        assert counts.labelled_train == done.count("train")
        assert counts.labelled_audit == done.count("audit")
        wants = {each.sample_id: each.wants for each in kept}
        disputed = {each.sample_id for each in kept if each.disputed}
        open_ = {r.sample_id for r in reviews.queue(session, project.id, reason="disagreement")}
        assert open_ == disputed
        for sample in session.exec(select(Sample).where(Sample.project_id == project.id)):
            its = agreement.stands([e for e in events if e.sample_id == sample.id], rule)
            standing = sum(event.kind in agreement.SAID for event, _ in its)
            held = session.exec(
                select(Offer).where(Offer.sample_id == sample.id, Offer.kind != "gold")
            ).all()
            leases = sum(each.state == "open" for each in held)
            assert sum(each.state == "answered" for each in held) == standing
            wanted = wants.get(sample.id, spec.answers_per_sample)
            assert sample.slots == wanted - standing - leases, sample.seq


def said(services: Services, project: Project, user: int, *names: str | None) -> list[int]:
    """Answer so many samples in turn; give the ids of the events."""
    found = []
    for name in names:
        (held,) = take(services, project, user).offers
        found.append(answer(services, now_of(services, project), user, held.offer.id, name).id)
    return found


def test_a_renamed_class_keeps_its_labels_its_place_and_what_is_told_of_it(
    services: Services,
) -> None:
    project = pool(services, 3, classes=[{"name": "cat", "key": "c"}, "dog"])
    (ann,) = people(services, 1)
    said(services, project, ann, "cat", "dog")
    told = change(services, project, "rename", "cat>feline")
    assert told["sentence"] == "renamed 'cat' to 'feline'"
    assert (told["samples"], told["relabelled"], told["requeued"], told["void"]) == (1, 1, 0, 0)
    assert classes(services, project) == ["feline", "dog"]
    assert sorted(label or "" for label, _ in current(services, project).values()) == [
        "dog",
        "feline",
    ]
    assert now_of(services, project).spec["class_details"]["feline"]["key"] == "c"
    said(services, project, ann, "feline")
    check_laws(services, project)


def test_merging_settles_what_people_disagreed_on(services: Services) -> None:
    project = pool(services, 1, classes=["cat", "kitten", "dog"], answers_per_sample=2)
    ann, bob = people(services, 2)
    said(services, project, ann, "cat")
    said(services, project, bob, "kitten")
    assert list(current(services, project).values()) == [(None, True)]
    seen = change(services, project, "merge", "kitten>cat", preview=True)
    assert (seen["agreed"], seen["relabelled"], seen["requeued"]) == (1, 1, 0)
    told = change(services, project, "merge", "kitten>cat")
    assert told["sentence"] == "merged 'kitten' into 'cat'"
    assert classes(services, project) == ["cat", "dog"]
    assert list(current(services, project).values()) == [("cat", True)]
    check_laws(services, project)


def test_a_split_class_is_asked_again_of_the_same_people_and_nothing_else_is(
    services: Services,
) -> None:
    project = pool(services, 3, classes=["cat", "dog"], audit=1)
    (ann,) = people(services, 1)
    said(services, project, ann, "cat", "dog", "cat")
    told = change(services, project, "split", "cat>tabby+siamese")
    assert (told["void"], told["requeued"], told["samples"]) == (2, 2, 2)
    check_laws(services, project)
    assert classes(services, project) == ["tabby", "siamese", "dog"]
    assert take(services, project, ann, 5).offers[0].offer.state == "open"
    with services.read() as session:
        again = session.exec(select(Offer).where(Offer.state == "open")).all()
    assert len(again) == 2
    for each in again:
        answer(services, now_of(services, project), ann, each.id, "tabby", key=f"again {each.id}")
    assert sorted(label or "" for label, _ in current(services, project).values()) == [
        "dog",
        "tabby",
        "tabby",
    ]
    check_laws(services, project)


def test_a_split_may_keep_the_old_name_for_a_part(services: Services) -> None:
    project = pool(services, 2, classes=["other", "dog"])
    (ann,) = people(services, 1)
    said(services, project, ann, "other", "dog")
    told = change(services, project, "split", "other>other+spam")
    assert told["sentence"] == "split 'other' into 'other' and 'spam'"
    assert classes(services, project) == ["other", "spam", "dog"]
    assert [done for _, done in current(services, project).values()].count(False) == 1
    said(services, project, ann, "other")
    check_laws(services, project)


def test_a_retired_class_leaves_its_samples_to_be_asked_again(services: Services) -> None:
    project = pool(services, 2, classes=["cat", "dog", "junk"])
    (ann,) = people(services, 1)
    said(services, project, ann, "junk", "dog")
    assert change(services, project, "retire", "junk")["requeued"] == 1
    assert classes(services, project) == ["cat", "dog"]
    said(services, project, ann, "cat")
    check_laws(services, project)


def test_of_several_labels_a_retired_one_is_dropped_and_a_split_one_voids_the_answer(
    services: Services,
) -> None:
    project = pool(services, 3, classes=["a", "b", "c"], answer="several")
    (ann,) = people(services, 1)
    said(services, project, ann, '["a", "b"]', '["c"]', '["b"]')
    assert change(services, project, "retire", "b")["requeued"] == 0
    assert sorted(str(label) for label, _ in current(services, project).values()) == [
        '["a"]',
        '["c"]',
        "[]",
    ]
    check_laws(services, project)
    assert change(services, project, "rename", "c>b")["relabelled"] == 1
    assert change(services, project, "split", "a>x+y")["requeued"] == 1
    assert sorted(str(label) for label, _ in current(services, project).values()) == [
        "None",
        '["b"]',
        "[]",
    ]
    check_laws(services, project)


def test_a_preview_tells_what_applying_does_and_changes_nothing(services: Services) -> None:
    project = pool(services, 4, classes=["cat", "dog"])
    (ann,) = people(services, 1)
    said(services, project, ann, "cat", "dog", "cat")
    before = current(services, project)
    seen = change(services, project, "split", "cat>tabby+siamese", preview=True)
    assert current(services, project) == before
    assert classes(services, project) == ["cat", "dog"]
    assert len(seen["examples"]) == 2
    done = change(services, project, "split", "cat>tabby+siamese", seen=seen["seen"])
    counts = ("samples", "answers", "relabelled", "void", "requeued", "agreed", "gold", "queue")
    assert [seen[name] for name in counts] == [done[name] for name in counts]


def test_whoever_changes_what_somebody_else_has_changed_meanwhile_is_told(
    services: Services,
) -> None:
    project = pool(services, 1)
    seen = change(services, project, "add", "cow", preview=True)["seen"]
    change(services, project, "add", "owl")
    with pytest.raises(Conflict, match="Somebody else"):
        change(services, project, "add", "cow", seen=seen)


def test_the_change_is_numbered_among_the_events_and_told_in_trail_and_guidelines(
    services: Services,
) -> None:
    project = pool(services, 2, guidelines="Be kind.")
    (ann,) = people(services, 1)
    said(services, project, ann, "cat")
    number = change(services, project, "split", "cat>tabby+siam_*ese*")["number"]
    said(services, project, ann, "dog")
    with services.read() as session:
        assert session.exec(select(ClassChange.number)).all() == [number] == [2]
        assert session.exec(select(Label.number).order_by(col(Label.number))).all() == [1, 3]
        trail = session.exec(select(AuditEntry).where(AuditEntry.action == "classes.split")).one()
        assert trail.detail["after"] == ["tabby", "siam_*ese*", "dog"]
        shown = guidelines.shown(session, projects.find(session, project.id), ann)
        history = label_sets.history(session, project)
    assert shown["number"] == 2
    assert "choose among &#x27;tabby&#x27; and &#x27;siam_*ese*&#x27;" in shown["html"].replace(
        "'", "&#x27;"
    )
    assert history[0]["sentence"] == "split 'cat' into 'tabby' and 'siam_*ese*'"
    assert (history[0]["touched"], history[0]["requeued"]) == (1, 1)


def test_gold_follows_a_rename_and_is_lost_with_a_split(services: Services) -> None:
    project = pool(services, 2, classes=["cat", "dog"])
    (ann,) = people(services, 1)
    with services.write() as session:
        ids = session.exec(select(Sample.id)).all()
        moment = db.now(session)
        for sample_id, label in zip(ids, ("cat", "dog"), strict=True):
            session.add(
                Gold(sample_id=sample_id, project_id=project.id, label=label, created_at=moment)
            )
    change(services, project, "rename", "cat>feline")
    assert change(services, project, "split", "dog>big+small")["gold_lost"] == 1
    with services.read() as session:
        assert session.exec(select(Gold.label)).all() == ["feline"]
        assert len(golden.draw(session, project.id, ann, 5)) == 1


@pytest.mark.parametrize(
    ("kind", "names", "problem"),
    [
        ("rename", "cat>dog", "is a class of this project already"),
        ("rename", "cow>owl", "is not a class"),
        ("merge", "cat>owl", "wants 2 or more names"),
        ("split", "cat>owl", "wants 2 or more names"),
        ("split", "cat>dog+owl", "is a class of this project already"),
        ("add", "cat", "is a class of this project already"),
        ("retire", "cat", "wants 2 to 1000 names"),
        ("add", "x" * 101, "must be printable, 1 to 100"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    embedded: Services, kind: str, names: str, problem: str
) -> None:
    project = pool(embedded, 1)
    with pytest.raises(Invalid, match=problem):
        change(embedded, project, kind, names)
    assert classes(embedded, project) == ["cat", "dog"]


def test_two_changes_at_once_come_one_after_the_other(services: Services) -> None:
    project = pool(services, 40, classes=["cat", "dog", "cow"])
    (ann,) = people(services, 1)
    said(services, project, ann, *["cat", "dog", "cow"] * 10)
    at_once = threading.Barrier(2)

    def do(kind: str, names: str) -> None:
        at_once.wait()
        change(services, project, kind, names)

    threads = [
        threading.Thread(target=do, args=each)
        for each in (("rename", "cat>feline"), ("split", "dog>big+small"))
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert classes(services, project) == ["feline", "big", "small", "cow"]
    check_laws(services, project)


def test_what_is_told_of_a_class_changes_without_an_event(services: Services) -> None:
    project = pool(services, 1)

    def describe(details: dict[str, ClassDetail]) -> None:
        with services.write() as session:
            found = projects.find(session, project.id)
            label_sets.describe(session, found, details, user_id=None)

    describe({"cat": ClassDetail(color="#aa3300", key="c")})
    found = now_of(services, project)
    assert found.spec["class_details"]["cat"]["color"] == "#aa3300"
    with services.read() as session:
        assert session.exec(select(ClassChange.id)).all() == []
    with pytest.raises(Invalid, match="is not a class"):
        describe({"cow": ClassDetail()})


def test_an_answer_in_the_words_of_before_is_carried_over_or_refused(services: Services) -> None:
    project = pool(services, 2)
    (ann,) = people(services, 1)
    first, second = take(services, project, ann, 2).offers
    change(services, project, "rename", "cat>feline")
    change(services, project, "split", "dog>big+small")
    given = answer(services, now_of(services, project), ann, first.offer.id, "cat")
    assert given.label == "feline"
    with pytest.raises(Invalid, match="dog"):
        answer(services, now_of(services, project), ann, second.offer.id, "dog")
    check_laws(services, project)


def test_taking_back_an_answer_that_no_longer_stands_is_refused(services: Services) -> None:
    project = pool(services, 1)
    (ann,) = people(services, 1)
    (event,) = said(services, project, ann, "cat")
    change(services, project, "split", "cat>tabby+siamese")
    with pytest.raises(Conflict, match="no longer stands"), services.write() as session:
        taking_back.undo(session, projects.find(session, project.id), ann, event)
    check_laws(services, project)
