from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from pydantic import TypeAdapter

from web import api, schemas

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http-api.md"


def test_the_reference_page_names_every_operation_and_its_role() -> None:
    page = PAGE.read_text()
    routes = list(api.declared())
    missing = [
        f"| `{route.method} {prefix}{route.path}` | {route.role} |"
        for prefix, route in routes
        if f"| `{route.method} {prefix}{route.path}` | {route.role} |" not in page
    ]
    assert len(routes) > 25
    assert not missing


def test_the_reference_page_names_no_operation_that_is_gone() -> None:
    declared = {f"{route.method} {prefix}{route.path}" for prefix, route in api.declared()}
    named = {line.split("`")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")}
    assert named - declared == {"GET /api/openapi.json"}


def test_every_operation_describes_its_refusals(app: Flask) -> None:
    described: Any = app.test_client().get("/api/openapi.json").json
    for path, item in described["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"]
            if operation["security"]:
                assert {"401", "403"} <= set(answers), (method, path)
            if "{" in path:
                assert "404" in answers, (method, path)
            for status, answer in answers.items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"]
            assert operation["summary"].endswith("."), (method, path)


def test_every_reference_of_the_document_leads_somewhere(app: Flask) -> None:
    described: Any = app.test_client().get("/api/openapi.json").json
    known = set(described["components"]["schemas"])

    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"].rsplit("/", 1)[-1]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*map(references, node.values()))
        if isinstance(node, list):
            return set().union(*map(references, node))
        return set()

    found = references(described)
    assert schemas.ProblemDocument.__name__ in found
    assert found <= known


def test_a_problem_document_is_what_is_sent(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/me")
    told = TypeAdapter(schemas.ProblemDocument).validate_json(answer.data)
    assert told.status == 401
