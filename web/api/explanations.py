"""Explanations: why this label, why this sample was asked, what a version looks at."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import asked_because, explaining, explaining_versions
from web import schemas_explanations as shapes
from web.context import services
from web.routing import Routes

routes = Routes(Blueprint("explanations", __name__))


@routes.get(
    "/projects/{p}/samples/{sample_id}/explanation",
    role="reviewer",
    query=shapes.ExplanationQuery,
    gives=shapes.Explanation,
)
def of_sample(p: str, sample_id: int, query: shapes.ExplanationQuery) -> dict[str, Any]:
    """Take the score of a class apart: what each word, region or column of the sample adds."""
    told = explaining.of_sample(services(), p, sample_id, number=query.version, name=query.class_)
    return told | {"asked": asked_because.of_sample(services(), p, sample_id)}


@routes.get(
    "/projects/{p}/versions/{number}/explanation",
    role="reviewer",
    gives=shapes.VersionExplanation,
)
def of_version(p: str, number: int) -> dict[str, Any]:
    """Tell what a version looks at overall; computed at the first asking, and kept."""
    return explaining_versions.of_version(services(), p, number)
