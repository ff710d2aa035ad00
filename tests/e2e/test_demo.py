"""A new user's first minutes: `activeloop demo`, sixty digits by keyboard, and what came of it.

What the pages claim is held against the database, and the database against a replay of its events.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from sqlmodel import col, select

from activeloop.flows import projects, serving, status, versions
from activeloop.store.tables import Label, Offer, Project, Ranking, Run, Sample, Version
from activeloop.wiring import Services
from tests.browsing import Visitor, chromium, until
from tests.demonstration import PATIENCE, Demo, Oracle

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
LABELS = 60
LEAST_AUDIT = 2
"""Chance decides which samples are for audit; labelling goes on until there are so many."""

Row = TypeVar("Row", Sample, Label, Offer, Ranking, Run, Version)


@dataclass
class Told:
    """What a person read on the pages."""

    labels: int = 0
    loop: str = ""
    origins: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@dataclass
class After:
    """The demo after somebody labelled: its insides, and what its pages said."""

    services: Services
    told: Told
    truth: list[str]

    @property
    def project(self) -> Project:
        with self.services.read() as session:
            return projects.find(session, "digits")

    def all_(self, table: type[Row]) -> list[Row]:
        with self.services.read() as session:
            return list(session.exec(select(table).order_by(col(table.id))))

    def predicted(self, seq: int) -> str:
        """Ask the champion, as the API does."""
        sample = next(each for each in self.all_(Sample) if each.seq == seq)
        image = base64.b64encode(self.services.artifacts.get(sample.payload["image"])).decode()
        answer = serving.predict(self.services, self.project, [{"image": image}])
        return str(answer.predictions[0]["label"])


@pytest.fixture(scope="module")
def after(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[After]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    try:
        demo.start()
        services = demo.look_inside()
        told = Told()
        with chromium(chromium_path) as browser:
            visitor = Visitor(demo, browser.new_context())
            oracle = Oracle(visitor)
            visit(demo, visitor, oracle, services, told)
        yield After(services, told, oracle.truth)
        services.database.close()
    finally:
        demo.process.stop()


def visit(demo: Demo, visitor: Visitor, oracle: Oracle, services: Services, told: Told) -> None:
    page = visitor.page
    assert demo.address == demo.url
    visitor.sign_in(*demo.account)
    enter(visitor, "digits")
    until(lambda: report(services)["queue"]["ranking"] is not None, seconds=PATIENCE, pause=0.2)
    enter(visitor, "Label")
    visitor.sample()
    label(visitor, oracle, services, told)
    until(lambda: settled(services, told), seconds=PATIENCE, pause=0.2)
    page.go_back()
    retrain_and_promote(visitor, services)
    until(lambda: settled(services, told), seconds=PATIENCE, pause=0.2)
    enter(visitor, "Label")
    visitor.sample()
    told.origins.append(page.inner_text("[data-origin]"))
    page.go_back()
    page.reload()
    page.wait_for_selector("#learning-curve .main-svg path.point", state="attached")
    told.loop = page.inner_text("main")
    told.complaints = visitor.complaints


def enter(visitor: Visitor, name: str) -> None:
    before = visitor.page.url
    visitor.page.get_by_role("link", name=name, exact=True).last.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(lambda url: url != before)


def label(visitor: Visitor, oracle: Oracle, services: Services, told: Told) -> None:
    """Label by keyboard alone: one skip, one answer taken back, the others true."""
    told.origins.append(visitor.page.inner_text("[data-origin]"))
    oracle.answer(10)
    visitor.press("Space")
    oracle.answer(9)
    before = visitor.sample()
    visitor.press(str((int(oracle.sees()) + 1) % 10))
    until(lambda: report(services)["counts"]["labelled"] == 20)  # else it is never sent
    visitor.page.keyboard.press("u")
    visitor.page.wait_for_selector(f'[data-sample][data-offer="{before}"]')
    oracle.answer(LABELS - 19)
    told.labels = LABELS
    until(lambda: report(services)["counts"]["labelled"] == told.labels)
    while report(services)["counts"]["labelled_audit"] < LEAST_AUDIT:
        oracle.answer(1)
        told.labels += 1
        until(lambda: report(services)["counts"]["labelled"] == told.labels)


def retrain_and_promote(visitor: Visitor, services: Services) -> None:
    """Train on all that is labelled, and serve that version whatever the gate said."""
    page = visitor.page
    before = report(services)["learner"]["number"]
    page.click("[data-retrain]")
    page.click("#confirm button[value=yes]")
    page.wait_for_selector(f'[data-points] tr[data-number="{before + 1}"]', state="attached")
    button = page.locator(f'[data-promote="{before + 1}"]')
    if button.count():
        button.click()
        page.click("#confirm button[value=yes]")
        until(lambda: report(services)["champion"]["number"] == before + 1)


def report(services: Services) -> dict[str, Any]:
    with services.read() as session:
        return status.report(session, projects.find(session, "digits"))


def settled(services: Services, told: Told) -> bool:
    """Tell whether every answer is in, and the newest version has ranked the queue."""
    now = report(services)
    learner = now["learner"]
    return (
        now["counts"]["labelled"] == told.labels
        and not now["jobs"]
        and learner is not None
        and now["queue"]["version"] == learner["number"]
    )


def replayed(after: After, through: int) -> dict[str, list[tuple[int, str]]]:
    """Give (seq, label) by stratum from the events alone: answers less those taken back."""
    samples = {sample.id: sample for sample in after.all_(Sample)}
    events = sorted(after.all_(Label), key=lambda event: event.number)
    past = [event for event in events if event.number <= through]
    gone = {event.undoes for event in past if event.kind == "undo"}
    found: dict[str, list[tuple[int, str]]] = {"train": [], "audit": []}
    for event in past:
        if event.kind == "answer" and event.id not in gone:
            sample = samples[event.sample_id]
            found[sample.stratum].append((sample.seq, event.label or ""))
    return {stratum: sorted(pairs) for stratum, pairs in found.items()}


def test_every_key_press_is_one_event_and_the_answers_are_true(after: After) -> None:
    events = after.all_(Label)
    kinds = [event.kind for event in events]
    assert sorted(set(kinds)) == ["answer", "skip", "undo"]
    assert (kinds.count("answer"), kinds.count("skip"), kinds.count("undo")) == (
        after.told.labels + 1,
        1,
        1,
    )
    assert [event.number for event in events] == list(range(1, len(kinds) + 1))
    names = {sample.seq: sample.payload["name"] for sample in after.all_(Sample)}
    settled_now = replayed(after, len(events))
    for seq, answer in settled_now["train"] + settled_now["audit"]:
        number = int(re.findall(r"\d{4}", names[seq])[0])
        assert answer == after.truth[number]


def test_at_least_two_versions_came_of_it_each_of_a_run_of_its_own(after: After) -> None:
    made = after.all_(Version)
    assert len(made) >= 2
    assert [version.number for version in made] == list(range(1, len(made) + 1))
    assert made[-1].train_labels > made[0].train_labels >= 20
    runs = {run.id: run for run in after.all_(Run)}
    assert all(runs[version.run_id].status == "done" for version in made)


def test_the_queue_names_the_version_that_ranked_it_and_the_page_shows_it(after: After) -> None:
    newest = after.all_(Version)[-1].number
    with after.services.read() as session:
        ranking = session.get(Ranking, after.project.ranking_id)
    assert ranking is not None
    assert ranking.version == newest
    assert f"ranked by version {newest}" in after.told.loop
    assert f"ranked by version {newest}" in after.told.origins[-1]
    # what was in hand first came from the ranking made before there was any version
    assert "version" not in after.told.origins[0]


def test_the_order_served_is_the_ranking_and_not_the_random_one(after: After) -> None:
    samples = {sample.id: sample for sample in after.all_(Sample)}
    train = [each for each in samples.values() if each.stratum == "train"]
    at_random = [each.id for each in sorted(train, key=lambda each: each.draw)]
    served = [each for each in after.all_(Offer) if samples[each.sample_id].stratum == "train"]
    # a tenth is drawn at random, to compare with; each says so
    arm = [each for each in served if each.kind == "random"]
    assert len(arm) < len(served) / 2
    assert all("compared with it" in each.because for each in arm)
    offers = [each for each in served if each.kind == "informative"]
    assert len(offers) + len(arm) == len(served)
    # nobody else labels: the samples served are the head of their ranking, one by one, but for what
    # the random arm took out of it
    first = offers[:20]
    coldest = [each.position or 0 for each in first if each.ranking_id == first[0].ranking_id]
    assert coldest == sorted(coldest)
    assert len(coldest) <= max(coldest) + 1 <= len(coldest) + len(arm)
    assert len(set(at_random[:20]) & {each.sample_id for each in first}) < 5
    served_by = [each.version for each in offers]
    assert served_by[0] is None
    assert served_by[-1] == after.all_(Version)[-1].number


def test_the_old_ranking_served_while_a_new_version_was_trained(after: After) -> None:
    rankings = {each.version: each for each in after.all_(Ranking) if each.version}
    runs = {run.id: run for run in after.all_(Run)}
    meanwhile = [
        offer
        for version in after.all_(Version)
        for offer in after.all_(Offer)
        if offer.kind == "informative"
        and version.number in rankings
        and runs[version.run_id].created_at
        <= offer.created_at
        <= rankings[version.number].created_at
        and (offer.version or 0) < version.number
    ]
    assert meanwhile, "nothing was handed out while a version was in the making"


def test_no_run_has_touched_an_audit_sample(after: After) -> None:
    audit = {sample.seq for sample in after.all_(Sample) if sample.stratum == "audit"}
    for version in after.all_(Version):
        known = replayed(after, version.snapshot)
        assert not audit & {seq for seq, _ in known["train"]}
        lines = "\n".join(f"{seq}\t{name}" for seq, name in known["train"])
        assert version.snapshot_digest == hashlib.sha256(lines.encode()).hexdigest()
        assert version.train_labels == len(known["train"])
        assert version.audit_labels == len(known["audit"])


def test_the_audit_figure_on_the_page_is_the_one_computed_from_audit_labels(after: After) -> None:
    with after.services.read() as session:
        listed = versions.listed(session, after.project)
    champion = next(each for each in listed if each["status"] == "champion")
    known = replayed(after, listed[0]["snapshot"])["audit"]  # measured anew with the latest run
    assert known, "no audit sample had come before the latest run"
    hits = [after.predicted(seq) == answer for seq, answer in known]
    figure = sum(hits) / len(hits)
    assert champion["metrics"]["accuracy"]["value"] == pytest.approx(figure)
    shown = re.search(
        r"Champion\s+([\d.]+)\s+accuracy, 95 % interval \[([\d.]+), ([\d.]+)\]\s+"
        r"Version (\d+), measured on (\d+) audit labels",
        after.told.loop,
    )
    assert shown, after.told.loop
    value, low, high = map(float, shown.groups()[:3])
    assert value == pytest.approx(figure, abs=0.0005)
    assert low <= value <= high
    assert (int(shown[4]), int(shown[5])) == (champion["number"], len(known))


def test_the_doctor_s_sentences_stand_on_the_page(after: After) -> None:
    sentences = report(after.services)["doctor"]
    assert sentences
    for sentence in sentences:
        plain = sentence.replace("`", "")
        assert plain[:1].upper() + plain[1:] in after.told.loop


def test_no_page_complained(after: After) -> None:
    assert after.told.complaints == []
