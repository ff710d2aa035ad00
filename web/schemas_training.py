"""The shapes of what makes a project train."""

from __future__ import annotations

from typing import Any, Literal

from web.schemas import _Given


class Trigger(_Given):
    """One thing that asks for a run, and how far it is."""

    name: Literal["labels", "schedule", "drift", "drop", "classes"]
    on: bool
    says: str


class Triggers(_Given):
    """All of them; `next` are the next times of the schedule, `retrain` is the spec's part."""

    retrain: dict[str, Any]
    recipe: str
    triggers: list[Trigger]
    next: list[str]
