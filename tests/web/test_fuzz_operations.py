"""Every operation of the OpenAPI document, with input that fits and input that does not."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_wsgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from activeloop.wiring import Services
from tests.web.conftest import Caller
from tests.web.counting import counts
from web import api

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
Operation = tuple[str, str]
OPERATIONS: list[Operation] = sorted(
    (prefix + route.path, route.method) for prefix, route in api.declared()
)
EXAMPLES = 12


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.usefixtures("project")
def test_an_operation_answers_as_it_is_described(
    services: Services, as_: Callable[[str], Caller], operation: Operation, mode: GenerationMode
) -> None:
    admin = as_("admin")
    described = from_wsgi("/api/openapi.json", admin.client.application)
    headers = {"Authorization": f"Bearer {admin.token}"}
    path, method = operation

    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=described[path][method].as_strategy(generation_mode=mode),
        project=st.sampled_from(["pets", None]),
    )
    def answers(case: schemathesis.Case[Any], project: str | None) -> None:
        if project and "p" in case.path_parameters:
            case.path_parameters["p"] = project  # else most calls would end at an unknown project
        before = counts(services)
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS, headers=headers)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            assert counts(services) == before
            told: Any = response.json()
            assert told["status"] == response.status_code
            assert told["problems"], told
            assert all(each["where"] and each["problem"] for each in told["problems"])

    try:
        answers()
    except hypothesis.errors.Unsatisfiable:
        assert mode == GenerationMode.NEGATIVE, "there must be input that fits"


def test_the_document_describes_every_route_of_the_api(app: Flask) -> None:
    described: Any = app.test_client().get("/api/openapi.json").json
    assert described["openapi"].startswith("3.1")
    found = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {(path, method) for path, item in described["paths"].items() for method in item}
    assert found <= told
    assert len(found) > 20


def test_the_document_tells_who_may_call_what(as_: Callable[[str], Caller]) -> None:
    described: Any = as_("annotator")("GET", "/api/openapi.json").json
    create = described["paths"]["/api/v1/projects"]["post"]
    assert "Role: engineer" in create["description"]
    assert create["security"]
    assert described["paths"]["/healthz"]["get"]["security"] == []
