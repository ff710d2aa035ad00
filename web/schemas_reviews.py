"""The shapes of reviews, gold samples and assignments, as they cross the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from activeloop.spec import MAX_CLASSES, MAX_NAME
from web.schemas import Whole, _Asked, _Given

Note = Annotated[str, Field(max_length=2000)]


class ReviewQuery(_Given):
    """Which open reviews to list: those after review `after`, for one reason or all."""

    reason: Literal["disagreement", "suspected", "flag", "asked"] | None = None
    after: Whole = 0
    count: Annotated[int, Field(ge=1, le=100)] = 50


class Review(_Given):
    """A sample that somebody should look at, and why."""

    id: int
    sample_id: int
    reason: str
    detail: dict[str, Any]
    state: Literal["open", "done", "dismissed"]
    created_at: datetime


class Reviews(_Given):
    """Open reviews, oldest first, and how many there are by reason."""

    counts: dict[str, int]
    reviews: list[Review]


class ReviewShown(Review):
    """A review with its sample, what was said of it, and what the model thinks."""

    sample: dict[str, Any]
    said: list[dict[str, Any]]
    consensus: dict[str, Any]
    model: dict[str, Any] | None
    sentence: str


class ReviewAnswer(_Asked):
    """The label a reviewer decides on: `label`, or where there may be several, `labels`."""

    label: Annotated[str, Field(max_length=MAX_NAME)] | None = None
    labels: (
        Annotated[list[Annotated[str, Field(max_length=MAX_NAME)]], Field(max_length=MAX_CLASSES)]
        | None
    ) = None


class Ruling(_Asked):
    """Exactly one of `answer`, `dismiss: true` and `again: true`."""

    answer: ReviewAnswer | None = None
    dismiss: bool = False
    again: bool = False
    note: Note = ""
    key: Annotated[str, Field(min_length=1, max_length=200)]


class SamplesToReview(_Asked):
    """Samples that a reviewer should look at."""

    sample_ids: Annotated[list[Whole], Field(min_length=1, max_length=1000)]
    note: Note = ""


class SentToReview(_Given):
    """How many samples were sent."""

    sent: int


class GoldQuery(_Given):
    """Which gold samples to list: those after sample `after`."""

    after: Whole = 0
    count: Annotated[int, Field(ge=1, le=200)] = 50


class GoldSamples(_Given):
    """Gold samples, each with how often it was answered right, and by whom wrongly."""

    total: int
    gold: list[dict[str, Any]]


class NewGold(_Asked):
    """Samples to be gold, by name or as many as people agree on.

    Either `sample_ids`, with `label` (or `labels`) or else with the label each has; or `agreed_by`,
    for up to `most` samples on which at least so many people agree, all of them.
    """

    sample_ids: Annotated[list[Whole], Field(max_length=1000)] = Field(default_factory=list)
    label: Annotated[str, Field(max_length=MAX_NAME)] | None = None
    labels: (
        Annotated[list[Annotated[str, Field(max_length=MAX_NAME)]], Field(max_length=MAX_CLASSES)]
        | None
    ) = None
    agreed_by: Annotated[int, Field(ge=2, le=25)] | None = None
    most: Annotated[int, Field(ge=1, le=1000)] = 100


class GoldMarked(_Given):
    """How many samples were made gold."""

    marked: int


class Assigned(_Given):
    """Who labels a project: everybody while it is open, else these."""

    open: bool
    users: list[str]
    others: list[str]


class Assignment(_Asked):
    """Who shall label a project; nobody named: every annotator."""

    users: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=1000)]
