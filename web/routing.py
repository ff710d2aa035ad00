"""API routes: one declaration from which validation, the role and the OpenAPI document come.

flask-openapi3 was considered: it reads a body that is not JSON as null, checks no duplicate
names, and builds a JSON schema for every request, which the labelling path would pay for.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from activeloop.errors import Crossed, Invalid, NotFound
from activeloop.spec import problems_of
from web.auth import PUBLIC, public, role
from web.bodies import BIGGEST, read_json

Model = type[BaseModel]


@dataclass(frozen=True)
class Route:
    """What the world is told of one operation."""

    method: str
    path: str
    role: str
    name: str
    says: str
    status: int
    gives: Model | None = None
    body: Model | None = None
    query: Model | None = None
    content: dict[str, Any] | None = None
    sends: tuple[str, ...] = ("application/json",)
    refuses: tuple[int, ...] = ()


@dataclass
class Routes:
    """A blueprint of API routes and what they declare."""

    blueprint: Blueprint
    declared: list[Route] = field(default_factory=list)

    def get(self, path: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a GET route; see `add`."""
        return self.add("GET", path, **how)

    def post(self, path: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a POST route; see `add`."""
        return self.add("POST", path, **how)

    def patch(self, path: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a PATCH route; see `add`."""
        return self.add("PATCH", path, **how)

    def add(  # noqa: PLR0913 - an operation has that many properties
        self,
        method: str,
        path: str,
        *,
        role: str,  # noqa: A002,RUF100 - the word that the guard uses
        status: int = 200,
        gives: Model | None = None,
        body: Model | None = None,
        query: Model | None = None,
        content: dict[str, Any] | None = None,
        sends: Sequence[str] = ("application/json",),
        refuses: Sequence[int] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a route; the view gets path values, `body` and `query` by name.

        Args:
            method: GET, POST, PATCH or DELETE.
            path: with parameters as {p} (a project, by number or name), {name}, or a number.
            role: who may call it, or `public`.
            status: of success.
            gives: the shape of the answer.
            body: the JSON body's shape; the view gets an instance.
            query: the query's shape; the view gets an instance. Unknown names are let pass.
            content: request body of another media type, as OpenAPI describes it.
            sends: media types of the answer.
            refuses: statuses of refusals, beyond those that follow from the rest.
        """

        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            said = (view.__doc__ or "").strip()
            route = Route(
                method, path, role, view.__name__, said, status, gives, body, query, content,
                tuple(sends), tuple(refuses),
            )  # fmt: skip
            self.declared.append(route)
            rule = path.replace("{", "<").replace("}", ">")
            guarded = _declare_role(role, _translated(route, view))
            self.blueprint.add_url_rule(
                rule, f"{method.lower()}_{view.__name__}", guarded, methods=[method]
            )
            return view

        return declare


def _declare_role(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    return public(view) if name == PUBLIC else role(name)(view)


def _translated(route: Route, view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a view: values in, checked; values out, as JSON."""

    @wraps(view)
    def call(**values: str) -> Response:
        given: dict[str, Any] = {name: path_value(name, text) for name, text in values.items()}
        if route.query is not None:
            given["query"] = validated(route.query, request.args.to_dict())
        if route.body is not None:
            given["body"] = validated(route.body, read_json())
        # what was uploaded has been read and cannot be read again
        answer = view(**given) if route.content else _tried(view, given)
        if isinstance(answer, Response):
            return answer
        content = None if route.status == NO_CONTENT else to_json(answer, inf_nan_mode="null")
        return Response(content, route.status, content_type="application/json")

    return call


def _tried(view: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Call a view, again when its transaction crossed another's: nothing of it was written."""
    for _ in range(ATTEMPTS - 1):
        try:
            return view(**given)
        except Crossed:
            time.sleep(random.uniform(0, PAUSE_SECONDS))  # noqa: S311 - keeps two apart, no secret
    return view(**given)


ATTEMPTS = 3
PAUSE_SECONDS = 0.05
NO_CONTENT = 204
NAMES = frozenset({"p", "name"})


def path_value(name: str, text: str) -> str | int:
    """Read a value from the path: a project or user by name, all else by number.

    Raises:
        NotFound: for what no row can be called, such as a number beyond 64 bits.
    """
    if name in NAMES:
        if not text.isprintable():
            raise NotFound("There is nothing of that name.")
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(BIGGEST))):
        raise NotFound(f"{text[:40]!r} is not a number of anything here.")
    number = int(text)
    if number > BIGGEST:
        raise NotFound(f"There is no number {number} here.")
    return number


def validated(model: Model, values: Any) -> BaseModel:
    """Check values against a model.

    Raises:
        Invalid: naming every field at fault.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = problems_of(error)
        listed = "; ".join(f"{each.where}: {each.problem}" for each in found[:10])
        raise Invalid(f"The request is not valid. {listed}", problems=found) from error
