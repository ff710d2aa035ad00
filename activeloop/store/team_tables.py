"""The tables of people working together: gold, reviews, label sets, guidelines, assignments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from activeloop.store.columns import BIG, DOCUMENT, document, key, only, part_of, to, when


def _names() -> Any:
    return Field(default_factory=list, sa_column=Column(DOCUMENT, nullable=False))


class Gold(SQLModel, table=True):
    """A sample whose label is known beforehand; mixed in unseen to score annotators."""

    __table_args__ = (Index("gold_of_project", "project_id", "sample_id"),)
    sample_id: int = part_of("sample.id")
    project_id: int = to("project.id")
    label: str
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()


class Review(SQLModel, table=True):
    """A sample that a reviewer should look at.

    `reason` is disagreement, suspected (a likely label error), flag or asked; `state` is open, done
    or dismissed; `label_id` the decision it ended with.
    """

    __table_args__ = (
        Index("review_once", "sample_id", "reason", unique=True, **only("state = 'open'")),
        Index("review_queue", "project_id", "id", **only("state = 'open'")),
        Index("review_of_sample", "sample_id"),
    )
    id: int = key()
    project_id: int = to("project.id")
    sample_id: int = to("sample.id")
    reason: str
    detail: dict[str, Any] = document()
    state: str = "open"
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()
    closed_by: int | None = Field(default=None, sa_column=Column(BIG))
    closed_at: datetime | None = when(nullable=True)
    label_id: int | None = Field(default=None, sa_column=Column(BIG))


class ClassChange(SQLModel, table=True):
    """A change of a project's label set: rename, merge, split, add or retire.

    `number` is its place in the project's sequence of events: the value of every label event with a
    lower number is carried through `mapping` (old name to new name, or to null: void).
    """

    __tablename__ = "class_change"
    __table_args__ = (UniqueConstraint("project_id", "number"),)
    id: int = key()
    project_id: int = to("project.id")
    number: int
    kind: str
    mapping: dict[str, Any] = document()
    before: list[str] = _names()
    after: list[str] = _names()
    touched: int = 0
    requeued: int = 0
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()


class Guideline(SQLModel, table=True):
    """A version of a project's guidelines, in Markdown."""

    __table_args__ = (UniqueConstraint("project_id", "number"),)
    id: int = key()
    project_id: int = to("project.id")
    number: int
    text: str
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()


class GuidelineSeen(SQLModel, table=True):
    """The newest version of the guidelines that a person has seen."""

    __tablename__ = "guideline_seen"
    project_id: int = part_of("project.id")
    user_id: int = part_of("user_account.id")
    number: int


class Assignment(SQLModel, table=True):
    """A person who labels a project; a project that has none is open to all annotators."""

    project_id: int = part_of("project.id")
    user_id: int = part_of("user_account.id")


class Report(SQLModel, table=True):
    """The newest result of a computation over a project, and through which event it looked."""

    __table_args__ = (UniqueConstraint("project_id", "kind"),)
    id: int = key()
    project_id: int = to("project.id")
    kind: str
    events: int
    body: dict[str, Any] = document()
    created_at: datetime = when()
