"""The list of projects, and the page that makes one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from werkzeug.wrappers import Response as AnyResponse

from activeloop.errors import Invalid
from activeloop.flows import assigning, status
from activeloop.flows import projects as making
from activeloop.spec import DEFAULT_STRATEGY, ProjectSpec, parse_spec, read_spec
from web.auth import role
from web.context import account, services
from web.problems import status_of

WHOLE = ("batch_size", "answers_per_sample", "retrain.every")
FIELDS = ("name", "kind", "answer", "model.recipe", "strategy.name", "audit_share", *WHOLE)
"""The form's fields, named as in the spec; a dot steps into a part."""


def install(pages: Blueprint) -> None:
    """Add the routes."""
    pages.add_url_rule("/", "projects", projects)
    pages.add_url_rule("/projects/new", "new_project", new_project)
    pages.add_url_rule("/projects/new", "make_project", make_project, methods=["POST"])


@role("annotator")
def projects() -> str:
    """List the projects with what each is at."""
    with services().read() as session:
        reports = [status.report(session, each) for each in assigning.visible(session, account())]
    left = (r for r in reports if r["counts"]["labelled"] < r["counts"]["samples"])
    begin = next((r["project"]["id"] for r in left), None)
    return render_template("projects.html", reports=reports, begin=begin)


@role("engineer")
def new_project() -> str:
    """Show the form, filled with the defaults."""
    return _form(_defaults(), None)


@role("engineer")
def make_project() -> AnyResponse | tuple[AnyResponse | str, int]:
    """Make the project, then go on to its data.

    A script gets JSON: where the project is, or a problem naming each field.
    """
    try:
        spec = _wanted()
        with services().write() as session:
            made = making.create(session, spec, user_id=account().id)
            made_id = made.id
    except Invalid as error:
        if _script():
            raise
        return _form(dict(request.form), error), status_of(error)
    if not _script():
        return redirect(url_for("pages.data", project_id=made_id))
    return jsonify(
        id=made_id,
        imports=f"/api/v1/projects/{made_id}/imports",
        data=url_for("pages.data", project_id=made_id),
        loop=url_for("pages.loop", project_id=made_id),
    ), 201


def _script() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def _wanted() -> ProjectSpec:
    """Read the spec from the form: the text when there is one, else the fields."""
    text = request.form.get("spec", "").strip()
    if text:
        return read_spec(text)
    classes = [line.strip() for line in request.form.get("classes", "").splitlines()]
    values: dict[str, Any] = {"classes": [name for name in classes if name]}
    for field in FIELDS:
        given = request.form.get(field, "").strip()
        if given or field in ("name", "kind"):
            _put(values, field, given)
    if values.get("answer") == "several" and _untouched(values):
        del values["strategy"]
    return parse_spec(values)


def _untouched(values: dict[str, Any]) -> bool:
    """Tell whether the strategy is what the form was filled with, which is for one label."""
    return bool(values.get("strategy") == {"name": DEFAULT_STRATEGY["one"]})


def _put(values: dict[str, Any], field: str, given: str) -> None:
    *parts, last = field.split(".")
    for part in parts:
        values = values.setdefault(part, {})
    values[last] = given


def _defaults() -> dict[str, str]:
    found = {"kind": "text"}
    for field in FIELDS[2:]:
        found[field] = str(_default(ProjectSpec, field.split(".")))
    return found


def _default(part: type[BaseModel], path: list[str]) -> Any:
    field = part.model_fields[path[0]]
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return ""
    return value if len(path) == 1 else getattr(value, path[1])


def _form(values: dict[str, str], error: Invalid | None) -> str:
    wrong = (
        {each.where: f"{each.problem} {each.remedy}".strip() for each in error.problems}
        if error
        else {}
    )
    return render_template(
        "new_project.html", values=values, wrong=wrong, message=error.message if error else ""
    )
