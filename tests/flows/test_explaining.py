"""Why this label, why this sample: on real projects, through changes and losses."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from activeloop.errors import Invalid, NotFound
from activeloop.flows import (
    asked_because,
    backgrounds,
    explaining,
    explaining_versions,
    label_sets,
    labelling,
    opinions,
    projects,
    simulating,
    training,
)
from activeloop.flows.class_plans import Wanted
from activeloop.settings import read_settings
from activeloop.store import version_reports, versions
from activeloop.store.tables import Offer, Project, Sample
from activeloop.wiring import Services, build
from tests.flows import pools
from tests.flows.handmade import people

KINDS = {"good": "sunny warm bright lovely", "bad": "cold rainy dark awful", "so": "day it was"}
WEATHER = ["good", "bad", "so"]


def rows(count: int) -> list[dict[str, Any]]:
    """Write texts whose words tell their label, each with a word of the others."""
    rng = random.Random(11)  # noqa: S311 - for words, not for secrets
    made = []
    for number in range(count):
        label = WEATHER[number % 3]
        said = [*rng.choices(KINDS[label].split(), k=4), f"no{number}", "the"]
        rng.shuffle(said)
        made.append({"text": " ".join(said), "label": label})
    return made


def trained(services: Services, content: list[dict[str, Any]], **spec: Any) -> Project:
    """Make a project of labelled rows, of which one version has learned."""
    values = {"classes": WEATHER, "retrain": {"every": 1000}, "offer_groups": False, **spec}
    project = pools.project(services, **values)
    pools.imported(services, project, pools.jsonl(content))
    return learned(services, project)


def learned(services: Services, project: Project) -> Project:
    with services.write() as session:
        held = projects.find(session, project.id)
        training.ask(session, held, mode="full", because="a test", user_id=None)
    simulating.drain(services, project.id)
    with services.read() as session:
        return projects.find(session, project.id)


def sample_of(services: Services, project: Project, seq: int) -> Sample:
    with services.read() as session:
        wanted = select(Sample).where(Sample.project_id == project.id, Sample.seq == seq)
        return session.exec(wanted).one()


def explained(services: Services, project: Project, seq: int, **how: Any) -> dict[str, Any]:
    found = sample_of(services, project, seq)
    return explaining.of_sample(services, project.id, found.id, **how)


def added(told: dict[str, Any]) -> float:
    """Add up all that is told to be given."""
    parts = [each["given"] for each in (*told["pieces"], *told["lines"], *told["apart"])]
    return float(told["base"] + sum(parts) + sum(map(sum, told["grid"] or [])))


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Learn the weather once."""
    data = tmp_path_factory.mktemp("explained") / "data"
    services = pools.opened(data)
    unlabelled = [{"text": f"it was {n} the day"} for n in range(30)]
    # of thirty a tenth might be none
    trained(services, rows(90) + unlabelled, audit_share=0.3)
    services.database.close()
    return data


@pytest.fixture
def weather(once: Path, tmp_path: Path) -> Iterator[tuple[Services, Project]]:
    shutil.copytree(once, tmp_path / "data")
    services = build(read_settings(data=tmp_path / "data"))
    with services.read() as session:
        project = projects.find(session, "p")
    yield services, project
    services.database.close()


def test_the_words_that_tell_the_label_are_those_that_add_to_it(
    weather: tuple[Services, Project],
) -> None:
    services, project = weather
    for seq in (0, 1, 4):
        told = explained(services, project, seq)
        label = WEATHER[seq % 3]
        assert (told["because"], told["class"]["name"]) == ("", label)
        assert added(told) == pytest.approx(told["score"], abs=1e-9)
        strongest = max(told["pieces"], key=lambda each: each["given"])
        assert strongest["text"] in KINDS[label].split()
        assert (
            "".join(each["text"] for each in told["pieces"])
            == sample_of(services, project, seq).payload["text"]
        )
        other = explained(services, project, seq, name=WEATHER[(seq + 1) % 3])
        # it stands by its mark, so that nobody takes a word for the one that speaks for the other
        against = {each["text"]: each["given"] for each in other["pieces"]}
        assert against[strongest["text"]] < strongest["given"]
        assert added(other) == pytest.approx(other["score"], abs=1e-9)


def test_the_score_is_the_one_that_the_probabilities_come_from(
    weather: tuple[Services, Project],
) -> None:
    import numpy as np

    services, project = weather
    scores, shares = [], []
    for name in WEATHER:
        told = explained(services, project, 5, name=name)
        scores.append(told["score"])
        shares.append(next(e["probability"] for e in told["classes"] if e["name"] == name))
    assert sum(scores) == pytest.approx(0, abs=1e-5)
    odds = np.exp(scores)
    assert (odds / odds.sum()).tolist() == pytest.approx(shares, abs=1e-5)


def test_what_is_counted_from_is_the_mean_of_the_training_samples_and_of_no_other(
    weather: tuple[Services, Project],
) -> None:
    services, project = weather
    with services.read() as session:
        version = versions.newest(session, project.id)
        audit = session.exec(
            select(Sample.seq).where(Sample.project_id == project.id, Sample.stratum == "audit")
        ).all()
    assert version is not None
    found = backgrounds.of(services, version)
    assert found is not None
    assert len(found.seqs) == version.train_labels
    assert audit
    assert not set(found.seqs) & set(audit)
    assert found.mean.sum() > 0


def test_classes_are_told_in_the_words_of_today(weather: tuple[Services, Project]) -> None:
    services, project = weather
    before = explained(services, project, 0)
    for wanted in (
        Wanted("rename", ("good",), ("fine",)),
        Wanted("merge", ("bad", "so"), ("other",)),
    ):
        with services.write() as session:
            held = projects.find(session, project.id)
            label_sets.apply(session, held, wanted, user_id=None)
    after = explained(services, project, 0)
    assert after["class"] == {"name": "fine", "was": "good"}
    assert after["score"] == before["score"]
    merged = explained(services, project, 1, name="other")
    assert merged["class"] == {"name": "other", "was": "bad"}
    by_then = explained(services, project, 1, name="so")
    assert by_then["class"] == {"name": "other", "was": "so"}
    overall = explaining_versions.of_version(services, project.id, 1)
    assert [(each["name"], each["was"]) for each in overall["classes"]] == [
        ("fine", "good"),
        ("other", "bad"),
        ("other", "so"),
    ]
    with pytest.raises(Invalid, match="knows no class 'snow'"):
        explained(services, project, 0, name="snow")


def test_what_a_version_looks_at_is_computed_once_and_kept(
    weather: tuple[Services, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, project = weather
    told = explaining_versions.of_version(services, project.id, 1)
    assert told["because"] == ""
    for each in told["classes"]:
        towards = [word["name"] for word in each["towards"][:2]]
        assert set(towards) <= set(KINDS[each["name"]].split())
        assert all(word["given"] > 0 for word in each["towards"])
        assert all(word["given"] < 0 for word in each["against"])
    with services.read() as session:
        version = versions.by_number(session, project.id, 1)
        assert version is not None
        kept = version_reports.newest(session, version.id, "explanation")
        assert kept is not None
        assert list(version_reports.of_versions(session, [version.id], "explanation")) == [
            version.id
        ]
    monkeypatch.setattr(explaining_versions, "_body", lambda *_: pytest.fail("computed again"))
    assert explaining_versions.of_version(services, project.id, 1) == told


def let_go(services: Services, project: Project) -> None:
    """Mark the file of version 1 as let go."""
    with services.write() as session:
        version = versions.by_number(session, project.id, 1)
        assert version is not None
        version.dropped_at = datetime(2026, 5, 1, tzinfo=UTC)
        session.add(version)


def test_a_version_whose_file_is_gone_says_so(weather: tuple[Services, Project]) -> None:
    services, project = weather
    with services.write() as session:
        version = versions.by_number(session, project.id, 1)
        assert version is not None
        services.artifacts.drop(version.artifact)
        artifact = version.artifact
    from activeloop.flows import models

    models._kept.pop(artifact, None)
    lost = explained(services, project, 0)
    assert "missing" in lost["because"]
    assert "missing" in explaining_versions.of_version(services, project.id, 1)["because"]
    let_go(services, project)
    told = explained(services, project, 0)
    assert told["because"].startswith("The model file of version 1 was let go on 2026-05-01")
    assert "score" not in told
    overall = explaining_versions.of_version(services, project.id, 1)
    assert (overall["because"], overall["classes"]) == (told["because"], [])


def test_a_forest_says_that_it_is_not_taken_apart(embedded: Services) -> None:
    project = trained(embedded, rows(60), model={"recipe": "forest", "params": {"trees": 10}})
    told = explained(embedded, project, 0)
    assert "none are shown" in told["because"]
    assert told["classes"][0]["probability"] > 0
    assert "score" not in told
    assert "none are shown" in explaining_versions.of_version(embedded, project.id, 1)["because"]


def test_of_several_labels_each_has_its_own_score(services: Services) -> None:
    content = [
        {
            "text": f"{each['text']} {other['text']}",
            "labels": sorted({each["label"], other["label"]}),
        }
        for each, other in zip(rows(80), rows(80)[1:] + rows(1), strict=True)
    ]
    project = trained(services, content, answer="several")
    for name in WEATHER:
        told = explained(services, project, 3, name=name)
        share = next(e["probability"] for e in told["classes"] if e["name"] == name)
        assert added(told) == pytest.approx(told["score"], abs=1e-9)
        assert 1 / (1 + 2.718281828459045 ** -told["score"]) == pytest.approx(share, abs=1e-5)
    told = explaining_versions.of_version(services, project.id, 1)
    assert explaining_versions.of_version(services, project.id, 1) == told
    words = {each["name"]: {word["name"] for word in each["towards"]} for each in told["classes"]}
    assert all(words[name] & set(KINDS[name].split()) for name in WEATHER)


def test_the_columns_of_a_table_and_the_components_of_a_vector_are_told(
    embedded: Services,
) -> None:
    rng = random.Random(3)  # noqa: S311 - for numbers, not for secrets
    content: list[dict[str, Any]] = [
        {"size": rng.gauss(0, 1), "noise": rng.gauss(0, 1), "side": rng.choice("lr")}
        for _ in range(80)
    ]
    labelled = [{**each, "label": "good" if each["size"] > 0 else "bad"} for each in content]
    project = trained(embedded, labelled, kind="table", name="t")
    told = explained(embedded, project, 0)
    assert told["lines"][0]["name"] == "size"
    assert told["lines"][0]["value"] == pytest.approx(content[0]["size"])
    assert added(told) == pytest.approx(told["score"], abs=1e-9)
    good = next(
        each
        for each in explaining_versions.of_version(embedded, project.id, 1)["classes"]
        if each["name"] == "good"
    )
    assert (good["lines"][0]["name"], good["lines"][0]["more"]) == ("size", True)
    wide: list[dict[str, Any]] = [
        {"vector": [rng.gauss(0, 1) for _ in range(60)], "label": "good" if n % 2 else "bad"}
        for n in range(80)
    ]
    for row in wide:
        row["vector"][6] += 3.0 if row["label"] == "good" else -3.0
    project = trained(embedded, wide, kind="vectors", name="v")
    told = explained(embedded, project, 0)
    overall = explaining_versions.of_version(embedded, project.id, 1)["classes"][0]
    assert overall["lines"][0]["name"] == "component 7"
    assert told["apart"][-1]["name"] == "The other 20"
    assert added(told) == pytest.approx(told["score"], abs=1e-9)


def _drawn(offer: Offer) -> str:
    chance = offer.probability
    return f", drawn with probability {chance:.2g}" if chance is not None and chance < 1 else ""


def test_why_a_sample_was_asked_is_told_in_words(weather: tuple[Services, Project]) -> None:
    services, project = weather
    (ann,) = people(services, 1)
    with services.write() as session:
        held = projects.find(session, project.id)
        offers = labelling.offer(session, held, ann, count=40, chance=lambda: 0.99).offers
        assert offers
    with services.read() as session:
        every = session.exec(select(Offer).order_by(col(Offer.id))).all()
    by_kind = {each.kind: each for each in every}
    informative = by_kind["informative"]
    told = asked_because.of_sample(services, project.id, informative.sample_id)
    (reason,) = told["reasons"]
    assert (reason["version"], reason["times"]) == (1, 1)
    assert informative.position is not None
    place = asked_because.ordinal(informative.position + 1)
    assert f"it stood {place} of " in reason["words"]
    assert reason["words"].startswith("The model of version 1 ")
    first = reason["opinion"]["likeliest"][0]
    assert f"{first['name']} ({100 * first['probability']:.0f} %)" in reason["words"]
    let_go(services, project)
    (later,) = asked_because.of_sample(services, project.id, informative.sample_id)["reasons"]
    assert later["opinion"] is None
    assert f"took it for {informative.suggestion} (" in later["words"]
    assert later["words"].endswith(
        f"it stood {place} of {reason['of']:,} ({informative.strategy}, score "
        f"{informative.score:.3g}{_drawn(informative)}). What else it made of the sample cannot be "
        "read any more."
    )
    audit = asked_because.of_sample(services, project.id, by_kind["audit"].sample_id)
    assert "never learned from" in audit["reasons"][0]["words"]
    quiet = sample_of(services, project, 0)
    assert asked_because.of_sample(services, project.id, quiet.id)["waits"].startswith(
        "It was not asked yet"
    )


@pytest.mark.parametrize(
    ("likeliest", "words"),
    [
        ([("cat", 0.41), ("dog", 0.38)], "was torn between cat (41 %) and dog (38 %)"),
        ([("cat", 0.62), ("dog", 0.2)], "was not sure of cat (62 %)"),
        ([("cat", 0.93), ("dog", 0.07)], "took it for cat (93 %)"),
    ],
)
def test_doubt_is_put_into_words(likeliest: list[tuple[str, float]], words: str) -> None:
    opinion = opinions.Opinion(7, "cat", likeliest[0][1], 0.5, likeliest)
    assert asked_because._one(opinion) == words


def test_a_random_or_campaign_offer_says_what_it_is(embedded: Services) -> None:
    project = pools.project(embedded, classes=WEATHER)
    pools.imported(embedded, project, pools.jsonl([{"text": "one"}, {"text": "two"}]))
    (ann,) = people(embedded, 1)
    with embedded.write() as session:
        held = projects.find(session, project.id)
        labelling.offer(session, held, ann, count=1, chance=lambda: 0.99)
        offer = session.exec(select(Offer)).one()
        offer.kind, offer.because = "campaign", "drift of the feature size."
        session.add(offer)
        sample_id = offer.sample_id
    told = asked_because.of_sample(embedded, project.id, sample_id)
    assert told["reasons"][0]["words"] == (
        "It was drawn at random for a labelling campaign: drift of the feature size."
    )
    without = explaining.of_sample(embedded, project.id, sample_id)
    assert without == {
        "version": None,
        "because": "There is no version yet; label some more.",
    }
    with pytest.raises(NotFound):
        explaining.of_sample(embedded, project.id, sample_id, number=3)
