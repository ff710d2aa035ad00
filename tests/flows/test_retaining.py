"""Retention lets files go that nobody needs, and keeps the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from activeloop.errors import NotFound
from activeloop.flows import retaining
from activeloop.learn.retention import Old, may_go
from activeloop.store.tables import Project, Version
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project

OLD = st.lists(
    st.builds(Old, st.integers(1, 99), st.floats(-1, 1), st.booleans()),
    unique_by=lambda each: each.number,
)


@given(OLD, st.integers(1, 10))
def test_no_needed_version_goes_and_none_better_than_one_that_stays(
    old: list[Old], best: int
) -> None:
    going = may_go(old, best)
    free = [each for each in old if not each.needed]
    assert going <= {each.number for each in free}
    assert len(free) - len(going) == min(best, len(free))
    stay = [each.figure for each in free if each.number not in going]
    assert all(each.figure <= min(stay) for each in free if each.number in going)


def test_files_beyond_the_policy_go_and_the_rows_say_so(services: Services) -> None:
    project = digits_project(services, retention={"newest": 1, "best": 1})
    Annotator(services, project).answer_and_learn(30)
    with services.write() as session:
        made = session.exec(select(Version)).one()
        row = made.model_dump(exclude={"id", "number", "run_id", "artifact", "parent_id"})
        run = made.run_id
        from activeloop.store.tables import Run

        for number in range(2, 8):
            again = Run(**session.get_one(Run, run).model_dump(exclude={"id"}))
            session.add(again)
            session.flush()
            kept = {"artifact": made.artifact} if number == 4 else {}
            changed = {"status": "held", "crowned_at": None, "pinned": number == 3}
            values = {**row, **changed, "number": number, "run_id": again.id}
            values["metrics"] = {"accuracy": {"value": number / 10}}
            values["artifact"] = kept.get("artifact") or services.artifacts.put(b"%d" % number)
            session.add(Version(**values))
    retaining.let_go(services, project.id)
    with services.read() as session:
        assert session.get_one(Project, project.id).champion_id == made.id
        for version in session.exec(select(Version)):
            gone = version.number in {2, 4, 5}
            assert (version.dropped_at is not None) == gone
            try:
                services.artifacts.get(version.artifact)
            except NotFound:
                assert version.number in {2, 5}
            else:
                assert version.number not in {2, 5}
    assert retaining.let_go(services, project.id) == 0
