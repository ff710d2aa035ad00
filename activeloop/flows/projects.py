"""Make projects and find them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from activeloop.errors import Conflict, Invalid, NotFound, Problem
from activeloop.spec import Answer, ProjectSpec, parse_spec
from activeloop.store import db, projects, trail
from activeloop.store.db import Session
from activeloop.store.tables import Project

BIGGEST_ID = 2**63 - 1


def create(
    session: Session, spec: ProjectSpec, *, user_id: int | None = None, audit_key: str = ""
) -> Project:
    """Make a project from its spec.

    `audit_key` is for simulations, whose audit stratum must come out the same again.

    Raises:
        Invalid: when the spec names a strategy, recipe or parameter that does not exist.
        Conflict: when the name is taken.
    """
    check(spec)
    if projects.by_name(session, spec.name) is not None:
        raise Conflict(f"There is already a project named {spec.name!r}; choose another name.")
    now = db.now(session)
    project = projects.add(
        session,
        name=spec.name,
        kind=spec.kind,
        spec=spec.dump(),
        now=now,
        audit_key=audit_key,
    )
    trail.note(session, "project.created", project_id=project.id, user_id=user_id, now=now)
    return project


def check(spec: ProjectSpec) -> None:
    """Make sure that everything a spec names exists, so that it fails now and not when training.

    Raises:
        Invalid: naming the field.
    """
    from activeloop.learn import features, recipes, strategies

    with _at("strategy"):
        chosen = strategies.get(spec.strategy.name)
        _suits(spec, f"strategy {chosen.name!r}", chosen.answers, strategies.meant_for)
        chosen.settle(spec.strategy.params)
    with _at("strategy.cold_start"):
        cold = strategies.get(spec.strategy.cold_start)
        _suits(spec, f"strategy {cold.name!r}", cold.answers, strategies.meant_for)
        if "model" in cold.needs:
            raise Invalid(f"{cold.name!r} needs a model; 'typiclust' and 'random' do not.")
    with _at("model"):
        recipe = recipes.get(spec.model.recipe, spec.model.params)
        _suits(spec, f"recipe {recipe.name!r}", recipes.learns(recipe), recipes.learners)
    recipes.check_mode(recipe, spec.retrain.mode)
    with _at("features"):
        features.make(spec.features, spec.kind)


def _suits(
    spec: ProjectSpec,
    what: str,
    answers: Sequence[Answer],
    suitable: Callable[[Answer], list[str]],
) -> None:
    if spec.answer not in answers:
        found = "one label" if "one" in answers else "several labels"
        wanted = "several labels" if spec.answer == "several" else "one label"
        known = ", ".join(suitable(spec.answer))
        raise Invalid(
            f"The {what} is for {found} per sample, and this project asks for {wanted}. "
            f"Choose one of: {known}."
        )


@contextmanager
def _at(where: str) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        if error.problems:
            raise
        raise Invalid(error.message, problems=[Problem(where, error.message)]) from error


def find(session: Session, ref: str | int) -> Project:
    """Find a project by its number or its name.

    Raises:
        NotFound: when there is none.
    """
    text = str(ref)
    found = None
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= BIGGEST_ID:
        found = projects.by_id(session, int(text))
    if found is None and "\x00" not in text:
        found = projects.by_name(session, text)
    if found is None:
        raise NotFound(f"There is no project {text!r}.")
    return found


def all_(session: Session) -> list[Project]:
    """List the projects, oldest first."""
    return projects.all_(session)


def spec_of(project: Project) -> ProjectSpec:
    """Read a project's spec back."""
    return _read(json.dumps(project.spec))


@lru_cache(maxsize=64)
def _read(written: str) -> ProjectSpec:
    # checking a spec takes longer than recording an answer
    return parse_spec(json.loads(written))


def as_json(project: Project) -> dict[str, Any]:
    """Give what the API and the pages show of a project."""
    return {
        "id": project.id,
        "name": project.name,
        "kind": project.kind,
        "classes": project.spec["classes"],
        "spec": project.spec,
        "created_at": project.created_at,
    }
