"""Changing a project's policies: what may change, what may not, and what holds from then on."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from activeloop.errors import Invalid
from activeloop.flows import policies, projects
from activeloop.store.tables import AuditEntry
from activeloop.wiring import Services
from tests.flows.handmade import pool


def test_a_part_keeps_what_is_not_named_and_the_trail_tells_what_changed(
    services: Services,
) -> None:
    project = pool(services, 1, suggestions={"show": False, "hidden_share": 0.4})
    with services.write() as session:
        wanted = {"suggestions": {"show": True}, "gold_share": 0.1}
        policies.change(session, projects.find(session, project.id), wanted, user_id=None)
    with services.read() as session:
        spec = projects.spec_of(projects.find(session, project.id))
        newest = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert (spec.suggestions.show, spec.suggestions.hidden_share) == (True, 0.4)
    assert newest is not None
    assert newest.action == "project.changed"
    assert set(newest.detail["changed"]) == {"suggestions", "gold_share"}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"answers_per_sample": 3}, "cannot be changed"),
        ({"classes": ["a", "b"]}, "cannot be changed"),
        ({"nonsense": 1}, "cannot be changed"),
        ({"gold_share": 7}, "gold_share"),
        ({"suggestions": 3}, "suggestions"),
        ({"strategy": {"name": "magic"}}, "magic"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    services: Services, wanted: dict[str, object], said: str
) -> None:
    project = pool(services, 1)
    with pytest.raises(Invalid, match=said), services.write() as session:
        policies.change(session, projects.find(session, project.id), wanted, user_id=None)
    with services.read() as session:
        assert projects.find(session, project.id).spec == project.spec
