"""Models and changes of the classes: an older version goes on until a full run has learned them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from activeloop.flows import (
    asking,
    doctor,
    label_sets,
    projects,
    ranking,
    serving,
    simulating,
    snapshots,
)
from activeloop.flows.class_plans import Wanted
from activeloop.jobs import Rank
from activeloop.settings import read_settings
from activeloop.store import db, rankings, versions
from activeloop.store.tables import Project
from activeloop.wiring import Services, build
from tests.flows.digits import Annotator, digits_project
from tests.flows.pools import Idle, opened

if TYPE_CHECKING:
    from activeloop.flows.carrying import Work


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train one version, once: ranked by a strategy that looks at what is labelled."""
    data = tmp_path_factory.mktemp("learned") / "data"
    services = opened(data)
    project = digits_project(services, 300, strategy={"name": "cal"})
    Annotator(services, project).answer(45)
    simulating.drain(services, project.id)
    services.database.close()
    return data


@pytest.fixture
def learned(once: Path, tmp_path: Path) -> Iterator[tuple[Services, Project]]:
    """Give digits with one version."""
    shutil.copytree(once, tmp_path / "data")
    services = build(read_settings(data=tmp_path / "data"))
    with services.read() as session:
        project = projects.find(session, "digits")
    yield services, project
    services.database.close()


def changed(services: Services, project: Project, *wanted: Wanted) -> int:
    """Change the classes; give the number of the last change."""
    number = 0
    for each in wanted:
        with services.write() as session:
            found = projects.find(session, project.id)
            number = label_sets.apply(session, found, each, user_id=None)["number"]
    return number


def found(services: Services, project: Project) -> Project:
    with services.read() as session:
        return projects.find(session, project.id)


def predicted(services: Services, project: Project) -> serving.Predicted:
    samples = [[float(n % 7) for n in range(64)], [float(n % 3) for n in range(64)]]
    return serving.predict(services, found(services, project), samples)


def test_an_older_champion_predicts_in_the_classes_of_today(
    learned: tuple[Services, Project],
) -> None:
    services, project = learned
    before = predicted(services, project).predictions
    changed(
        services,
        project,
        Wanted("rename", ("0",), ("zero",)),
        Wanted("merge", ("3", "8"), ("round",)),
        Wanted("split", ("1",), ("one", "uno")),
        Wanted("retire", ("9",)),
    )
    after = predicted(services, project)
    assert after.gone == {"1": "split '1' into 'one' and 'uno'", "9": "retired '9'"}
    for was, now in zip(before, after.predictions, strict=True):
        old, new = was["probabilities"], now["probabilities"]
        assert set(new) == {"zero", "round", "1", "9", "2", "4", "5", "6", "7"}
        assert new["zero"] == pytest.approx(old["0"])
        assert new["round"] == pytest.approx(old["3"] + old["8"])
        assert new["1"] == pytest.approx(old["1"])
        assert sum(new.values()) == pytest.approx(1)
        assert now["label"] == max(new, key=new.__getitem__)


def test_until_a_full_run_has_learned_the_classes_the_older_version_ranks_the_queue(
    learned: tuple[Services, Project],
) -> None:
    services, project = learned
    changed(
        services,
        project,
        Wanted("merge", ("3", "8"), ("round",)),
        Wanted("split", ("1",), ("one", "uno")),
    )
    with services.read() as session:
        here = projects.find(session, project.id)
        told = doctor.examine(session, here, projects.spec_of(here), db.now(session))
        ask, version = asking.read(session, project.id, here.featurizer_id or 0, length=100)
    assert any("split '1' into 'one' and 'uno'" in line for line in told)
    assert version is not None
    by = asking.plan(services, ask, version)
    known = asking.known(services, ask, by)
    assert known is not None
    # what is labelled counts by the version's own ten classes: both halves of "round" by the last
    assert set(np.unique(known[1])) <= {0, 2, 4, 5, 6, 7, 8, 9}
    assert len(known[1]) == sum(text not in ("one", "uno") for _, text in ask.labelled)
    ranking.run(services, Rank(project.id), cast("Work", Idle()))
    with services.read() as session:
        served = rankings.current(session, projects.find(session, project.id))
    assert served is not None
    assert (served.version, served.strategy) == (1, "cal")


def test_a_full_run_is_asked_for_and_learns_the_classes_of_today(
    learned: tuple[Services, Project],
) -> None:
    services, project = learned
    number = changed(
        services,
        project,
        Wanted("rename", ("0",), ("zero",)),
        Wanted("merge", ("3", "8"), ("round",)),
    )
    simulating.drain(services, project.id)
    with services.read() as session:
        here = projects.find(session, project.id)
        spec = projects.spec_of(here)
        newest = versions.newest(session, project.id)
        assert newest is not None
        assert (newest.number, tuple(newest.classes), newest.mode) == (2, spec.classes, "full")
        assert newest.label_set == number
        train, _ = snapshots.snapshot(
            session, project.id, spec, newest.snapshot, label_set=newest.label_set
        )
        assert train.digest == newest.snapshot_digest
        assert {"zero", "round"} & set(train.names)
        told = doctor.examine(session, here, spec, db.now(session))
    assert not any("classes were changed" in line for line in told)
    assert predicted(services, project).gone == {}


def test_a_question_by_other_words_is_another_question(learned: tuple[Services, Project]) -> None:
    services, project = learned
    with services.read() as session:
        here = projects.find(session, project.id)
        ask, _ = asking.read(session, project.id, here.featurizer_id or 0, length=100)
    changed(services, project, Wanted("add", (), ("ten",)))
    spec = projects.spec_of(found(services, project))
    assert replace(ask, spec=spec).question != ask.question
