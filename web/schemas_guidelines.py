"""The shapes of guidelines and of changes of the classes, as they cross the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from activeloop.flows.class_plans import Kind
from activeloop.spec import MAX_CLASSES, MAX_NAME, ClassDetail
from web.schemas import Whole, _Asked, _Given

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Names = Annotated[list[Name], Field(max_length=MAX_CLASSES)]


class Guidelines(_Given):
    """The guidelines that hold now; `changed` is what is new since one last saw them, as HTML."""

    number: int
    html: str
    text: str
    seen: int | None
    changed: str | None


class GuidelinesText(_Asked):
    """A new version, in Markdown; `seen` is the version that was edited."""

    text: Annotated[str, Field(max_length=100_000)]
    seen: Whole | None = None


class GuidelinesSeen(_Asked):
    """The version that one has read."""

    number: Whole


class GuidelineVersions(_Given):
    """All versions, newest first, each with how it differs from the one before."""

    versions: list[dict[str, Any]]


class ClassChange(_Asked):
    """What changes: `classes` become `into`.

    One becomes one for rename, some become one for merge, one becomes some for split; add has only
    `into` and retire only `classes`. `details` tell of the new ones.
    """

    kind: Kind
    classes: Names = Field(default_factory=list)
    into: Names = Field(default_factory=list)
    details: dict[Name, ClassDetail] = Field(default_factory=dict)


class LabelSetChange(_Asked):
    """A change of the classes; with `preview` nothing is changed.

    `seen` is the number of the last change one knows of: a later one refuses this.
    """

    change: ClassChange
    preview: bool = False
    seen: Whole | None = None


class LabelSetEffect(_Given):
    """What a change touches, or has touched."""

    kind: Literal["rename", "merge", "split", "add", "retire"]
    sentence: str
    before: list[str]
    after: list[str]
    samples: int
    relabelled: int
    requeued: int
    seen: int


class LabelSet(_Given):
    """The classes, what annotators are told of them, and the changes so far, newest first."""

    classes: list[str]
    details: dict[str, Any]
    seen: int
    history: list[dict[str, Any]]


class ClassDetails(_Asked):
    """What annotators are told, by class; classes that are not named stay as they are."""

    details: dict[Name, ClassDetail]
