"""Arms and advice over HTTP and on the command line: before a version, with one, for whom."""

from __future__ import annotations

import json

from click.testing import CliRunner

from activeloop.cli import main
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project
from tests.web.conftest import Caller


def test_advice_is_empty_before_a_version_and_tells_its_evidence_after(
    services: Services, engineer: Caller
) -> None:
    project = digits_project(services, 200, audit_share=0.3, retrain={"every": 30})
    at = f"/api/v1/projects/{project.id}"
    for name in ("arms", "advice"):
        empty = engineer("GET", f"{at}/{name}")
        assert (empty.status_code, empty.json) == (200, {})
    Annotator(services, project, "adviser").answer_and_learn(60)
    advice, arms = (engineer("GET", f"{at}/{name}").json for name in ("advice", "arms"))
    assert advice is not None
    assert arms is not None
    assert advice["verdict"] == "cannot tell"
    assert {"name", "met", "says"} == set(advice["evidence"][0])
    assert {"labels", "value", "low", "high", "version"} == set(advice["curve"][0])
    assert arms["points"] == []
    assert "drawn at random" in arms["says"]
    if services.settings.database_url:
        return
    arguments = ["advice", "digits", "--data", str(services.settings.data)]
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 0
    assert told.output.startswith(f"cannot tell: {advice['says']}")
    both = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).output)
    assert both["arms"]["says"] == arms["says"]
