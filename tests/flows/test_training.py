"""From labels to versions and a queue that is ranked by them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import select

from activeloop.errors import CannotLearn, Conflict, Fenced
from activeloop.flows import carrying, projects, simulating, status, tick, training, versions
from activeloop.flows.snapshots import snapshot
from activeloop.jobs import Train
from activeloop.learn import persist
from activeloop.store import db, ledger, rankings
from activeloop.store.tables import Candidate, JobRow, Label, Run, Sample, Version
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project

TRAINED_AGAIN = """
import sys
from pathlib import Path
from activeloop.flows import simulating
from activeloop.settings import read_settings
from activeloop.wiring import build
services = build(read_settings(data=Path(sys.argv[1]), database_url=sys.argv[2]))
simulating.drain(services, int(sys.argv[3]))
"""


def test_labels_lead_to_a_champion_and_a_queue_ranked_by_it(services: Services) -> None:
    project = digits_project(services)
    Annotator(services, project).answer_and_learn(30)
    with services.read() as session:
        report = status.report(session, projects.find(session, project.id))
    assert report["champion"]["number"] == 1
    assert report["queue"]["version"] == 1
    assert report["queue"]["strategy"] == "margin-badge"
    assert report["runs"][0]["verdict"] == "promote"
    assert report["runs"][0]["mode_because"]


def test_the_cold_start_order_is_not_the_random_order_and_says_what_it_is(
    services: Services,
) -> None:
    project = digits_project(services)
    with services.read() as session:
        ranking = rankings.current(session, project)
        assert ranking is not None
        assert (ranking.strategy, ranking.version) == ("typiclust", None)
        served = session.exec(
            select(Candidate.sample_id)
            .where(Candidate.ranking_id == ranking.id)
            .order_by(Candidate.position)  # type: ignore[arg-type]
        ).all()
        drawn = session.exec(
            select(Sample.id).where(Sample.stratum == "train").order_by(Sample.draw)  # type: ignore[arg-type]
        ).all()
    assert set(served) <= set(drawn)
    assert list(served[:20]) != list(drawn[:20])
    assert "nothing is labelled yet" in ranking.because


def test_no_version_was_trained_on_an_audit_sample(services: Services) -> None:
    project = digits_project(services, audit_share=0.3)
    Annotator(services, project).answer_and_learn(70)
    with services.read() as session:
        trained = session.exec(select(Version)).all()
        assert len(trained) >= 2
        for version in trained:
            train, audit = snapshot(
                session, project.id, projects.spec_of(project), version.snapshot
            )
            assert train.digest == version.snapshot_digest
            strata = session.exec(
                select(Sample.stratum).where(
                    Sample.project_id == project.id,
                    Sample.seq.in_(list(train.seqs)),  # type: ignore[attr-defined]
                )
            ).all()
            assert set(strata) == {"train"}
            assert not set(train.seqs) & set(audit.seqs)
            assert version.metrics["accuracy"]["n"] == len(audit.seqs) > 0


def test_the_same_seed_and_labels_give_the_same_predictions_in_another_process(
    services: Services,
) -> None:
    project = digits_project(services)
    annotator = Annotator(services, project)
    annotator.answer_and_learn(30)
    with services.read() as session:
        first = session.exec(select(Version)).one()
        run = session.get_one(Run, first.run_id)
    with services.write() as session:  # the same snapshot once more, as a run of its own
        again = Run(project_id=project.id, mode="full", because="again", snapshot=run.snapshot,
                    train_labels=run.train_labels, created_at=db.now(session))  # fmt: skip
        session.add(again)
        session.flush()
        ledger.add(session, Train(project.id, again.id), now=db.now(session))
    settings = services.settings
    subprocess.run(
        [sys.executable, "-c", TRAINED_AGAIN, str(settings.data), settings.database_url,
         str(project.id)],
        check=True,
        timeout=120,
    )  # fmt: skip
    with services.read() as session:
        second = session.exec(select(Version).where(Version.run_id == again.id)).one()
    assert second.artifact == first.artifact
    X = np.random.default_rng(0).random((50, 64), dtype=np.float32) * 16
    one, two = (
        persist.load(services.artifacts.get(version.artifact)).predict_proba(X)
        for version in (first, second)
    )
    assert np.array_equal(one, two)


def test_a_run_that_lost_its_job_leaves_no_version_and_its_successor_one(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = digits_project(services)
    Annotator(services, project).answer(30)
    with services.write() as session:
        if not session.exec(select(Run)).all():
            training.ask(session, project, mode="auto", because="test", user_id=None)
    finish = ledger.finish

    def taken_over(*_args: object, **_named: object) -> None:
        raise Fenced

    monkeypatch.setattr(ledger, "finish", taken_over)
    for job_id in tick.due(services):
        carrying.carry_out(services, job_id, "zombie")
    with services.write() as session:
        assert session.exec(select(Version)).all() == []
        for row in session.exec(select(JobRow)).all():
            if row.state == "running":
                row.lease_until = db.now(session) - timedelta(hours=1)
                row.sent_at = None
    monkeypatch.setattr(ledger, "finish", finish)
    simulating.drain(services, project.id)
    with services.read() as session:
        assert len(session.exec(select(Version)).all()) == 1


def test_a_first_batch_of_one_class_trains_nothing_and_says_why(services: Services) -> None:
    project = digits_project(services)
    annotator = Annotator(services, project)
    annotator.answer(30, label="3")
    simulating.drain(services, project.id)
    with services.read() as session:
        report = status.report(session, project)
    assert report["runs"] == []
    assert any("at least two classes" in sentence for sentence in report["doctor"])
    with services.write() as session, pytest.raises(CannotLearn, match="only '3' has labels"):
        training.ask(session, project, mode="auto", because="asked", user_id=None)
    annotator.answer(1, label="4")
    simulating.drain(services, project.id)
    with services.read() as session:
        assert len(session.exec(select(Version)).all()) == 1


def test_a_class_nobody_has_seen_gets_hardly_any_probability(services: Services) -> None:
    project = digits_project(services, classes=[*[str(d) for d in range(10)], "unicorn"])
    Annotator(services, project).answer_and_learn(30)
    with services.read() as session:
        version = session.exec(select(Version)).one()
    model = persist.load(services.artifacts.get(version.artifact))
    proba = model.predict_proba(np.ones((3, 64), dtype=np.float32))
    assert proba.shape == (3, 11)
    assert proba[:, 10].max() < 0.01
    assert np.allclose(proba.sum(axis=1), 1, atol=1e-5)


def test_a_second_run_is_refused_while_one_is_live(services: Services) -> None:
    project = digits_project(services)
    Annotator(services, project).answer(10)
    with services.write() as session:
        training.ask(session, project, mode="auto", because="asked", user_id=None)
    with services.write() as session, pytest.raises(Conflict, match="queued already"):
        training.ask(session, project, mode="auto", because="asked", user_id=None)


def test_while_a_model_trains_the_old_ranking_serves_and_says_so(services: Services) -> None:
    project = digits_project(services)
    annotator = Annotator(services, project)
    before = annotator.answer(22)
    after = annotator.answer(5)
    with services.read() as session:
        report = status.report(session, project)
    assert {each.ranking.id for each in [*before, *after] if each.ranking} == {
        report["queue"]["ranking"]
    }
    assert any("Labelling goes on" in s or "waits for a worker" in s for s in report["doctor"])


def test_everything_labelled_is_a_sentence_and_no_crash(services: Services) -> None:
    project = digits_project(services, how_many=40)
    annotator = Annotator(services, project)
    assert len(annotator.answer_and_learn(60)) == 40
    with services.read() as session:
        report = status.report(session, project)
        assert session.exec(select(Label)).all()
    assert any("Everything is labelled" in sentence for sentence in report["doctor"])


def test_all_versions_are_measured_on_the_same_audit_labels(services: Services) -> None:
    project = digits_project(services, audit_share=0.3)
    Annotator(services, project).answer_and_learn(75)
    with services.read() as session:
        shown = versions.listed(session, project)
    assert len(shown) >= 2
    assert len({version["metrics"]["accuracy"]["n"] for version in shown}) == 1
    first, last = shown[-1], shown[0]
    assert first["metrics_at_training"]["accuracy"]["n"] < first["metrics"]["accuracy"]["n"]
    assert last["metrics_at_training"] == last["metrics"]


def test_a_person_can_bring_any_version_back(services: Services) -> None:
    project = digits_project(services)
    Annotator(services, project).answer_and_learn(55)
    with services.write() as session:
        found = projects.find(session, project.id)
        numbers = [v["number"] for v in versions.listed(session, found)]
        assert numbers == sorted(numbers, reverse=True)
        other = next(v["number"] for v in versions.listed(session, found)
                     if v["status"] != "champion")  # fmt: skip
        versions.promote(session, found, other, user_id=None)
    with services.write() as session:
        found = projects.find(session, project.id)
        assert [v["number"] for v in versions.listed(session, found)
                if v["status"] == "champion"] == [other]  # fmt: skip
        with pytest.raises(Conflict, match="already"):
            versions.promote(session, found, other, user_id=None)


def test_the_online_recipe_goes_on_from_its_parent(services: Services) -> None:
    project = digits_project(services, model={"recipe": "online"})
    Annotator(services, project).answer_and_learn(55)
    with services.read() as session:
        modes = session.exec(select(Version.mode).order_by(Version.number)).all()  # type: ignore[arg-type]
    assert list(modes[:2]) == ["full", "incremental"]


def test_a_strategy_with_a_committee_gets_one(services: Services) -> None:
    project = digits_project(services, strategy={"name": "mutual-information"})
    Annotator(services, project).answer_and_learn(30)
    with services.read() as session:
        ranking = rankings.current(session, projects.find(session, project.id))
        assert ranking is not None
        assert (ranking.strategy, ranking.version) == ("mutual-information", 1)
        drawn = session.exec(
            select(Candidate.probability).where(Candidate.ranking_id == ranking.id)
        ).all()
    assert all(0 < p <= 1 for p in drawn)
    assert min(drawn) < 1


def test_the_record_of_a_version_names_what_made_it(services: Services) -> None:
    project = digits_project(services)
    Annotator(services, project).answer_and_learn(30)
    with services.read() as session:
        (shown,) = versions.listed(session, project)
    assert {"numpy", "scipy", "scikit-learn", "activeloop"} <= set(shown["libraries"])
    assert shown["snapshot"] >= 20
    assert len(shown["snapshot_digest"]) == 64
    json.dumps(shown)
