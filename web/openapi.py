"""The OpenAPI 3.1 document, made from what the routes declare."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web import schemas
from web.bodies import BIGGEST
from web.problems import MEDIA_TYPE
from web.routing import NAMES, Route

REF = "#/components/schemas/{model}"
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": [], "csrf": []}]


def document(routes: Iterable[tuple[str, Route]]) -> dict[str, Any]:
    """Describe the API.

    Args:
        routes: pairs of path prefix and route.
    """
    pairs = list(routes)
    paths: dict[str, dict[str, Any]] = {}
    for prefix, route in pairs:
        paths.setdefault(prefix + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "activeloop",
            "version": _release(),
            "description": "The whole active-learning labelling loop over HTTP.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(route for _, route in pairs),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "activeloop"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


def _release() -> str:
    try:
        return version("activeloop")
    except PackageNotFoundError:
        return "0"


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    models: dict[tuple[type[BaseModel], Any], None] = {
        (schemas.ProblemDocument, "validation"): None
    }
    for route in routes:
        for model in (route.body, route.gives):
            if model is not None:
                models[model, "validation"] = None
    _, made = models_json_schema(list(models), ref_template=REF)
    found: dict[str, Any] = made["$defs"]
    return found


def _operation(route: Route) -> dict[str, Any]:
    first, _, rest = route.says.partition("\n")
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{route.name}",
        "summary": first,
        "description": f"{rest.strip()}\n\nRole: {route.role}.".strip(),
        "parameters": [*_path_parameters(route.path), *_query_parameters(route.query)],
        "responses": _responses(route),
        "security": [] if route.role == "public" else SECURITY,
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(route.body)}},
        }
    elif route.content is not None:
        operation["requestBody"] = {"required": True, "content": route.content}
    return operation


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _path_schema(name)}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _path_schema(name: str) -> dict[str, Any]:
    if name in NAMES:
        return {"type": "string", "minLength": 1}
    return {"type": "integer", "minimum": 0, "maximum": BIGGEST}


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema(ref_template=REF)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": value}
        for name, value in schema["properties"].items()
    ]


def _responses(route: Route) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.gives is not None:
        success["content"] = {"application/json": {"schema": _ref(route.gives)}}
    elif route.sends != ("application/json",):
        success["content"] = {kind: {} for kind in route.sends}
    refusals = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": _ref(schemas.ProblemDocument)}},
        }
        for status in sorted(_refusals(route))
    }
    return {str(route.status): success, **refusals}


def _refusals(route: Route) -> set[int]:
    found = set(route.refuses)
    if route.role != "public":
        found |= {401, 403, 503}
    if "{" in route.path:
        found.add(404)
    if route.query is not None:
        found.add(422)
    if route.method != "GET" and route.role != "public":
        found.add(422)  # also: a cookie without its CSRF token
    if route.body is not None:
        found |= {400, 413, 415, 422}
    if route.content is not None:
        found |= {400, 413, 415, 422}
    return found
