"""The shapes of explanations, as they cross the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from activeloop.spec import MAX_NAME
from web.schemas import Whole, _Given


class ExplanationQuery(BaseModel):
    """Which version explains which class."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    version: Whole | None = Field(None, description="Its number; the champion, if not said.")
    class_: Annotated[str, Field(max_length=MAX_NAME)] | None = Field(
        None,
        alias="class",
        description="As it is called today, or as the version calls it; the likeliest, if not "
        "said.",
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_nothing(cls, values: Any) -> Any:
        """Take the fields of a form that were left empty as not given."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if value not in ("", None)}


class Explanation(_Given):
    """Why a version gives a sample its label, and why the sample was asked.

    `because` says why there is nothing to show; when it is empty, `base` and all that is `given`
    add up to `score`.
    """

    version: dict[str, Any] | None
    because: str
    asked: dict[str, Any]
    score: float | None = None
    base: float | None = None


class VersionExplanation(_Given):
    """What a version looks at; `because` says why there is nothing to show."""

    version: int
    kind: str
    because: str
    classes: list[dict[str, Any]]
