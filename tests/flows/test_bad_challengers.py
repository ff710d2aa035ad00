"""What learned nonsense is refused with a reason, and undone where somebody let it through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from activeloop.errors import Conflict
from activeloop.flows import projects, simulating, training, versions
from activeloop.flows.snapshots import Labelled, snapshot
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project


@contextmanager
def shuffled(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train on labels that were shuffled; the audit labels stay as they are."""

    def mixed(*arguments: Any, **named: Any) -> tuple[Labelled, Labelled]:
        train, audit = snapshot(*arguments, **named)
        names = np.random.default_rng(0).permutation(np.array(train.names, object)).tolist()
        return replace(train, names=names), audit

    with patch.context() as inside:
        inside.setattr(training, "snapshot", mixed)
        yield


def learned(services: Services, project: Project) -> dict[str, Any]:
    """Train in full now, and give the newest version."""
    with services.write() as session:
        found = projects.find(session, project.id)
        training.ask(session, found, mode="full", because="asked for by a test", user_id=None)
    simulating.drain(services, project.id)
    with services.read() as session:
        return versions.listed(session, projects.find(session, project.id))[0]


def champion(services: Services, project: Project) -> int | None:
    with services.read() as session:
        listed = versions.listed(session, projects.find(session, project.id))
    return next((int(each["number"]) for each in listed if each["status"] == "champion"), None)


def test_shuffled_labels_are_refused_and_a_forced_promotion_is_undone(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = digits_project(services, audit_share=0.5, retrain={"every": 1000})
    Annotator(services, project).answer(160)
    good = learned(services, project)
    assert good["status"] == "champion"
    with shuffled(monkeypatch):
        bad = learned(services, project)
    assert bad["status"] == "rejected"
    assert "it is worse beyond chance" in bad["because"]
    assert champion(services, project) == good["number"]
    with services.write() as session:
        found = projects.find(session, project.id)
        with pytest.raises(Conflict, match="no other champion"):
            versions.rollback(session, found, user_id=None)
    with services.write() as session:
        found = projects.find(session, project.id)
        versions.promote(session, found, int(bad["number"]), user_id=None)
    assert champion(services, project) == bad["number"]
    with services.write() as session:
        versions.rollback(session, projects.find(session, project.id), user_id=None)
    assert champion(services, project) == good["number"]
