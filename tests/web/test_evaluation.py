"""The evaluation of a version over HTTP and on the command line: before it, with it, for whom."""

from __future__ import annotations

import json

from click.testing import CliRunner

from activeloop.cli import main
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project
from tests.web.conftest import Caller


def test_an_evaluation_is_shown_and_its_cells_open(services: Services, engineer: Caller) -> None:
    project = digits_project(services, 200, audit_share=0.3, retrain={"every": 30})
    Annotator(services, project, "evaluator").answer_and_learn(60)
    at = f"/api/v1/projects/{project.id}/versions/1"
    given = engineer("GET", f"{at}/evaluation")
    assert given.status_code == 200
    assert given.json is not None
    report = given.json["report"]
    assert given.json["version"] == 1
    assert report["figures"]["accuracy"]["n"] == report["n"] > 0
    right = report["confusion"][3][3]
    cell = engineer("GET", f"{at}/confusion?true=3&predicted=3")
    assert cell.json is not None
    assert cell.json["total"] == len(cell.json["samples"]) == right
    assert engineer("GET", f"{at}/confusion?true=3&predicted=none").status_code == 422
    assert engineer("POST", f"{at}/evaluation").status_code == 202
    assert (
        engineer("GET", f"/api/v1/projects/{project.id}/versions/99/evaluation").status_code == 404
    )
    arguments = ["evaluation", "digits", "1", "--data", str(services.settings.data)]
    if services.settings.database_url:
        return
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 0
    assert "balanced accuracy" in told.output
    assert json.loads(CliRunner().invoke(main, [*arguments, "--json"]).output)["version"] == 1
