"""The shapes of the evaluation of a version, as they cross the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from activeloop.spec import MAX_NAME
from web.schemas import _Given

Name = Annotated[str, Field(max_length=MAX_NAME)]


class Evaluation(_Given):
    """The newest evaluation of a version; every figure has its 95 % interval.

    `report` is null before the first one; `behind` counts the events since it was made. In it,
    `figures`, `confusion`, `by_class`, `reliability`, `slices` and `fairness` are on audit labels
    only; `queried` is biased, and says so; `lure` is that with the choice weighed out, or why not.
    """

    version: int
    made_at: datetime | None
    events: int
    behind: int
    report: dict[str, Any] | None


class EvaluationAsked(_Given):
    """An evaluation is asked for; it replaces the last one when it is done."""

    asked: bool


class CellQuery(BaseModel):
    """A cell of the confusion matrix."""

    model_config = ConfigDict(extra="ignore")

    true: Name = Field("", description="The class people gave; of several labels, empty: not it.")
    predicted: Name = Field(
        "", description="The class the version says; of several labels, empty: not it."
    )


class Cell(_Given):
    """The audit samples behind a cell, by their place in the pool, at most 200 of `total`."""

    version: int
    true: str
    predicted: str
    total: int
    samples: list[dict[str, Any]]
