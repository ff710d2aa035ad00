"""Acting on many samples touches just those that were shown, once, and leaves a trail."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from activeloop.errors import Forbidden, Invalid, NotFound
from activeloop.flows import acting, browsing, labelling, selections
from activeloop.flows.deeds import Action
from activeloop.store.browsing import Row
from activeloop.store.tables import AuditEntry, Gold, Label, Project, Review, Sample
from activeloop.wiring import Services
from tests.flows.browsable import FLAGGED, REMOVED, browsable, every_sample
from tests.flows.handmade import people, pool


def removed(services: Services, made: Project) -> set[int]:
    with services.read() as session:
        return {each.seq for each in every_sample(session, made) if each.removed_at is not None}


def look(
    services: Services, made: Project, user: int, action: Action, **wanted: object
) -> acting.Preview:
    return acting.preview(
        services,
        made,
        user,
        action,
        wanted=browsing.Wanted(**wanted),  # type: ignore[arg-type]
    )


def do(services: Services, made: Project, user: int, action: Action, token: str) -> int:
    return acting.confirm(services, made, user, action, token=token, note="why")


def trail(services: Services, made: Project) -> list[tuple[str, int]]:
    with services.read() as session:
        entries = session.exec(
            select(AuditEntry)
            .where(AuditEntry.project_id == made.id, col(AuditEntry.action).like("samples.%"))
            .order_by(col(AuditEntry.id))
        )
        return [(each.action, len(each.detail["samples"])) for each in entries]


def test_what_was_shown_is_removed_and_nothing_that_came_to_fit_since(services: Services) -> None:
    made, (ann,) = pool(services, 30), people(services, 1)
    shown = look(services, made, ann, "remove", text="sample 1")
    assert (shown.counts.samples, shown.touched, shown.whole) == (11, 11, True)
    assert [row.seq for row in shown.examples] == [1, 10, 11, 12, 13]
    with services.write() as session:
        session.exec(
            select(Sample).where(Sample.project_id == made.id, Sample.seq == 5)
        ).one().payload = {"text": "sample 1, too"}
    assert do(services, made, ann, "remove", shown.token) == 11
    assert removed(services, made) == {1, *range(10, 20)}
    assert do(services, made, ann, "remove", shown.token) == 0, "again: nothing more"
    assert trail(services, made) == [("samples.remove", 11)]


def test_a_removed_sample_is_not_offered_until_it_is_restored(services: Services) -> None:
    made, (ann, bob) = pool(services, 6), people(services, 2)
    do(services, made, ann, "remove", look(services, made, ann, "remove", text="sample 3").token)
    with services.write() as session:
        held = labelling.offer(session, made, ann, count=10, chance=lambda: 0.99).offers
    assert sorted(each.sample.payload["text"][-1] for each in held) == list("01245")
    back = look(services, made, ann, "restore", removed=True)
    assert do(services, made, ann, "restore", back.token) == 1
    with services.write() as session:
        held = labelling.offer(session, made, bob, count=10, chance=lambda: 0.99).offers
    assert [each.sample.payload["text"] for each in held] == ["sample 3"]


def test_each_action_does_what_it_says(services: Services) -> None:
    made, (ann,) = browsable(services), people(services, 1)
    flags = look(services, made, ann, "flag", text="床前")
    assert do(services, made, ann, "flag", flags.token) == flags.touched == 4
    assert do(services, made, ann, "flag", flags.token) == 4, "the same flags again"
    asked = look(services, made, ann, "review", label="bad", stratum="audit")
    assert do(services, made, ann, "review", asked.token) == asked.touched > 0
    golden = look(services, made, ann, "gold", import_id=2)
    assert golden.counts.samples > golden.counts.gold == 0
    assert do(services, made, ann, "gold", golden.token) == golden.touched == 19
    with services.read() as session:
        notes = session.exec(select(Label.note).where(Label.kind == "flag")).all()
        assert sorted(notes) == ["?"] * len(FLAGGED) + ["why"] * 4
        opened = session.exec(select(Review).where(Review.reason == "asked")).all()
        assert sum(each.detail == {"note": "why"} for each in opened) == asked.touched
        assert set(session.exec(select(Gold.label))) == {"good", "bad"}
    again = look(services, made, ann, "gold", import_id=2)
    assert again.counts.gold == 19


def test_a_preview_says_what_would_not_change(services: Services) -> None:
    made, (ann,) = browsable(services), people(services, 1)
    with services.read() as session:
        ids = [each.id for each in every_sample(session, made)]
    both = acting.preview(services, made, ann, "remove", ids=ids[:10])
    assert (both.counts.samples, both.counts.removed, both.touched) == (10, 1, 9)
    assert acting.as_json(both)["because"] == "The others are removed already."
    assert REMOVED[0] in {row.seq for row in acting_examples(services, made, ann, ids[5:6])}


def acting_examples(services: Services, made: Project, user: int, ids: list[int]) -> list[Row]:
    return list(acting.preview(services, made, user, "restore", ids=ids).examples)


def test_a_selection_is_good_for_its_maker_its_action_and_its_project_only(
    embedded: Services,
) -> None:
    made, (ann, bob) = pool(embedded, 5), people(embedded, 2)
    token = look(embedded, made, ann, "remove").token
    with pytest.raises(Forbidden):
        do(embedded, made, bob, "remove", token)
    with pytest.raises(Forbidden):
        do(embedded, made, ann, "flag", token)
    for wrong in ("x" * 32, "../../activeloop", ""):
        with pytest.raises(NotFound):
            do(embedded, made, ann, "remove", wrong)
    assert removed(embedded, made) == set()


def test_samples_of_another_project_cannot_be_named(embedded: Services) -> None:
    one, other = pool(embedded, 2), pool(embedded, 2, name="other")
    (ann,) = people(embedded, 1)
    with embedded.read() as session:
        strange = every_sample(session, other)[0].id
    with pytest.raises(NotFound):
        acting.preview(embedded, one, ann, "remove", ids=[strange])
    with pytest.raises(NotFound):
        acting.act(embedded, one, ann, "remove", ids=[strange], key="k")


def test_too_many_are_taken_in_parts(embedded: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "MOST", 4)
    monkeypatch.setattr(acting, "AT_ONCE", 3)
    made, (ann,) = pool(embedded, 10), people(embedded, 1)
    for left in (4, 4, 2):
        shown = look(embedded, made, ann, "remove")
        assert (shown.touched, shown.whole) == (left, left == 2)
        assert do(embedded, made, ann, "remove", shown.token) == left
    assert [count for _, count in trail(embedded, made)] == [3, 1, 3, 1, 2]
    with pytest.raises(Invalid, match="4 at a time"):
        acting.act(embedded, made, ann, "flag", ids=range(1, 7), key="k")


def test_old_selections_are_forgotten(embedded: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    made, (ann,) = pool(embedded, 3), people(embedded, 1)
    token = look(embedded, made, ann, "remove").token
    monkeypatch.setattr(selections, "LIFE", -selections.LIFE)
    look(embedded, made, ann, "remove")
    with pytest.raises(NotFound):
        do(embedded, made, ann, "remove", token)
