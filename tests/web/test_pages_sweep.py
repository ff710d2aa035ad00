"""The loop page tells how far a sweep is, in rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activeloop.store import db, projects, sweeps
from activeloop.store.tables import Featurizer, Ranking, Sweep
from activeloop.wiring import Services
from tests.web.conftest import Caller


def swept(services: Services, project_id: int) -> None:
    """Begin a sweep of ten ranges, of which the first is scored; serve the head of the queue."""
    with services.write() as session:
        now = db.now(session)
        featurizer = Featurizer(
            project_id=project_id, fingerprint="f", artifact="a", width=1, sparse=False,
            fitted_rows=0, created_at=now,
        )  # fmt: skip
        ranking = Ranking(
            project_id=project_id, version=7, strategy="margin", scope="head", seed=0, scored=2000,
            length=2000, samples=10_000_000, seconds=0.1, created_at=now,
        )  # fmt: skip
        session.add_all([featurizer, ranking])
        session.flush()
        projects.point(session, project_id, ranking_id=ranking.id)
        row = Sweep(
            project_id=project_id, version=7, featurizer_id=featurizer.id, question="q",
            strategy="margin", by_model=True, samples=10_000_000, events=0, length=2000,
            eligible="e", created_at=now,
        )  # fmt: skip
        cuts = [(0, 1_310_720), (1_310_720, 10_000_000)]
        first, _ = sweeps.add(session, row, cuts)
        sweeps.scored(session, first.id, artifact="p", seconds=1.0)


def test_the_loop_page_and_the_status_tell_the_rows_that_are_scored(
    services: Services, project: dict[str, Any], as_: Callable[[str], Caller]
) -> None:
    swept(services, project["id"])
    annotator = as_("annotator")
    told = annotator("GET", f"/api/v1/projects/{project['id']}/status").json
    assert told is not None
    assert told["sweep"] == {
        "version": 7,
        "rows": 10_000_000,
        "rows_done": 1_310_720,
        "ranges": 2,
        "ranges_done": 1,
    }
    assert told["queue"]["scope"] == "head"
    assert any("1,310,720 of 10,000,000 samples are scored by version 7" in line
               for line in told["doctor"])  # fmt: skip


def test_the_live_part_of_the_page_shows_them(
    services: Services, project: dict[str, Any], client: Any
) -> None:
    from tests.web.test_pages import PASSWORD, send

    swept(services, project["id"])
    send(client, "/sign-in", {"name": "annotator", "password": PASSWORD})
    page = client.get(f"/projects/{project['id']}?part=live").text
    assert "1,310,720 of 10,000,000 rows scored by version 7" in page
    assert "top of the queue ranked by version 7" in page
