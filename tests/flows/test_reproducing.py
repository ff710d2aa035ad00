"""A version is trained again from its record and comes out the same."""

from __future__ import annotations

import pytest
from sqlmodel import select, update

from activeloop.errors import Conflict
from activeloop.flows import reproducing, versions
from activeloop.settings import read_settings
from activeloop.store import db
from activeloop.store.tables import Label, Project, Version
from activeloop.wiring import Services, build
from tests.flows.digits import Annotator, digits_project


def trained(services: Services, recipe: str, labels: int = 30) -> Project:
    """Train versions of a recipe by labelling."""
    project = digits_project(services, 300, model={"recipe": recipe}, audit_share=0.2)
    Annotator(services, project).answer_and_learn(labels)
    return project


def kept(services: Services) -> list[Version]:
    with services.read() as session:
        return list(session.exec(select(Version).order_by(Version.number)))  # type: ignore[arg-type]


def let_go(services: Services, numbers: list[int]) -> None:
    """Let files go as retention does."""
    with services.write() as session:
        for version in session.exec(select(Version)).all():
            if version.number in numbers:
                version.dropped_at = db.now(session)
                session.add(version)
                services.artifacts.drop(version.artifact)


@pytest.mark.parametrize(("recipe", "mode"), [("linear", "full"), ("online", "incremental")])
def test_after_a_restart_a_version_comes_out_byte_for_byte(
    embedded: Services, recipe: str, mode: str
) -> None:
    project = trained(embedded, recipe, labels=70)
    last = kept(embedded)[-1]
    assert last.mode == mode
    embedded.database.close()
    again = build(read_settings(data=embedded.settings.data))
    try:
        report = reproducing.reproduce(again, project.name, last.number)
    finally:
        again.database.close()
    assert report.same_bytes
    assert report.same
    assert report.artifact == last.artifact
    assert report.pool == reproducing.Compared(300, 0.0, 0)
    assert report.audit is not None
    assert report.audit.samples > 0
    assert not report.libraries
    assert not report.restored


def test_files_let_go_come_back_with_those_they_go_on_from(embedded: Services) -> None:
    project = trained(embedded, "online", labels=70)
    everything = [version.number for version in kept(embedded)]
    let_go(embedded, everything)
    with embedded.write() as session, pytest.raises(Conflict, match="activeloop reproduce"):
        versions.promote(session, session.get_one(Project, project.id), 1, user_id=None)
    report = reproducing.reproduce(embedded, project.name, everything[-1])
    assert report.restored
    assert report.first
    assert report.first[-1] < everything[-1]
    made = {*report.first, everything[-1]}
    assert {version.number for version in kept(embedded) if version.dropped_at is None} == made
    assert embedded.artifacts.get(kept(embedded)[-1].artifact)


def test_a_tampered_label_is_noticed(embedded: Services) -> None:
    project = trained(embedded, "linear")
    with embedded.write() as session:
        row = session.exec(select(Label)).first()
        assert row is not None
        session.execute(update(Label).values(label="0" if row.label != "0" else "1"))
    with pytest.raises(Conflict, match="not those that version 1 learned"):
        reproducing.reproduce(embedded, project.name, 1)


def test_another_model_in_the_record_is_told_apart(embedded: Services) -> None:
    project = trained(embedded, "linear")
    with embedded.write() as session:
        session.execute(update(Version).values(seed=7, libraries={"numpy": "1.0"}))
        version = session.exec(select(Version)).first()
        assert version is not None
        version.spec = {**version.spec, "model": {"recipe": "linear", "params": {"C": 0.001}}}
        session.add(version)
    report = reproducing.reproduce(embedded, project.name, 1)
    assert not report.same
    assert report.pool is not None
    assert report.pool.largest > 0
    assert report.libraries["numpy"][0] == "1.0"
